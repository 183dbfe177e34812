// Operations along axes of tensors of any strides.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("rowwise: any axes of any view") {
  const Tensor x = arange(120).reshape({2, 3, 4, 5}).to(f32);
  for (const Tensor& view : {x, x.permute({3, 1, 0, 2}), x.slice(3, 0, kEnd, 2), x.transpose(1, 2)}) {
    const Tensor dense = view.contiguous();
    for (const std::vector<int64_t>& axes :
         std::vector<std::vector<int64_t>>{{0}, {1}, {3}, {0, 1}, {2, 3}, {0, 2}, {1, 3}, {0, 1, 2, 3}}) {
      CHECK(equal(view.sum(axes), dense.sum(axes)));
      CHECK(equal(view.amax(axes, true), dense.amax(axes, true)));
      // Sums of small integers are exact in any order.
      Tensor by_steps = dense;
      for (size_t i = axes.size(); i-- > 0;) by_steps = by_steps.sum(axes[i]);
      CHECK(equal(view.sum(axes), by_steps));
    }
    for (int64_t axis : {0, 1, 2, 3}) CHECK(allclose(softmax(view, axis), softmax(dense, axis)));
  }
}

TEST_CASE("rowwise: sizes compile nothing once the kernel is there") {
  auto run = [](int64_t n) {
    const Tensor x = zeros({n, n + 1});
    softmax(x, 1);
    x.sum(0);
    x.var(1);
    matmul(x, zeros({n + 1, n + 9}));
  };
  run(20);
  const uint64_t before = stats().kernels_compiled;
  for (int64_t n = 21; n < 60; ++n) run(n);
  CHECK(stats().kernels_compiled == before);
}

TEST_CASE("rowwise: a reduction has the launches that its size asks for, and the same bits") {
  manual_seed(4);
  const auto check = [](const Tensor& x, int64_t axis, uint64_t launches) {
    const auto f = [&](const Tensor& t) { return t.norm(3, axis); };
    const uint64_t before = stats().launches;
    const Tensor eager = f(x);
    CHECK(stats().launches == before + launches);
    CHECK(equal(compile(f)(x), eager));
  };
  for (int64_t n : {1, 4095, 4096, 4097, 9000})
    for (int64_t rows : {1, 3, 40}) check(randn({rows, n}), 1, n > 4096 && rows < 32 ? 2 : 1);
  for (int64_t n : {1, 255, 256, 257, 600})
    for (int64_t columns : {3, 100}) check(randn({n, columns}), 0, n > 256 ? 2 : 1);
  CHECK(equal(zeros({3, 0}).norm(3, 1), zeros({3})));
  CHECK(equal(zeros({0, 3}).norm(3, 0), zeros({3})));
}

TEST_CASE("rowwise: within one chunk a reduction is one kernel") {
  const Tensor x = ones({40, 50}, f64);
  const uint64_t before = stats().kernels_compiled;
  x.norm(2.5, 1);
  CHECK(stats().kernels_compiled == before + 1);
}

TEST_CASE("rowwise: compiled is eager") {
  manual_seed(3);
  const Tensor x = randn({4, 6, 5});
  auto check = [&](auto f) { CHECK(allclose(compile(f)(x), f(x))); };
  check([](Tensor t) { return softmax(t, 1); });
  check([](Tensor t) { return log_softmax(t, -1); });
  check([](Tensor t) { return t.var({0, 2}, 1, true); });
  check([](Tensor t) { return t.norm(2, 1); });
  check([](Tensor t) { return t.max(2).values; });
  check([](Tensor t) { return t.max(2).indices; });
  check([](Tensor t) { return t.argmin(); });
}
