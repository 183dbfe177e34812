// Devices and the default dtype.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("device: devices") {
  CHECK(text(zeros({1}).device()) == "cpu");
  std::string here = OGEE_HERE, message = error_of([] { Device("tpu"); });
  CHECK(message == "Device: 'tpu' is not a device: expected cpu, cuda or cuda:N at " + here);
  here = OGEE_HERE, message = error_of([] { zeros({1}).to("foo"); });
  CHECK(contains(message, here));
  if (!cuda_is_available())
    CHECK(contains(error_of([] { zeros({1}).to(Device("cuda")); }), "to: there is no device cuda:0"));
}

TEST_CASE("device: the default dtype") {
  set_default_dtype(f64);
  CHECK(zeros({1}).dtype() == f64);
  CHECK(tensor(1.0).dtype() == f64);
  CHECK((tensor(1) * 0.5).dtype() == f64);
  set_default_dtype(f32);
  CHECK(contains(error_of([] { set_default_dtype(i64); }), "set_default_dtype: needs f32 or f64, not i64"));
}

TEST_CASE("device: a number of threads that makes no sense") {
  const std::string here = OGEE_HERE, message = error_of([] { set_num_threads(0); });
  CHECK(contains(message, here));
  CHECK(num_threads() >= 1);
}

TEST_CASE("device: numbers saturate") {
  CHECK(Scalar(1e30).as_int() == INT64_MAX);
  CHECK(Scalar(-1e30).as_int() == INT64_MIN);
  CHECK(Scalar(0.0 / 0.0).as_int() == 0);
}

namespace {

/// NaN mode while it lives.
struct NaNMode {
  NaNMode() { set_detect_anomaly(true); }
  ~NaNMode() { set_detect_anomaly(false); }
};

} // namespace

TEST_CASE("device: NaN mode names the eager operation that makes a NaN, at the line of this call") {
  const Tensor x = tensor({1.0, -2.0, 4.0});
  set_detect_anomaly(false);
  log(x); // a kernel without checks is there already
  const NaNMode mode;
  CHECK(is_anomaly_enabled());
  std::string here = OGEE_HERE, message = error_of([&] { log(x); });
  CHECK(message ==
        "log: makes NaN of [-2, 4] at " + here + "; hint: a negative number has no logarithm; clamp the input");
  here = OGEE_HERE, message = error_of([&] { log(x); });
  CHECK(contains(message, here));
  CHECK(text(exp(log(tensor({1.0, 4.0})))) == "tensor([1., 4.])");
  // Composed functions name both; what came in as NaN is not theirs.
  const double inf = 1.0 / 0.0, nan = 0.0 / 0.0;
  CHECK(contains(error_of([&] { softmax(tensor({-inf, -inf}), 0); }), "sub in softmax: makes NaN of [-inf, -inf]"));
  CHECK(contains(error_of([&] { tensor({2.0, 0.0}).div(tensor({0.0, 0.0})); }), "div: makes NaN of [0, 2] and [0, 0]"));
  CHECK(error_of([&] { log(tensor({1.0, nan})).sum(); }) == "no error");
  CHECK(contains(error_of([&] { log(tensor({-1.0, nan})); }), "log: makes NaN of [-1, -1] with nan"));
  CHECK(contains(error_of([&] { tensor({inf, -inf}).sum(); }), "sum: makes NaN of [-inf, inf]"));
  CHECK(contains(error_of([&] { fmod(tensor({7, 1}), tensor({0, 1})); }), "divides with remainder [1, 7] by [0, 1]"));
}

TEST_CASE("device: NaN mode names the operation that makes inf of finite numbers") {
  const NaNMode mode;
  std::string here = OGEE_HERE, message = error_of([&] { exp(tensor({1.0, 100.0})); });
  CHECK(message == "exp: makes inf of [1, 100] at " + here +
                       "; hint: the result is too large for its dtype; clamp the input, or subtract the largest one "
                       "first");
  const Tensor big = tensor({3e38, 1.0});
  CHECK(contains(error_of([&] { log(tensor({1.0, 0.0})); }), "log: makes inf of [0, 1]"));
  CHECK(contains(error_of([&] { reciprocal(tensor({1.0, 0.0})); }), "div in reciprocal: makes inf of "));
  CHECK(contains(error_of([&] { big + big; }), "add: makes inf of [1, 3e+38] and [1, 3e+38]"));
  CHECK(contains(error_of([&] { (big.expand({2, 2})).sum(0); }), "sum: makes inf of [1, 3e+38]"));
  CHECK(contains(error_of([&] { dot(big, big); }), "dot: makes inf of "));
  CHECK(contains(error_of([&] { tensor({1e300}, f64).to(f32); }), "makes inf of [1e+300, 1e+300]"));
  // What is infinite already, or only passed on, is nobody's fault: masks.
  const double inf = 1.0 / 0.0;
  const Tensor scores = tensor({{1.0, 2.0, 3.0}, {3.0, 2.0, 1.0}});
  CHECK(error_of([&] { softmax(where(scores > 1, scores, -inf), 1); }) == "no error");
  CHECK(error_of([&] { softmax(masked_fill(scores, scores > 2, -inf) + 1, 1); }) == "no error");
  CHECK(error_of([&] { exp(full({2}, inf)) * 2; }) == "no error");
  CHECK(error_of([&] { compile([=](Tensor x) { return maximum(x, -inf) + full({3}, inf); })(scores); }) == "no error");
}

