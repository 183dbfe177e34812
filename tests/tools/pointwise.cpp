// The interpreter's pointwise ops against values known from mathematics and from the op descriptions.
#include "tests/tools/reference.h"

#include <cmath>

using namespace ogee::reference;

namespace {
constexpr int32_t kMin = std::numeric_limits<int32_t>::min(), kMax = std::numeric_limits<int32_t>::max();
constexpr float kTiny = std::numeric_limits<float>::denorm_min();
} // namespace

TEST_CASE("signs of floats and integers", "[reference]") {
  checkEqual(pointwise("abs", {floats({-1.5f, -0.f, -kInf, kNaN})}), floats({1.5f, 0.f, kInf, kNaN}));
  checkEqual(pointwise("abs", {ints({-3, 3, kMin})}), ints({3, 3, kMin}));
  checkEqual(pointwise("neg", {floats({1.5f, 0.f, -kInf})}), floats({-1.5f, -0.f, kInf}));
  checkEqual(pointwise("neg", {ints({3, kMin})}), ints({-3, kMin}));
  checkEqual(pointwise("sign", {floats({-kTiny, -0.f, 0.f, 7.f, kNaN})}), floats({-1.f, -0.f, 0.f, 1.f, kNaN}));
  checkEqual(pointwise("sign", {longs({-9, 0, 9})}), longs({-1, 0, 1}));
}

TEST_CASE("functions of real numbers", "[reference]") {
  checkEqual(pointwise("exp", {floats({0.f, 1.f, -kInf, kInf, 89.f, -103.f, -104.f, kNaN})}),
             floats({1.f, 2.7182817f, 0.f, kInf, kInf, kTiny, 0.f, kNaN}));
  checkEqual(pointwise("exp", {doubles({1.0, 710.0})}), doubles({2.718281828459045, double(kInf)}));
  checkEqual(pointwise("expm1", {floats({-0.f, 1e-10f, -kInf})}), floats({-0.f, 1e-10f, -1.f}));
  checkEqual(pointwise("log", {floats({1.f, 0.f, -0.f, kInf, -1.f})}), floats({0.f, -kInf, -kInf, kInf, kNaN}));
  checkEqual(pointwise("log2", {floats({8.f, 0.f, -1.f, kInf})}), floats({3.f, -kInf, kNaN, kInf}));
  checkEqual(pointwise("log10", {floats({1000.f, 0.f, -1.f, kInf})}), floats({3.f, -kInf, kNaN, kInf}));
  checkEqual(pointwise("log1p", {floats({-0.f, 1e-10f, -1.f, -2.f})}), floats({-0.f, 1e-10f, -kInf, kNaN}));
  checkEqual(pointwise("sqrt", {floats({2.f, -0.f, -1.f})}), floats({1.4142135f, -0.f, kNaN}));
  checkEqual(pointwise("rsqrt", {doubles({4.0, -0.0, double(kInf), -1.0})}),
             doubles({0.5, -double(kInf), 0.0, double(kNaN)}));
  checkEqual(pointwise("cbrt", {floats({-27.f, -0.f, kInf})}), floats({-3.f, -0.f, kInf}));
  checkEqual(pointwise("sin", {floats({-0.f, 1.f, 1e22f, kInf})}),
             floats({-0.f, 0.84147098f, float(std::sin(double(1e22f))), kNaN}));
  checkEqual(pointwise("cos", {floats({-0.f, 1.f})}), floats({1.f, 0.5403023058681398f}));
  checkEqual(pointwise("tan", {floats({-0.f, 1.f})}), floats({-0.f, 1.5574077f}));
  checkEqual(pointwise("tanh", {floats({-0.f, 1.f, -100.f})}), floats({-0.f, 0.76159416f, -1.f}));
  checkEqual(pointwise("logistic", {floats({0.f, -kInf, 100.f, -100.f})}), floats({0.5f, 0.f, 1.f, 3.783506e-44f}));
  checkEqual(pointwise("erf", {floats({-0.f, 1.f, kInf})}), floats({-0.f, 0.84270079f, 1.f}));
}

