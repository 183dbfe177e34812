// The programs of PyTorch's introductions, as C++: gradients (G1 to G7).
#include "tests/frontend/support.h"

#include <cmath>
#include <iostream>
#include <sstream>

using namespace ogee;
using ogee::tests::text;
using namespace std;

TEST_CASE("G1 the gradient of a number") {
  Tensor w = tensor(2.0).requires_grad_();
  Tensor y = pow(w, 2);
  Tensor z = 2 * y + 5;
  z.backward();
  CHECK(text(w.grad()) == "tensor(8.)");
}

TEST_CASE("G2 polynomials") {
  Tensor x = tensor(2.0).requires_grad_();
  (pow(x, 2) + 3 * x + 1).backward();
  CHECK(text(x.grad()) == "tensor(7.)");
  x.set_grad({});
  pow(x, 3).backward();
  CHECK(text(x.grad()) == "tensor(12.)");
}

TEST_CASE("G3 a branch") {
  for (auto [at, expected] : {pair(2.0, "tensor(4.)"), pair(-2.0, "tensor(12.)")}) {
    Tensor x = tensor(at).requires_grad_();
    Tensor y = x > 0 ? pow(x, 2) : pow(x, 3);
    y.backward();
    CHECK(text(x.grad()) == expected);
  }
}

TEST_CASE("G3 a branch on a value, through cond") {
  auto f = [](Tensor x) { return cond(x > 0, [&] { return pow(x, 2); }, [&] { return pow(x, 3); }); };
  CHECK(f(tensor(2.0)).item() == 4);
  CHECK(f(tensor(-2.0)).item() == -8);
  CHECK(compile(f)(tensor(-2.0)).item() == -8);
  CHECK(grad(f)(tensor(2.0)).item() == 4);
  CHECK(grad(f)(tensor(-2.0)).item() == 12);
  auto g = compile(grad(f));
  CHECK(g(tensor(2.0)).item() == 4);
  CHECK(g(tensor(-2.0)).item() == 12);
}

TEST_CASE("G4 a loop over coins") {
  const vector<bool> coins{true, false, false, true, false, true, false, false, true, true};
  const Tensor start = tensor(0.5).requires_grad_();
  Tensor x = start;
  for (bool c : coins) x = c ? relu(x) : tanh(x);
  x.backward();
  CHECK(abs(x.item() - 0.367716) < 1e-6);
  CHECK(abs(start.grad().item() - 0.393004) < 1e-6);
}

TEST_CASE("G5 three arguments") {
  Tensor x = tensor(2.0).requires_grad_(), y = tensor(3.0).requires_grad_(), w = tensor(4.0).requires_grad_();
  Tensor z = (x + y) * w;
  z.backward();
  CHECK(text(x.grad()) == "tensor(4.)");
  CHECK(text(y.grad()) == "tensor(4.)");
  CHECK(text(w.grad()) == "tensor(5.)");
}

TEST_CASE("G6 what is printed") {
  Tensor x = tensor({1.0, 2.0}).requires_grad_();
  CHECK(text(x) == "tensor([1., 2.], requires_grad=True)");
  CHECK(text(x + 1) == "tensor([2., 3.], grad_fn=<AddBackward>)");
}

TEST_CASE("G7 linear regression") {
  manual_seed(0);
  const Tensor x = tensor({{1.0, 2.0}}), y = tensor({{5.0}});
  Tensor weight = randn({2, 1}).requires_grad_(), bias = randn({1}).requires_grad_();
  optim::SGD sgd({weight, bias}, {.lr = 0.01});
  auto step = [&](Tensor x, Tensor y) {
    sgd.zero_grad();
    Tensor loss = mse_loss(matmul(x, weight) + bias, y);
    loss.backward();
    sgd.step();
    return loss;
  };
  auto compiled = compile(step);
  double last = step(x, y).item();
  for (int i = 0; i < 10; ++i) {
    const double loss = compiled(x, y).item();
    CHECK(abs(loss / last - 0.7744) < 1e-3);
    last = loss;
  }
  CHECK(compiled.stats().compiles == 1);
}