TEST_CASE("device: NaN mode looks into branches and loops") {
  const NaNMode mode;
  const auto f = compile([](Tensor x) {
    return scan([](Tensor h, Tensor part) { return std::pair(Tensor(h + exp(part)), h); }, zeros({2}), x).first;
  });
  CHECK(error_of([&] { f(ones({3, 2})); }) == "no error");
  const std::string message = error_of([&] { f(tensor({{1.0, 2.0}, {3.0, 100.0}})); });
  INFO(message);
  CHECK(contains(message, "exp: makes inf of [3, 100] at device.cpp:"));
  const auto g = compile([](Tensor x) { return cond(x.sum() > 0, [&] { return log(x); }, [&] { return x; }); });
  CHECK(error_of([&] { g(tensor({-1.0, -2.0})); }) == "no error");
  CHECK(contains(error_of([&] { g(tensor({-1.0, 2.0})); }), "log: makes NaN of [-1, 2] at device.cpp:"));
}

TEST_CASE("device: NaN mode in place leaves the tensor as it was") {
  const NaNMode mode;
  Tensor x = tensor({1.0, -2.0, 4.0});
  CHECK(contains(error_of([&] { x.log_(); }), "log_: makes NaN of [-2, 4]"));
  CHECK(text(x) == "tensor([ 1., -2.,  4.])");
  x.mul_(2);
  x.exp_();
  CHECK(allclose(x, exp(tensor({2.0, -4.0, 8.0}))));
}

TEST_CASE("device: NaN mode is part of what a compiled function was compiled for") {
  const Tensor x = tensor({1.0, -2.0, 4.0});
  const auto f = compile([](Tensor x) {
    const Scope scope("fc");
    return exp(log(x)) + 1;
  });
  f(x);
  {
    const NaNMode mode;
    const std::string message = error_of([&] { f(x); });
    CHECK(contains(message, "log: makes NaN of [-2, 4] at device.cpp:"));
    CHECK(contains(message, " in fc; hint: a negative number has no logarithm; clamp the input"));
    CHECK(equal(f(abs(x)), abs(x) + 1));
  }
  f(x);
  CHECK(f.stats().compiles == 2);
  CHECK(f.stats().reasons == std::vector<std::string>{"NaN mode was off, now on"});
}

TEST_CASE("device: NaN mode in gradients") {
  const NaNMode mode;
  const auto loss = [](Tensor x) { return sqrt(x).sum(); };
  const auto masked = [](Tensor x) { return where(x > 0, sqrt(x), 0.0).sum(); };
  CHECK(text(grad(loss)(tensor({4.0, 1.0}))) == "tensor([0.2500, 0.5000])");
  const std::string message = error_of([&] { grad(masked)(tensor({4.0, 0.0})); });
  INFO(message);
  CHECK(contains(message, " in the gradient of sqrt: makes "));
  CHECK(contains(message, "; hint: the derivative of sqrt is infinite at 0"));
  Tensor x = tensor({4.0, 0.0}).requires_grad_(); // on the tape
  const Tensor y = sqrt(x).sum();
  const std::string taped = error_of([&] { y.backward(); });
  INFO(taped);
  CHECK(contains(taped, "div in the gradient of sqrt in sqrt_backward: makes inf of "));
  // Exponents and bases at 0 are no fault of the rules.
  CHECK(error_of([] {
          const Tensor base = tensor({0.0, 2.0}).requires_grad_(), exponent = tensor({0.0, 0.0}).requires_grad_();
          pow(base, exponent).sum().backward();
        }) == "no error");
}
