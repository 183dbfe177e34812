// Gradients against differences: what is right passes, what is wrong is named.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

namespace {

struct Weights {
  Tensor w, b;
};

Tensor f64s(const Dims& shape) {
  manual_seed(3);
  return randn(shape, f64);
}

} // namespace

TEST_CASE("gradcheck: functions of one tensor, several, a struct, and several results") {
  const Tensor x = f64s({3, 4}), y = f64s({4});
  CHECK(gradcheck([](Tensor x) { return softmax(x, 1); }, x));
  CHECK(gradcheck([](Tensor x) { return tanh(x); }, tensor(0.3, f64)));
  CHECK(gradcheck([](Tensor x, Tensor y) { return matmul(x, y) * y.sum(); }, std::tuple(x, y)));
  CHECK(gradcheck([](Weights p, Tensor x) { return square(tanh(matmul(x, p.w) + p.b)).sum(); },
                  std::tuple(Weights{f64s({4, 2}), f64s({2})}, x)));
  CHECK(gradcheck([](std::vector<Tensor> xs) { return xs[0] * sin(xs[1]); }, std::vector{y, y}));
  CHECK(gradcheck([](Tensor x) { return std::pair(exp(x), x.sum(0)); }, x, {.check_forward_ad = true}));
  CHECK(gradcheck(compile([](Tensor x) { return cos(x); }), x.t()));
  CHECK(gradcheck([](Tensor x) { return x.sum(); }, zeros({0, 3}, f64)));
}

TEST_CASE("gradcheck: what is no float takes no part") {
  const Tensor x = f64s({4}), mask = tensor({true, false, true, true});
  const auto f = [](Tensor x, Tensor mask, float factor) { return std::pair(where(mask, x * factor, 0.0), argmax(x)); };
  CHECK(gradcheck(f, std::tuple(x, mask, 2.0f)));
  CHECK(gradgradcheck(f, std::tuple(x, mask, 2.0f)));
}

TEST_CASE("gradcheck: leaves the inputs as they are") {
  const Tensor x = f64s({3}), copy = x.clone();
  CHECK(gradcheck([](Tensor x) { return exp(x); }, x));
  CHECK(equal(x, copy));
}

TEST_CASE("gradcheck: names the first derivative that differs") {
  const Tensor x = tensor({{1.0, 0.0}, {0.0, -1.0}}, f64); // at a kink differences give the mean of both sides
  const auto f = [](Tensor w, Tensor x) { return std::pair(w.sum(), relu(x)); };
  std::string here = OGEE_HERE, message = error_of([&] { gradcheck(f, std::tuple(tensor(1.0, f64), x)); });
  CHECK(message == "gradcheck: the derivative of result1[0, 1] with respect to arg1[0, 1]: numeric 0.5, traced 0, "
                   "the first of 2 that differ, of 25 at " +
                       here);
  message = error_of([&] { gradcheck(f, std::tuple(tensor(1.0, f64), x[1])); });
  CHECK(contains(message, "the derivative of result1[0] with respect to arg1[0]: numeric 0.5, traced 0 at "));
  CHECK(!gradcheck(f, std::tuple(tensor(1.0, f64), x), {.raise_exception = false}));
  CHECK(gradcheck(f, std::tuple(tensor(1.0, f64), x), {.atol = 0.6}));
  CHECK(contains(
      error_of([] { gradcheck([](Weights p) { return p.w + relu(p.b); }, Weights{f64s({}), zeros({}, f64)}); }),
      "the derivative of result0 with respect to arg0.b: numeric 0.5, traced 0 at "));
}

