// The f32 functions of ir/math.h against the C library's double ones: accuracy over all exponents, special values.
// `ir_tests "[.sweep]"` walks all 2^32 inputs and prints the errors that ir/math.h quotes, "[.speed]" prints rates.
// Covers: math_exp, math_log, math_pow, math_root, math_trig, math_expr
#include "tests/catch.h"
#include "tests/ir/math_catalog.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>

namespace ogee::ir::tests {
namespace {

double logisticReference(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
double rsqrtReference(double x) { return 1 / std::sqrt(x); }

struct UnaryCase {
  const char* name;
  Value (*body)(Builder&, Value);
  double (*reference)(double);
  double maxUlp;
};

const UnaryCase kUnary[] = {
    {"exp", math::exp, std::exp, 1.5},
    {"expm1", math::expm1, std::expm1, 4},
    {"log", math::log, std::log, 1.5},
    {"log2", math::log2, std::log2, 4},
    {"log10", math::log10, std::log10, 4},
    {"log1p", math::log1p, std::log1p, 4},
    {"tanh", math::tanh, std::tanh, 4},
    {"logistic", math::logistic, logisticReference, 4},
    {"erf", math::erf, std::erf, 4},
    {"sin", math::sin, std::sin, 4},
    {"cos", math::cos, std::cos, 4},
    {"tan", math::tan, std::tan, 4},
    {"cbrt", math::cbrt, std::cbrt, 4},
    {"rsqrt", math::rsqrt, rsqrtReference, 1.5},
    {"sqrt", math::sqrt, std::sqrt, 0.5},
    {"floor", math::floor, std::floor, 0},
    {"ceil", math::ceil, std::ceil, 0},
    {"trunc", math::trunc, std::trunc, 0},
    {"roundEven", math::roundEven, std::nearbyint, 0},
    {"roundAfz", math::roundAfz, std::round, 0},
};

struct BinaryCase {
  const char* name;
  Value (*body)(Builder&, Value, Value);
  double (*reference)(double, double);
  double maxUlp;
};

const BinaryCase kBinary[] = {
    {"pow", math::pow, std::pow, 4},
    {"atan2", math::atan2, std::atan2, 4},
    {"rem", math::rem, std::fmod, 0},
};

constexpr uint64_t kPatterns = uint64_t(1) << 32;
constexpr size_t kBlock = 4096;

/// The distance from `exact` in units of the last place that an f32 of its size has; a wrong sign or NaN is infinitely
/// far.
double ulpError(float got, double exact) {
  if (std::isnan(exact) || std::isnan(got)) return std::isnan(exact) && std::isnan(got) ? 0 : INFINITY;
  if (std::signbit(got) != std::signbit(exact)) return INFINITY;
  if (std::isinf(got) && std::isinf(static_cast<float>(exact))) return 0;
  if (std::isinf(exact)) return INFINITY;
  const double value = std::isinf(got) ? std::copysign(0x1p128, got) : got;
  int exponent = 0;
  std::frexp(exact, &exponent);
  return std::abs(value - exact) / std::ldexp(1.0, std::clamp(exponent, -125, 128) - 24);
}

struct Worst {
  double ulp = 0;
  float x = 0, y = 0;
  void see(double candidate, float atX, float atY = 0) {
    if (candidate > ulp) *this = {candidate, atX, atY};
  }
};

/// The largest error over the bit patterns 0, stride, 2 stride, ….
Worst sweep(const UnaryCase& function, uint64_t stride) {
  const Kernel<float(float)> kernel(unary(function.body));
  std::vector<float> x(kBlock), got(kBlock);
  Worst worst;
  for (uint64_t pattern = 0; pattern < kPatterns;) {
    for (float& value : x) {
      value = std::bit_cast<float>(static_cast<uint32_t>(std::min(pattern, kPatterns - 1)));
      pattern += stride;
    }
    kernel.run(got.data(), x.data(), kBlock);
    for (size_t i = 0; i < kBlock; ++i) worst.see(ulpError(got[i], function.reference(x[i])), x[i]);
  }
  return worst;
}

/// Pairs of random bits, of every exponent; and pairs of moderate sizes, where results are neither 0 nor infinite.
void fillPair(std::mt19937_64& random, float& x, float& y) {
  const uint64_t bits = random();
  x = std::bit_cast<float>(static_cast<uint32_t>(bits));
  y = std::bit_cast<float>(static_cast<uint32_t>(bits >> 32));
  if (random() % 2 == 0) return;
  y = std::ldexp(static_cast<float>(static_cast<int32_t>(bits >> 32)), -24); // within ±128
  if (bits % 4 == 0) y = std::round(y);
  if (bits % 8 == 1) x = 1 + static_cast<float>(bits % 4096) * 0x1p-23f, y *= 0x1p12f;
  if (bits % 2 == 0) x = std::ldexp(static_cast<float>(static_cast<int32_t>(bits)), -28);
}

Worst sweep(const BinaryCase& function, uint64_t count) {
  const Kernel<float(float, float)> kernel(binary(function.body));
  std::vector<float> x(kBlock), y(kBlock), got(kBlock);
  std::mt19937_64 random(7);
  Worst worst;
  for (uint64_t done = 0; done < count; done += kBlock) {
    for (size_t i = 0; i < kBlock; ++i) fillPair(random, x[i], y[i]);
    kernel.run(got.data(), x.data(), y.data(), kBlock);
    for (size_t i = 0; i < kBlock; ++i) worst.see(ulpError(got[i], function.reference(x[i], y[i])), x[i], y[i]);
  }
  return worst;
}

/// Signed zeros, infinities, NaN, the ends of the subnormal and normal numbers, integers of each parity, halves.
std::vector<float> specialValues() {
  std::vector<float> values = {NAN};
  for (const float magnitude : {0.0f,
                                0x1p-149f,
                                0x1.fffffcp-127f,
                                0x1p-126f,
                                0x1p-80f,
                                0.25f,
                                0.5f,
                                0.75f,
                                1 - 0x1p-24f,
                                1.0f,
                                1 + 0x1p-23f,
                                1.5f,
                                2.0f,
                                2.5f,
                                3.0f,
                                4.0f,
                                5.5f,
                                87.5f,
                                89.0f,
                                104.0f,
                                0x1p22f + 0.5f,
                                0x1p23f - 0.5f,
                                0x1p23f + 1,
                                0x1p24f - 1,
                                0x1p24f,
                                0x1p25f,
                                0x1p80f,
                                0x1.fffffep127f,
                                INFINITY}) {
    values.push_back(magnitude);
    values.push_back(-magnitude);
  }
  return values;
}

TEST_CASE("f32 functions stay within their error over all exponents") {
  for (const UnaryCase& function : kUnary) DYNAMIC_SECTION(function.name) {
      const Worst worst = sweep(function, 9973);
      INFO(worst.ulp << " ULP at " << std::hexfloat << worst.x);
      CHECK(worst.ulp <= function.maxUlp);
    }
  for (const BinaryCase& function : kBinary) DYNAMIC_SECTION(function.name) {
      const Worst worst = sweep(function, 1 << 18);
      INFO(worst.ulp << " ULP at " << std::hexfloat << worst.x << ", " << worst.y);
      CHECK(worst.ulp <= function.maxUlp);
    }
}

TEST_CASE("f32 functions of special values") {
  const std::vector<float> values = specialValues();
  for (const UnaryCase& function : kUnary) {
    const Kernel<float(float)> kernel(unary(function.body));
    for (const float x : values) {
      INFO(function.name << '(' << x << ") = " << kernel(x) << ", expected " << function.reference(x));
      CHECK(ulpError(kernel(x), function.reference(x)) <= function.maxUlp);
    }
  }
  for (const BinaryCase& function : kBinary) {
    const Kernel<float(float, float)> kernel(binary(function.body));
    for (const float x : values)
      for (const float y : values) {
        INFO(function.name << '(' << x << ", " << y << ") = " << kernel(x, y) << ", expected "
                           << function.reference(x, y));
        CHECK(ulpError(kernel(x, y), function.reference(x, y)) <= function.maxUlp);
      }
  }
}

TEST_CASE("exact values of f32 functions") {
  const Kernel<float(float)> tanh(unary(math::tanh)), logistic(unary(math::logistic)), erf(unary(math::erf));
  CHECK(tanh(9.02f) == 1.0f);
  CHECK(tanh(-INFINITY) == -1.0f);
  CHECK(logistic(17.4f) == 1.0f);
  CHECK(logistic(-104.0f) == 0.0f);
  CHECK(logistic(-103.0f) > 0.0f);
  CHECK(logistic(0.0f) == 0.5f);
  CHECK(erf(3.93f) == 1.0f);
  CHECK(erf(-INFINITY) == -1.0f);
  const Kernel<float(float)> exp(unary(math::exp)), cbrt(unary(math::cbrt));
  CHECK(exp(0.0f) == 1.0f);
  CHECK(cbrt(-27.0f) == -3.0f);
  const Kernel<float(float)> log2(unary(math::log2)), log10(unary(math::log10));
  for (int exponent = -149; exponent < 128; ++exponent) CHECK(log2(std::ldexp(1.0f, exponent)) == exponent);
  float power = 1;
  for (int exponent = 0; exponent <= 10; ++exponent, power *= 10) CHECK(log10(power) == exponent);
  const Kernel<float(float, float)> pow(binary(math::pow));
  CHECK(pow(3.0f, 15.0f) == 14348907.0f);
  CHECK(pow(2.0f, -149.0f) == 0x1p-149f);
}

TEST_CASE("f64 functions become ops of the math dialect") {
  const std::pair<const char*, Value (*)(Builder&, Value)> functions[] = {
      {"math.exp", math::exp},     {"math.expm1", math::expm1}, {"math.log", math::log},   {"math.log2", math::log2},
      {"math.log10", math::log10}, {"math.log1p", math::log1p}, {"math.tanh", math::tanh}, {"math.erf", math::erf},
      {"math.sin", math::sin},     {"math.cos", math::cos},     {"math.tan", math::tan},   {"math.cbrt", math::cbrt}};
  for (const auto& [name, function] : functions) CHECK(opBuiltBy(unary(function), {Lane::f64, Lane::f64}) == name);
  CHECK(opBuiltBy(binary(math::pow), {Lane::f64, Lane::f64, Lane::f64}) == "math.powf");
  CHECK(opBuiltBy(binary(math::atan2), {Lane::f64, Lane::f64, Lane::f64}) == "math.atan2");
}

template <typename Case, typename Walk>
void sweepAll(const Case& function, Walk&& walk) {
  const Worst worst = walk();
  std::printf("%-10s %.3f ULP at %a, %a\n", function.name, worst.ulp, static_cast<double>(worst.x),
              static_cast<double>(worst.y));
  std::fflush(stdout);
  CHECK(worst.ulp <= function.maxUlp);
}

TEST_CASE("all f32 inputs", "[.sweep]") {
  for (const UnaryCase& function : kUnary) DYNAMIC_SECTION(function.name) {
      sweepAll(function, [&] { return sweep(function, 1); });
    }
  for (const BinaryCase& function : kBinary) DYNAMIC_SECTION(function.name) {
      sweepAll(function, [&] { return sweep(function, kPatterns / 4); });
    }
}

/// The best rate of 20 measurements of calls on arrays in the L1 cache, in elements per nanosecond.
template <typename Call>
double measuredRate(Call&& call, size_t n) {
  constexpr int kCalls = 200;
  double best = 0;
  for (int repeat = 0; repeat < 20; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kCalls; ++i) call();
    const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
    best = std::max(best, kCalls * static_cast<double>(n) / elapsed.count());
  }
  return best;
}

TEST_CASE("rates of f32 functions", "[.speed]") {
  constexpr size_t kCount = 2048;
  std::vector<float> x(kCount), y(kCount), result(kCount);
  for (size_t i = 0; i < kCount; ++i) {
    x[i] = 0.01f * static_cast<float>(i + 1);
    y[i] = 10.0f - x[i];
  }
  for (const unsigned width : {16u, 64u}) {
    for (const UnaryCase& function : kUnary) {
      const Kernel<float(float)> kernel(unary(function.body), {.width = width});
      const double rate = measuredRate([&] { kernel.run(result.data(), x.data(), kCount); }, kCount);
      std::printf("%-10s width %2u: %6.2f G/s\n", function.name, width, rate);
    }
    for (const BinaryCase& function : kBinary) {
      const Kernel<float(float, float)> kernel(binary(function.body), {.width = width});
      const double rate = measuredRate([&] { kernel.run(result.data(), x.data(), y.data(), kCount); }, kCount);
      std::printf("%-10s width %2u: %6.2f G/s\n", function.name, width, rate);
    }
  }
}

} // namespace
} // namespace ogee::ir::tests
