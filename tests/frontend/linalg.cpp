// Matrix products in all ranks.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

namespace {

/// The product by sums, for operands of rank 2.
Tensor by_sums(const Tensor& a, const Tensor& b) { return (a.unsqueeze(2) * b.unsqueeze(0)).sum(1); }

} // namespace

TEST_CASE("linalg: stacks of matrices go the short way and give the same") {
  const Tensor a = arange(24.0).reshape({2, 3, 4}), b = arange(40.0).reshape({2, 4, 5}),
               w = arange(20.0).reshape({4, 5});
  for (int i = 0; i < 2; ++i) {
    CHECK(equal(matmul(a, b)[i], matmul(a[i], b[i])));
    CHECK(equal(matmul(a, w)[i], matmul(a[i], w)));
    CHECK(equal(matmul(a.transpose(1, 2).contiguous().transpose(1, 2), w)[i], matmul(a[i], w)));
  }
  CHECK(matmul(zeros({0, 3, 4}), w).shape() == Shape{0, 3, 5});
  CHECK(equal(matmul(zeros({2, 3, 0}), zeros({0, 5})), zeros({2, 3, 5})));
  CHECK(contains(error_of([&] { matmul(a, b[0].t()); }), "matmul: inner sizes differ: [2, 3, 4] x [5, 4]"));
}

TEST_CASE("linalg: matrices of many sizes, and strided ones") {
  manual_seed(1);
  for (auto [m, k, n] : {std::tuple(1, 1, 1), {3, 5, 7}, {1, 64, 33}, {65, 17, 1}, {16, 100, 70}, {8, 1, 9}}) {
    const Tensor a = randn({m, k}), b = randn({k, n});
    CHECK(allclose(matmul(a, b), by_sums(a, b), 1e-4, 1e-4));
    const Tensor at = a.t().contiguous().t(), bt = b.t().contiguous().t();
    CHECK(allclose(matmul(at, bt), by_sums(a, b), 1e-4, 1e-4));
  }
  const Tensor wide = randn({6, 20});
  CHECK(allclose(matmul(wide.slice(1, 0, kEnd, 2), ones({10, 3})), by_sums(wide.slice(1, 0, kEnd, 2), ones({10, 3})),
                 1e-4, 1e-4));
}

TEST_CASE("linalg: ranks") {
  const Tensor v = tensor({1.0, 2.0, 3.0}), m = arange(6).reshape({3, 2}).to(f32);
  CHECK(text(matmul(v, v)) == "tensor(14.)");
  CHECK(text(dot(v, v)) == "tensor(14.)");
  CHECK(text(matmul(v, m)) == "tensor([16., 22.])");
  CHECK(text(matmul(m.t(), v)) == "tensor([16., 22.])");
  const Tensor batch = arange(24).reshape({2, 3, 4}).to(f32);
  CHECK(matmul(batch, ones({4, 5})).shape() == Shape{2, 3, 5});
  CHECK(matmul(batch, ones({4})).shape() == Shape{2, 3});
  CHECK(matmul(ones({3}), batch).shape() == Shape{2, 4});
  CHECK(matmul(ones({5, 1, 7, 3}), batch).shape() == Shape{5, 2, 7, 4});
  CHECK(equal(matmul(batch, batch.transpose(1, 2))[1], matmul(batch[1], batch[1].t())));
  CHECK(text(matmul(zeros({2, 0}), zeros({0, 2}))) == "tensor([[0., 0.],\n        [0., 0.]])");
}

TEST_CASE("linalg: integers") {
  CHECK(text(matmul(tensor({{1, 2}, {3, 4}}), tensor({{5, 6}, {7, 8}}))) == "tensor([[19, 22],\n        [43, 50]])");
}

TEST_CASE("linalg: compiled products are those of eager code in every rank") {
  manual_seed(2);
  const std::vector<std::pair<Shape, Shape>> cases = {
      {{3}, {3}},          {{2, 3}, {3}},          {{3}, {3, 4}},    {{2, 3}, {3, 4}},
      {{5, 2, 3}, {3, 4}}, {{5, 2, 3}, {5, 3, 4}}, {{3}, {5, 3, 4}}, {{5, 1, 2, 3}, {6, 3, 4}}};
  for (const auto& [left, right] : cases) {
    const Tensor a = randn(left), b = randn(right);
    CHECK(allclose(compile([](Tensor x, Tensor y) { return matmul(x, y); })(a, b), matmul(a, b), 1e-5, 1e-5));
  }
}

TEST_CASE("linalg: errors of matrix products") {
  CHECK(
      contains(error_of([] { matmul(zeros({2, 3}), zeros({2, 3})); }), "matmul: inner sizes differ: [2, 3] x [2, 3]"));
  CHECK(contains(error_of([] { matmul(zeros({2}), zeros({})); }), "matmul: needs at least one axis: [2] x []"));
  CHECK(contains(error_of([] { matmul(zeros({2}), zeros({2}, f64)); }), "matmul: dtypes differ: f32 x f64"));
  CHECK(contains(error_of([] { dot(zeros({2, 2}), zeros({2})); }), "dot: needs two vectors: [2, 2] x [2]"));
  CHECK(contains(error_of([] { matmul(zeros({2, 1, 3}), zeros({3, 3, 2})); }), "matmul: "));
}
