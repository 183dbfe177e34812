// Conversions of ir/math.h between every pair of element types, against C++'s own where those are defined.
#include "tests/catch.h"
#include "tests/ir/math_jit.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <tuple>
#include <type_traits>

namespace ogee::ir::tests {
namespace {

using math::Signedness;

/// What `convert` promises.
template <typename To, typename From>
To reference(From x) {
  using Limits = std::numeric_limits<To>;
  if constexpr (std::is_same_v<To, bool>) {
    return x != 0;
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (std::isnan(x)) return 0;
    if (x >= std::ldexp(From(1), Limits::digits)) return Limits::max();
    return x < static_cast<From>(Limits::min()) ? Limits::min() : static_cast<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

template <typename T>
std::vector<T> values() {
  if constexpr (std::is_same_v<T, bool>) {
    return {false, true};
  } else if constexpr (std::is_integral_v<T>) {
    using Limits = std::numeric_limits<T>;
    return {0,
            1,
            T(-1),
            2,
            100,
            T(-100),
            127,
            T(128),
            T((1 << 24) + 1),
            T((int64_t(1) << 53) + 1),
            T(0x7fffffbfffffffff),
            Limits::max(),
            Limits::min(),
            T(Limits::max() - 1),
            T(Limits::max() / 3)};
  } else {
    std::vector<T> result = {std::numeric_limits<T>::quiet_NaN()};
    for (const double magnitude : {0.0,
                                   0x1p-149,
                                   0x1p-126,
                                   0.5,
                                   0.999,
                                   1.0,
                                   1.5,
                                   100.7,
                                   127.0,
                                   127.9,
                                   128.0,
                                   128.9,
                                   129.0,
                                   255.0,
                                   255.9,
                                   256.0,
                                   16777217.0,
                                   2147483520.0,
                                   2147483647.0,
                                   2147483647.5,
                                   0x1p31,
                                   2147483648.5,
                                   2147483649.0,
                                   0x1p53,
                                   0x1.fffffffffffffp62,
                                   0x1p63,
                                   0x1p64,
                                   0x1.fffffefp127,
                                   0x1.ffffffp127,
                                   1e300,
                                   static_cast<double>(INFINITY)})
      for (const double x : {magnitude, -magnitude}) result.push_back(static_cast<T>(x));
    return result;
  }
}

/// Memory holds uint8_t as i8.
template <typename T>
using Stored = std::conditional_t<std::is_same_v<T, uint8_t>, int8_t, T>;

template <typename To, typename From>
void checkPair() {
  const auto signedness = [](bool isUnsigned) { return isUnsigned ? Signedness::isUnsigned : Signedness::isSigned; };
  const Body body = [&](Builder& b, mlir::ValueRange args) {
    return math::convert(b, args[0], laneType(b, laneOf<Stored<To>>()), signedness(std::is_same_v<From, uint8_t>),
                         signedness(std::is_same_v<To, uint8_t>));
  };
  for (const unsigned width : {0u, 16u}) {
    const Kernel<Stored<To>(Stored<From>)> kernel(body, {.width = width});
    for (const From x : values<From>()) {
      const To expected = reference<To>(x);
      const Stored<To> got = kernel(static_cast<Stored<From>>(x));
      INFO(+x << " gives " << +got << ", expected " << +expected << "; bytes " << sizeof(From) << " to " << sizeof(To));
      CHECK((std::memcmp(&got, &expected, sizeof(To)) == 0 || (got != got && expected != expected)));
    }
  }
}

template <typename From>
void checkFrom() {
  std::apply([](auto... to) { (checkPair<decltype(to), From>(), ...); },
             std::tuple<bool, int8_t, uint8_t, int32_t, int64_t, float, double>());
}

TEMPLATE_TEST_CASE("conversions", "", bool, int8_t, uint8_t, int32_t, int64_t, float, double) { checkFrom<TestType>(); }

} // namespace
} // namespace ogee::ir::tests
