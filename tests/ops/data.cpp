// Makes arguments.
#include "tests/ops/data.h"

#include <cmath>
#include <cstring>
#include <random>

namespace ogee::tests {

namespace {

template <class T>
using Limits = std::numeric_limits<T>;

/// The values at which functions turn, and those at which implementations do.
template <class T>
const std::vector<T>& specials() {
  if constexpr (std::is_same_v<T, bool>) {
    static const std::vector<T> values = {false, true};
    return values;
  } else if constexpr (std::is_integral_v<T>) {
    static const std::vector<T> values = {0,
                                          1,
                                          -1,
                                          2,
                                          -2,
                                          3,
                                          7,
                                          -7,
                                          10,
                                          31,
                                          32,
                                          33,
                                          63,
                                          64,
                                          65,
                                          16,
                                          17,
                                          -32,
                                          127,
                                          1000,
                                          46341,
                                          T(Limits<T>::max() - 1),
                                          Limits<T>::max(),
                                          T(Limits<T>::min() + 1),
                                          Limits<T>::min()};
    return values;
  } else {
    static const std::vector<T> values = {0,
                                          T(-0.0),
                                          1,
                                          -1,
                                          T(0.5),
                                          T(-0.5),
                                          T(1.5),
                                          T(-2.5),
                                          2,
                                          -3,
                                          10,
                                          T(-87.5),
                                          100,
                                          T(1e-3),
                                          T(-3e-5),
                                          T(1e6),
                                          T(3e9),
                                          T(-1e10),
                                          T(1e22),
                                          T(3.14159274),
                                          Limits<T>::denorm_min(),
                                          -Limits<T>::denorm_min(),
                                          Limits<T>::min(),
                                          Limits<T>::min() / 3,
                                          -Limits<T>::min(),
                                          Limits<T>::max(),
                                          Limits<T>::lowest(),
                                          Limits<T>::infinity(),
                                          -Limits<T>::infinity(),
                                          Limits<T>::quiet_NaN()};
    return values;
  }
}

template <class T>
T randomBits(std::mt19937_64& random) {
  const uint64_t bits = random();
  if constexpr (std::is_same_v<T, bool>) return bits & 1;
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

template <class T>
T ordinary(std::mt19937_64& random) {
  const uint64_t bits = random();
  if constexpr (std::is_same_v<T, bool>) return bits & 1;
  if constexpr (std::is_integral_v<T>) return T(int64_t(bits % 201) - 100);
  return T(std::ldexp(double(bits >> 11), -50) - 4);
}

template <class T>
T whole(std::mt19937_64& random) {
  return std::is_same_v<T, bool> ? T(random() & 1) : T(int64_t(random() % 17) - 8);
}

template <class T>
T unit(std::mt19937_64& random) {
  const uint64_t bits = random();
  if constexpr (std::is_same_v<T, bool>) return bits & 1;
  if (bits % 64 == 0) return T(bits & 64 ? 2 : std::is_integral_v<T> ? 3 : 0.5);
  return T(bits & 64 ? 1 : -1);
}

template <class T>
T infinite(std::mt19937_64& random) {
  if constexpr (std::is_floating_point_v<T>) {
    const uint64_t bits = random();
    if (bits % 61 == 0)
      return bits & 64 ? Limits<T>::infinity() : bits & 128 ? -Limits<T>::infinity() : Limits<T>::quiet_NaN();
  }
  return ordinary<T>(random);
}

/// Element `place` of operand `operand`: the operand's digit of `place` written in base `count`, so that all
/// combinations come up.
size_t digit(size_t place, size_t operand, size_t count) {
  for (; operand > 0; --operand) place /= count;
  return place % count;
}

template <class T>
T special(std::mt19937_64& random, size_t place, size_t elements, size_t operand, size_t operands) {
  const std::vector<T>& values = specials<T>();
  if (double(elements) >= std::pow(double(values.size()), double(operands)) &&
      place < std::pow(double(values.size()), double(operands)))
    return values[digit(place, operand, values.size())];
  switch (random() % 4) {
  case 0: return randomBits<T>(random);
  case 1: return ordinary<T>(random);
  default: return values[random() % values.size()];
  }
}

} // namespace

Array makeArray(DType dtype, const Index& shape, Values values, size_t operand, size_t operands) {
  Array array(dtype, shape);
  std::mt19937_64 random(operand * 1000003 + array.bytes.size());
  reference::withType<float, double, int32_t, int64_t, bool>(dtype, [&]<class T>() {
    const auto elements = array.as<T>();
    for (size_t i = 0; i < elements.size(); ++i) switch (values) {
      case Values::special: elements[i] = special<T>(random, i, elements.size(), operand, operands); break;
      case Values::ordinary: elements[i] = ordinary<T>(random); break;
      case Values::whole: elements[i] = whole<T>(random); break;
      case Values::unit: elements[i] = unit<T>(random); break;
      case Values::infinite: elements[i] = infinite<T>(random); break;
      }
  });
  return array;
}

Array indexArray(int64_t value) { return Array(Index{}, std::vector<int64_t>{value}); }

Array repeatRows(Array array) {
  if (array.shape.empty() || array.numel() == 0) return array;
  const size_t item = runtime::item_size(array.dtype), row = size_t(array.shape.back()) * item;
  for (size_t start = 0; start < array.bytes.size(); start += row)
    for (size_t at = start; at < start + row; at += item)
      std::memcpy(array.bytes.data() + at, array.bytes.data() + start + row - item, item);
  return array;
}

} // namespace ogee::tests