TEST_CASE("rounding to integral values", "[reference]") {
  const Array x = floats({2.5f, -2.5f, 3.5f, 0.5f, -0.5f, -0.2f, 8388609.f, -kInf, kNaN});
  checkEqual(pointwise("floor", {x}), floats({2.f, -3.f, 3.f, 0.f, -1.f, -1.f, 8388609.f, -kInf, kNaN}));
  checkEqual(pointwise("ceil", {x}), floats({3.f, -2.f, 4.f, 1.f, -0.f, -0.f, 8388609.f, -kInf, kNaN}));
  checkEqual(pointwise("trunc", {x}), floats({2.f, -2.f, 3.f, 0.f, -0.f, -0.f, 8388609.f, -kInf, kNaN}));
  checkEqual(pointwise("round_nearest_even", {x}), floats({2.f, -2.f, 4.f, 0.f, -0.f, -0.f, 8388609.f, -kInf, kNaN}));
  checkEqual(pointwise("round_nearest_afz", {x}), floats({3.f, -3.f, 4.f, 1.f, -1.f, -0.f, 8388609.f, -kInf, kNaN}));
}

TEST_CASE("bits", "[reference]") {
  checkEqual(pointwise("not", {ints({0, -1, 5})}), ints({-1, 0, -6}));
  checkEqual(pointwise("not", {bools({false, true})}), bools({true, false}));
  checkEqual(pointwise("popcnt", {ints({0, -1, 5})}), ints({0, 32, 2}));
  checkEqual(pointwise("clz", {longs({0, 1, -1})}), longs({64, 63, 0}));
  checkEqual(pointwise("and", {ints({6, -1}), ints({3, 7})}), ints({2, 7}));
  checkEqual(pointwise("or", {bools({false, false}), bools({false, true})}), bools({false, true}));
  checkEqual(pointwise("xor", {ints({6}), ints({3})}), ints({5}));
  const Array x = ints({-5, -5, -5, -5, 5}), count = ints({0, 1, 32, -1, 31});
  checkEqual(pointwise("shl", {x, count}), ints({-5, -10, 0, 0, kMin}));
  checkEqual(pointwise("shr_arith", {x, count}), ints({-5, -3, -1, -1, 0}));
  checkEqual(pointwise("shr_logic", {x, count}), ints({-5, 2147483645, 0, 0, 0}));
}

TEST_CASE("arithmetic of floats rounds once, without trapping", "[reference]") {
  checkEqual(pointwise("add", {floats({1.f, kInf, 3e38f}), floats({1e-8f, -kInf, 3e38f})}), floats({1.f, kNaN, kInf}));
  checkEqual(pointwise("sub", {floats({0.f, 1.f}), floats({0.f, 0.9f})}), floats({0.f, 1.f - 0.9f}));
  checkEqual(pointwise("mul", {floats({kTiny, 0.f}), floats({0.5f, kInf})}), floats({0.f, kNaN}));
  checkEqual(pointwise("div", {floats({1.f, -1.f, 0.f, 1.f}), floats({0.f, 0.f, 0.f, 3.f})}),
             floats({kInf, -kInf, kNaN, 0.33333334f}));
  checkEqual(pointwise("rem", {floats({5.5f, -5.5f, -4.f, kInf, 1.f, 1.f}), floats({2.f, 2.f, 2.f, 1.f, 0.f, -kInf})}),
             floats({1.5f, -1.5f, -0.f, kNaN, kNaN, 1.f}));
  checkEqual(pointwise("pow", {floats({kNaN, 1.f, -8.f, -2.f, 0.f}), floats({0.f, kNaN, 1.f / 3, 3.f, -1.f})}),
             floats({1.f, 1.f, kNaN, -8.f, kInf}));
  checkEqual(pointwise("atan2", {floats({-0.f, 0.f, 1.f, -kInf}), floats({-0.f, -0.f, 0.f, kInf})}),
             floats({-3.1415927f, 3.1415927f, 1.5707964f, -0.78539819f}));
}

