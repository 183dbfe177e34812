// Total arithmetic of ir/math.h against plain C++: integers at the edges, exact remainders, rounding, NaN in max and
// min.
#include "tests/catch.h"
#include "tests/ir/math_catalog.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <type_traits>

namespace ogee::ir::tests {
namespace {

template <typename T>
constexpr T kLowest = std::numeric_limits<T>::lowest();
template <typename T>
constexpr int kWidth = 8 * sizeof(T);

/// Two's complement arithmetic that wraps.
template <typename T>
T wrappedProduct(T x, T y) {
  return static_cast<T>(static_cast<uint64_t>(x) * static_cast<uint64_t>(y));
}

template <typename T>
T divReference(T x, T y) {
  return y == 0 ? T(-1) : x == kLowest<T> && y == -1 ? x : static_cast<T>(x / y);
}

template <typename T>
T remReference(T x, T y) {
  return y == 0 ? x : y == -1 ? T(0) : static_cast<T>(x % y);
}

template <typename T>
T shlReference(T x, T count) {
  return count < 0 || count >= kWidth<T> ? T(0) : static_cast<T>(static_cast<uint64_t>(x) << count);
}

template <typename T>
T shrArithReference(T x, T count) {
  return static_cast<T>(x >> (count < 0 || count >= kWidth<T> ? kWidth<T> - 1 : count));
}

template <typename T>
T shrLogicReference(T x, T count) {
  return count < 0 || count >= kWidth<T> ? T(0) : static_cast<T>(static_cast<std::make_unsigned_t<T>>(x) >> count);
}

template <typename T>
T powReference(T x, T y) {
  if (y < 0) return x == 1 ? T(1) : x == -1 ? (y % 2 ? T(-1) : T(1)) : T(0);
  if (y == 0) return 1;
  const T half = powReference<T>(wrappedProduct(x, x), y / 2);
  return y % 2 ? wrappedProduct(half, x) : half;
}

template <typename T>
T signReference(T x) {
  return x > 0 ? T(1) : x < 0 ? T(-1) : x;
}

/// Values around the ends of the type, small ones, and some in between.
template <typename T>
std::vector<T> integerValues() {
  const T highest = std::numeric_limits<T>::max();
  std::vector<T> values = {0,
                           1,
                           -1,
                           2,
                           -2,
                           3,
                           -3,
                           7,
                           8,
                           -8,
                           31,
                           32,
                           33,
                           63,
                           64,
                           65,
                           100,
                           T(kLowest<T> + 1),
                           kLowest<T>,
                           highest,
                           T(highest - 1),
                           T(highest / 2),
                           T(highest / 3),
                           T(-(highest / 7))};
  std::mt19937_64 random(3);
  for (int i = 0; i < 20; ++i) values.push_back(static_cast<T>(random() >> (random() % 60)));
  return values;
}

template <typename T>
void checkBinary(const char* name, Value (*body)(Builder&, Value, Value), T (*reference)(T, T)) {
  for (const unsigned width : {0u, 16u}) {
    const Kernel<T(T, T)> kernel(binary(body), {.width = width});
    for (const T x : integerValues<T>())
      for (const T y : integerValues<T>()) {
        INFO(name << '(' << +x << ", " << +y << "), width " << width);
        CHECK(+kernel(x, y) == +reference(x, y));
      }
  }
}

template <typename T>
void checkUnary(const char* name, Value (*body)(Builder&, Value), T (*reference)(T)) {
  const Kernel<T(T)> kernel(unary(body));
  for (const T x : integerValues<T>()) {
    INFO(name << '(' << +x << ')');
    CHECK(+kernel(x) == +reference(x));
  }
}

TEMPLATE_TEST_CASE("integer functions are total", "", int8_t, int32_t, int64_t) {
  using T = TestType;
  checkBinary<T>("div", math::div, divReference<T>);
  checkBinary<T>("rem", math::rem, remReference<T>);
  checkBinary<T>("pow", math::pow, powReference<T>);
  checkBinary<T>("shl", math::shl, shlReference<T>);
  checkBinary<T>("shrArith", math::shrArith, shrArithReference<T>);
  checkBinary<T>("shrLogic", math::shrLogic, shrLogicReference<T>);
  checkBinary<T>("max", math::max, [](T x, T y) { return std::max(x, y); });
  checkBinary<T>("min", math::min, [](T x, T y) { return std::min(x, y); });
  checkUnary<T>("abs", math::abs, [](T x) { return x < 0 ? wrappedProduct<T>(x, -1) : x; });
  checkUnary<T>("sign", math::sign, signReference<T>);
  checkUnary<T>("popcnt", math::popcnt, [](T x) { return T(std::popcount(std::make_unsigned_t<T>(x))); });
  checkUnary<T>("clz", math::clz, [](T x) { return T(std::countl_zero(std::make_unsigned_t<T>(x))); });
}

TEST_CASE("max and min of bools are or and and") {
  const Kernel<bool(bool, bool)> max(binary(math::max)), min(binary(math::min));
  for (const bool x : {false, true})
    for (const bool y : {false, true}) {
      CHECK(max(x, y) == (x || y));
      CHECK(min(x, y) == (x && y));
    }
}

/// Equal bits, or both NaN.
template <typename T>
bool same(T x, T y) {
  return std::memcmp(&x, &y, sizeof(T)) == 0 || (std::isnan(x) && std::isnan(y));
}

template <typename T>
std::vector<T> floatValues() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> values = {Limits::quiet_NaN()};
  for (const T magnitude :
       {T(0), Limits::denorm_min(), Limits::min(), T(0.25), T(0.5), T(1), T(1.5), T(2.5), T(3), T(1e10),
        1 / Limits::epsilon() - T(0.5), 1 / Limits::epsilon() + 1, Limits::max(), Limits::infinity()}) {
    values.push_back(magnitude);
    values.push_back(-magnitude);
  }
  return values;
}

TEMPLATE_TEST_CASE("max, min, abs, sign and isFinite of floats", "", float, double) {
  using T = TestType;
  const Kernel<T(T, T)> max(binary(math::max)), min(binary(math::min));
  const Kernel<T(T)> abs(unary(math::abs)), sign(unary(math::sign));
  const Kernel<bool(T)> isFinite(unary(math::isFinite));
  for (const T x : floatValues<T>()) {
    INFO(x);
    CHECK(same(abs(x), std::abs(x)));
    CHECK(same(sign(x), signReference(x)));
    CHECK(isFinite(x) == std::isfinite(x));
    for (const T y : floatValues<T>()) {
      INFO(y);
      const bool anyNaN = std::isnan(x) || std::isnan(y);
      CHECK(same(max(x, y), anyNaN ? T(NAN) : x > y ? x : y));
      CHECK(same(min(x, y), anyNaN ? T(NAN) : x < y ? x : y));
    }
  }
}

TEST_CASE("rounding of f64") {
  const Kernel<double(double)> floor(unary(math::floor)), ceil(unary(math::ceil)), trunc(unary(math::trunc)),
      even(unary(math::roundEven)), away(unary(math::roundAfz));
  for (const double x : floatValues<double>()) {
    INFO(x);
    CHECK(same(floor(x), std::floor(x)));
    CHECK(same(ceil(x), std::ceil(x)));
    CHECK(same(trunc(x), std::trunc(x)));
    CHECK(same(even(x), std::nearbyint(x)));
    CHECK(same(away(x), std::round(x)));
  }
}

TEST_CASE("the f64 remainder is exact") {
  const Kernel<double(double, double)> rem(binary(math::rem));
  std::vector<double> values = floatValues<double>();
  std::mt19937_64 random(5);
  for (int i = 0; i < 100; ++i) values.push_back(std::bit_cast<double>(random()));
  for (const double x : values)
    for (const double y : values) {
      INFO(x << " rem " << y << " = " << rem(x, y));
      CHECK(same(rem(x, y), std::fmod(x, y)));
    }
}

} // namespace
} // namespace ogee::ir::tests
