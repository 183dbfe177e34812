// Reductions: values, dtypes, empty axes, errors.
#include "tests/frontend/support.h"

#include <cmath>

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("reduction: values") {
  const Tensor x = tensor({{1.0, 2.0, 3.0}, {4.0, 5.0, 9.0}});
  CHECK(text(x.sum(0)) == "tensor([ 5.,  7., 12.])");
  CHECK(text(x.mean(1, true)) == "tensor([[2.],\n        [6.]])");
  CHECK(text(x.prod(1)) == "tensor([  6., 180.])");
  CHECK(text(x.var(1)) == "tensor([1., 7.])");
  CHECK(text(x.var(1, 0)) == "tensor([0.6667, 4.6667])");
  CHECK(text(ogee::std(x, 1)) == "tensor([1.0000, 2.6458])");
  CHECK(text(x.amax(0)) == "tensor([4., 5., 9.])");
  CHECK(text(x.amin({0, 1})) == "tensor(1.)");
  CHECK(text(x.argmax()) == "tensor(5)");
  CHECK(text(x.argmin(1)) == "tensor([0, 0])");
  CHECK(text((x > 2).any(1)) == "tensor([True, True])");
  CHECK(text((x > 2).all(1)) == "tensor([False,  True])");
  CHECK(text(norm(tensor({3.0, 4.0}))) == "tensor(5.)");
  CHECK(text(norm(tensor({3.0, -4.0}), 1)) == "tensor(7.)");
  CHECK(text(norm(tensor({3.0, -4.0}), INFINITY)) == "tensor(4.)");
  CHECK(text(norm(tensor({3.0, 0.0}), 0)) == "tensor(1.)");
  CHECK(near(norm(tensor({1.0, 2.0}), 3).item(), std::cbrt(9.0)));
  CHECK(text(softmax(zeros({1, 4}), 1)) == "tensor([[0.2500, 0.2500, 0.2500, 0.2500]])");
  CHECK(text(logsumexp(zeros({2, 4}), 1)) == "tensor([1.3863, 1.3863])");
  CHECK(text(log_softmax(zeros({1, 4}), 1)) == "tensor([[-1.3863, -1.3863, -1.3863, -1.3863]])");
  CHECK(logsumexp(tensor({-INFINITY, -INFINITY}), 0).item() == -INFINITY);
  auto [values, indices] = x.min(0);
  CHECK(text(values) == "tensor([1., 2., 3.])");
  CHECK(text(indices) == "tensor([0, 0, 0])");
}

TEST_CASE("reduction: positions: the first of equals, NaN before all, over ends of lanes and chunks") {
  const auto check = [](std::vector<float> values, int64_t largest, int64_t smallest) {
    const Tensor x = tensor(values), column = x.reshape({-1, 1}).expand({static_cast<int64_t>(values.size()), 5});
    for (const Tensor& y : {x, x.to(f64)}) {
      CHECK(y.argmax().item<int64_t>() == largest);
      CHECK(y.argmin().item<int64_t>() == smallest);
      CHECK(y.max(0).indices.item<int64_t>() == largest);
    }
    CHECK(column.contiguous().argmax(0)[4].item<int64_t>() == largest);
    CHECK(column.contiguous().argmin(0)[4].item<int64_t>() == smallest);
  };
  for (size_t size : {1, 5, 16, 17, 40, 300, 4096, 4097, 9001}) {
    INFO(size);
    const size_t last = size - 1, half = size / 2;
    const auto set = [&](std::vector<float> values, std::initializer_list<std::pair<size_t, float>> changes) {
      for (auto [at, value] : changes) values[at] = value;
      return values;
    };
    const std::vector<float> zeros(size, 0), lowest(size, -INFINITY), highest(size, INFINITY);
    const auto at = [](size_t i) { return static_cast<int64_t>(i); };
    check(lowest, 0, 0);
    check(highest, 0, 0);
    check(set(zeros, {{last, -0.0f}}), 0, 0);
    check(std::vector<float>(size, -0.0f), 0, 0);
    check(set(zeros, {{half, 2.f}, {last, 2.f}}), at(half), 0);
    check(set(lowest, {{last, -1e30f}}), at(last), 0);
    check(set(highest, {{last, -1e30f}}), 0, at(last));
    check(set(highest, {{half, NAN}, {last, NAN}}), at(half), at(half));
    check(set(lowest, {{half, -NAN}}), at(half), at(half));
  }
  std::vector<int64_t> numbers(5000, INT64_MIN);
  CHECK(tensor(numbers).argmax().item<int>() == 0);
  numbers[4999] = INT64_MAX;
  CHECK(tensor(numbers).argmax().item<int>() == 4999);
  CHECK(tensor(numbers).argmin().item<int>() == 0);
  CHECK(tensor(std::vector<int64_t>(5000, INT64_MAX)).argmin().item<int>() == 0);
}

TEST_CASE("reduction: dtypes") {
  CHECK(tensor({1, 2}, i32).sum().dtype() == i64);
  CHECK(tensor({true, true}).sum().item<int>() == 2);
  CHECK(tensor({1, 2}).mean().dtype() == f32);
  CHECK(tensor({1, 2}, i32).amax().dtype() == i32);
  CHECK(tensor({true, false}).max().item<bool>());
  CHECK(tensor({1.0}, f64).softmax(0).dtype() == f64);
}

TEST_CASE("reduction: nothing to reduce") {
  CHECK(text(zeros({0}).sum()) == "tensor(0.)");
  CHECK(text(zeros({2, 0}).prod(1)) == "tensor([1., 1.])");
  CHECK(text(isnan(zeros({0}).mean())) == "tensor(True)");
  CHECK(zeros({0, 3}).sum(1).shape() == Shape{0});
  CHECK(contains(error_of([] { zeros({2, 0}).amax(1); }), "amax: axis 1 of shape [2, 0] has no elements"));
  CHECK(contains(error_of([] { zeros({0}).argmax(); }), "argmax: "));
}

TEST_CASE("reduction: rank 0 and single elements") {
  CHECK(text(tensor(3.0).sum()) == "tensor(3.)");
  CHECK(text(ones({1, 1}).mean(0)) == "tensor([1.])");
  CHECK(text(tensor(3.0).argmax()) == "tensor(0)");
  auto f = [](Tensor x) {
    auto [values, indices] = x.max(-1);
    return std::vector<Tensor>{
        x.sum(0), x.mean(-1),     x.softmax(0), x.log_softmax(-1), x.amax(0, true), x.argmin(-1, true), values,
        indices,  x.logsumexp(0), x.norm(2, 0), x.any(0),          x.squeeze(-1),   x.transpose(0, -1), x.flip(0)};
  };
  const std::vector<Tensor> eager = f(tensor(3.0)), compiled = compile(f)(tensor(3.0));
  for (size_t i = 0; i < eager.size(); ++i) {
    CHECK(eager[i].dim() == 0);
    CHECK(equal(eager[i], compiled[i]));
  }
  CHECK(eager[2].item() == 1);
  CHECK(contains(error_of([] { tensor(3.0).sum(1); }), "sum: axis 1 is out of range"));
  CHECK(contains(error_of([] { tensor(3.0).transpose(0, 1); }), "transpose: axis 1 is out of range"));
  CHECK(contains(error_of([] { tensor(3.0).sum({0, -1}); }), "sum: axis 0 is given twice"));
  CHECK(contains(error_of([] { tensor(3.0).select(0, 0); }), "select: "));
  CHECK(contains(error_of([] { tensor(3.0).split(1); }), "split: axis 0 is out of range"));
}
