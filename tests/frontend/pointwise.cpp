// Element-wise functions: what they promote to and their special cases.
#include "tests/frontend/support.h"

#include <cmath>

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("pointwise: integer division and remainders have signs as in PyTorch") {
  const Tensor x = tensor({7, -7, 7, -7}), y = tensor({2, 2, -2, -2});
  CHECK(text(floor_divide(x, y)) == "tensor([ 3, -4, -4,  3])");
  CHECK(text(remainder(x, y)) == "tensor([ 1,  1, -1, -1])");
  CHECK(text(fmod(x, y)) == "tensor([ 1, -1,  1, -1])");
  CHECK(text(floor_divide(x, 0)) == "tensor([-1, -1, -1, -1])");
  CHECK(text(remainder(tensor({7.5, -7.5}), 2)) == "tensor([1.5000, 0.5000])");
}

TEST_CASE("pointwise: floor_divide of floats is exact, as in PyTorch") {
  const double nan = std::nan(""), inf = INFINITY;
  CHECK(floor_divide(tensor({1.0}), 0.1).item() == 9);
  CHECK(floor_divide(tensor({1.0}, f64), 0.1).item() == 9);
  const Tensor x = tensor({7.5, -7.5, 1.0, -1.0, 0.0, -0.0, 3.0, inf, 1.0, nan}, f64);
  const Tensor y = tensor({2.0, 2.0, 0.0, 0.0, 0.0, 5.0, -5.0, 2.0, inf, 1.0}, f64);
  CHECK(text(floor_divide(x, y)) == "tensor([ 3., -4., inf, -inf, nan, -0., -1., nan,  0., nan], dtype=f64)");
  const Tensor a = tensor({1.0, 0.3, -5.1, 7.7}), b = tensor({0.1, -0.1, 0.7, 1.1});
  CHECK(allclose(floor_divide(a, b) * b + remainder(a, b), a));
}

TEST_CASE("pointwise: numbers that the tensor's integers cannot hold") {
  const Tensor x = tensor({1, 2}, i32);
  const std::string here = OGEE_HERE, message = error_of([&] { x + 3000000000LL; });
  CHECK(message == "add: the number 3000000000 does not fit into i32 at " + here);
  CHECK(contains(error_of([&] { where(x > 1, x, 3000000000LL); }), "where: the number"));
  CHECK(contains(error_of([&] { masked_fill(x, x > 1, 1e10); }), "masked_fill: the number 1e+10"));
  CHECK(contains(error_of([&] { x.clamp(0, INT64_MAX); }), "clamp: the number"));
  CHECK(contains(error_of([&] { tensor({1}) + 18446744073709551615ULL; }), "add: the number 18446744073709551615"));
  CHECK((tensor({1.0}, f64) * 18446744073709551615ULL).item() == 0x1p64);
  CHECK(text(x == 4294967297LL) == "tensor([False, False])");
  CHECK(text(x < 4294967297LL) == "tensor([True, True])");
  CHECK(text(compile([](Tensor t) { return t > -4294967297LL; })(x)) == "tensor([True, True])");
}

TEST_CASE("pointwise: dtypes of results") {
  const Tensor i = tensor({1, 2}), b = tensor({true, false});
  CHECK(sqrt(i).dtype() == f32);
  CHECK((i / i).dtype() == f32);
  CHECK(abs(i).dtype() == i64);
  CHECK(floor(i).dtype() == i64);
  CHECK((i > 1).dtype() == boolean);
  CHECK(isnan(i).dtype() == boolean);
  CHECK((b + b).dtype() == boolean);
  CHECK((b * 2).dtype() == i64);
  CHECK(pow(i, 2).dtype() == i64);
  CHECK(pow(i, 2.0).dtype() == f32);
  CHECK(where(b, i, 0.5).dtype() == f32);
  CHECK(contains(error_of([&] { b - b; }), "sub: not defined for bool"));
  CHECK(contains(error_of([&] { bitwise_and(tensor({1.0}), 1); }), "bitwise_and: needs integers or bool, not f32"));
  CHECK(contains(error_of([&] { where(i, i, i); }), "where: the condition is i64, needs bool"));
}