TEST_CASE("arithmetic of integers wraps around and is total", "[reference]") {
  checkEqual(pointwise("add", {ints({kMax, 2}), ints({1, 3})}), ints({kMin, 5}));
  checkEqual(pointwise("sub", {ints({kMin}), ints({1})}), ints({kMax}));
  checkEqual(pointwise("mul", {longs({INT64_MAX, -3}), longs({2, 5})}), longs({-2, -15}));
  checkEqual(pointwise("div", {ints({7, -7, 7, 0, kMin}), ints({2, 2, 0, 0, -1})}), ints({3, -3, -1, -1, kMin}));
  checkEqual(pointwise("rem", {ints({7, -7, 7, -7, kMin}), ints({2, 2, 0, 0, -1})}), ints({1, -1, 7, -7, 0}));
  checkEqual(pointwise("pow", {ints({3, 2, 0, 0, 1, -1, -1, 2, 3}), ints({4, 31, 0, -1, -5, -5, -4, -1, 21})}),
             ints({81, kMin, 1, 0, 1, -1, 1, 0, 1870418611}));
}

TEST_CASE("larger and smaller", "[reference]") {
  const Array a = floats({0.f, -0.f, kNaN, 1.f}), b = floats({-0.f, 0.f, 1.f, kNaN});
  checkEqual(pointwise("max", {a, b}), floats({-0.f, 0.f, kNaN, kNaN})); // of equal ones the second
  checkEqual(pointwise("min", {a, b}), floats({-0.f, 0.f, kNaN, kNaN}));
  checkEqual(pointwise("max", {ints({1, -5}), ints({-1, -4})}), ints({1, -4}));
  const Array lo = floats({0.f, 0.f, 2.f, kNaN, 0.f}), x = floats({-1.f, 5.f, 0.f, 0.f, kNaN}),
              hi = floats({1.f, 1.f, 1.f, 1.f, 1.f});
  checkEqual(pointwise("clamp", {lo, x, hi}), floats({0.f, 1.f, 1.f, kNaN, kNaN}));
}

TEST_CASE("comparisons", "[reference]") {
  const Array a = floats({0.f, 1.f, kNaN}), b = floats({-0.f, 2.f, kNaN});
  checkEqual(predicate("compare eq", {a, b}), bools({true, false, false}));
  checkEqual(predicate("compare ne", {a, b}), bools({false, true, true}));
  checkEqual(predicate("compare lt", {a, b}), bools({false, true, false}));
  checkEqual(predicate("compare le", {a, b}), bools({true, true, false}));
  checkEqual(predicate("compare gt", {ints({-1}), ints({1})}), bools({false}));
  checkEqual(predicate("compare ge", {bools({true, false}), bools({false, true})}), bools({true, false}));
  checkEqual(predicate("is_finite", {floats({1.f, kInf, kNaN})}), bools({true, false, false}));
  checkEqual(pointwise("select", {bools({true, false}), floats({1.f, kNaN}), floats({kNaN, 2.f})}), floats({1.f, 2.f}));
}

TEST_CASE("conversions", "[reference]") {
  const Array x = floats({1.9f, -1.9f, 3e9f, -3e9f, kNaN, -kInf});
  checkEqual(evaluate("ogee.convert %0 : tensor<6xf32> -> tensor<6xi32>", {x}), ints({1, -1, kMax, kMin, 0, kMin}));
  checkEqual(evaluate("ogee.convert %0 : tensor<6xf32> -> tensor<6xi1>", {x}),
             bools({true, true, true, true, true, true}));
  checkEqual(evaluate("ogee.convert %0 : tensor<2xf64> -> tensor<2xf32>", {doubles({0.1, 1e300})}),
             floats({0.1f, kInf}));
  checkEqual(evaluate("ogee.convert %0 : tensor<2xi64> -> tensor<2xi32>", {longs({(1ll << 32) + 5, -1})}),
             ints({5, -1}));
  // Halfway between two floats, plus one: through f64 it would round down.
  checkEqual(evaluate("ogee.convert %0 : tensor<1xi64> -> tensor<1xf32>", {longs({0x4000004000000001})}),
             floats({0x4.000008p60f}));
  checkEqual(evaluate("ogee.convert %0 : tensor<2xi1> -> tensor<2xf32>", {bools({true, false})}), floats({1.f, 0.f}));
  checkEqual(evaluate("ogee.bitcast_convert %0 : tensor<2xf32> -> tensor<2xi32>", {floats({1.f, -0.f})}),
             ints({0x3f800000, kMin}));
}