TEST_CASE("gradcheck: the tape and the trace are checked apart") {
  const auto branches = [](Tensor x) { return x.sum().item() > 1 ? x * x : relu(x); }; // cannot be traced
  const GradcheckOptions tape{.check_traced = false};
  CHECK(gradcheck(branches, f64s({3}), tape));
  CHECK(gradgradcheck(branches, abs(f64s({3})) + 1, tape));
  CHECK(
      contains(error_of([&] { gradcheck(branches, zeros({2}, f64), tape); }),
               "result0[0] with respect to arg0[0]: numeric 0.5, on the tape 0, the first of 2 that differ, of 4 at "));
  int calls = 0; // a gradient that is wrong on the tape alone
  const auto hooked = [&](Tensor x) {
    const Tensor y = x * x;
    if (y.requires_grad() && ++calls) y.register_hook([](const Tensor& gradient) { return gradient * 2; });
    return y;
  };
  CHECK(contains(error_of([&] { gradcheck(hooked, tensor(1.0, f64), {.check_traced = false}); }),
                 "gradcheck: the derivative of result0 with respect to arg0: numeric 2, on the tape 4 at "));
  CHECK(calls == 1);
  CHECK(gradcheck(branches, f64s({3}), {.check_traced = false, .check_tape = false}));
}

TEST_CASE("gradcheck: leaves lie in memory as the inputs do; what needs no gradient stays so") {
  std::vector<int64_t> strides;
  const auto f = [&](Tensor x) {
    if (x.requires_grad() && !x.grad_fn()) strides = {x.stride(0), x.stride(1)};
    return x.t() * x.sum(1);
  };
  const Tensor x = f64s({2, 3});
  const GradcheckOptions tape{.check_traced = false};
  CHECK(gradcheck(f, x.t(), tape));
  CHECK(strides == std::vector<int64_t>{1, 3});
  CHECK(gradgradcheck(f, x.slice(0, 0, 1).expand({3, 3}), tape));
  CHECK(strides == std::vector<int64_t>{0, 1});
  CHECK(!x.requires_grad());
  const NoGradGuard off;
  CHECK(gradcheck([](Tensor x) { return sin(x); }, x.t()));
  CHECK(gradgradcheck([](Tensor x) { return sin(x); }, x.t()));
}

TEST_CASE("gradgradcheck: second derivatives") {
  const Tensor x = f64s({3}), y = f64s({3});
  CHECK(gradgradcheck([](Tensor x) { return tanh(x); }, x));
  CHECK(
      gradgradcheck([](Tensor x, Tensor y) { return sin(x * y).sum(); }, std::tuple(x, y), {.check_forward_ad = true}));
  const auto f = [](Tensor x) { return x * relu(x); };
  CHECK(gradcheck(f, zeros({2}, f64)));
  const std::string message = error_of([&] { gradgradcheck(f, zeros({2}, f64)); });
  INFO(message);
  CHECK(contains(message, "gradgradcheck: the derivative of result0[0] with respect to arg0[0]: numeric 0.54"));
}

TEST_CASE("gradcheck: what it cannot check is one clear line") {
  const Tensor x = f64s({3});
  const auto square = [](Tensor x) { return x * x; };
  CHECK(contains(error_of([&] { gradcheck(square, x.to(f32)); }),
                 "gradcheck: arg0 is f32, needs f64, as differences need its digits at "));
  CHECK(contains(error_of([&] { gradcheck(square, arange(3)); }), "gradcheck: no input is of floats at "));
  CHECK(contains(error_of([&] { gradgradcheck([](Tensor x) { return argmax(x); }, x); }),
                 "gradgradcheck: the function gives no floats at "));
  CHECK(contains(error_of([&] { gradcheck(square, Tensor()); }), "gradcheck: "));
  CHECK(contains(error_of([&] { gradcheck(square, x, {.eps = 0}); }), "gradcheck: eps must be above 0 at "));
  CHECK(contains(error_of([&] { compile([&](Tensor y) { return gradcheck(square, y) ? y : y * 2; })(x); }),
                 "gradcheck: calls the function many times, so it cannot be part of a trace at "));
  CHECK(contains(error_of([&] { gradcheck([](Tensor x) { return x.item() > 0 ? x : x * 2; }, tensor(1.0, f64)); }),
                 "item"));
}
