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