TEST_CASE("pointwise: composed functions against the C library") {
  const std::vector<double> values{-3, -0.5, 0, 0.25, 1, 4};
  const Tensor x = tensor(values, f64);
  auto check = [&](const Tensor& y, auto formula) {
    for (size_t i = 0; i < values.size(); ++i) CHECK(near(y[i].item(), formula(values[i]), 1e-12));
  };
  check(gelu(x), [](double v) { return 0.5 * v * (1 + std::erf(v / std::sqrt(2.0))); });
  check(silu(x), [](double v) { return v / (1 + std::exp(-v)); });
  check(softplus(x), [](double v) { return std::log1p(std::exp(v)); });
  check(leaky_relu(x, 0.1), [](double v) { return v < 0 ? 0.1 * v : v; });
  check(sinh(x), [](double v) { return std::sinh(v); });
  check(cosh(x), [](double v) { return std::cosh(v); });
  check(atan(x), [](double v) { return std::atan(v); });
  check(exp2(x), [](double v) { return std::exp2(v); });
  CHECK(contains(error_of([&] { gelu(x, "fast"); }), "gelu: approximate is \"fast\""));
}

TEST_CASE("pointwise: special exponents") {
  const Tensor x = tensor({4.0, 9.0});
  CHECK(text(pow(x, 0.5)) == "tensor([2., 3.])");
  CHECK(text(pow(x, -1)) == "tensor([0.2500, 0.1111])");
  CHECK(text(pow(x, 3)) == "tensor([ 64., 729.])");
  CHECK(text(pow(2, tensor({1, 3}))) == "tensor([2, 8])");
  const Tensor b = tensor({true, false});
  CHECK(text(pow(b, 3)) == "tensor([1, 0])");
  CHECK(text(pow(b, 2)) == "tensor([1, 0])");
  CHECK(text(pow(b, 0.5)) == "tensor([1., 0.])");
  CHECK(text(square(b)) == "tensor([1, 0])");
  CHECK(contains(error_of([&] { pow(b, b); }), "pow: not defined for bool"));
}

TEST_CASE("pointwise: NaN and infinities") {
  const double nan = std::nan(""), inf = INFINITY;
  const Tensor x = tensor({nan, inf, -inf, 1.0});
  CHECK(text(isnan(x)) == "tensor([ True, False, False, False])");
  CHECK(text(isinf(x)) == "tensor([False,  True,  True, False])");
  CHECK(text(isfinite(x)) == "tensor([False, False, False,  True])");
  CHECK(isnan(relu(x))[0].item<bool>());
  CHECK(isnan(maximum(x, 0))[0].item<bool>());
}

TEST_CASE("pointwise: where with numbers, and as a method") {
  const Tensor c = tensor({true, false}), x = tensor({1.0, 2.0});
  CHECK(text(where(c, 1.0, 0.0)) == "tensor([1., 0.])");
  CHECK(where(c, 1, 0).dtype() == i64);
  CHECK(where(c, true, 0.5).dtype() == f32);
  CHECK(text(x.where(c, 7)) == "tensor([1., 7.])");
  CHECK(text(x.where(c, x * 2)) == "tensor([1., 4.])");
  CHECK(text(compile([](Tensor t) { return where(t > 1, 1, 0); })(x)) == "tensor([0, 1])");
}

TEST_CASE("pointwise: fills and limits") {
  const Tensor x = tensor({1, 2, 3});
  CHECK(text(masked_fill(x, x > 1, 9)) == "tensor([1, 9, 9])");
  CHECK(text(x.clamp(2)) == "tensor([2, 2, 3])");
  CHECK(text(x.clamp({}, 2)) == "tensor([1, 2, 2])");
  Tensor y = x.clone();
  y.masked_fill_(y == 2, 0).clamp_(0, 2);
  CHECK(text(y) == "tensor([1, 0, 2])");
  CHECK(contains(error_of([&] { x.clamp({}); }), "clamp: needs a lower or an upper limit"));
}
