// Arrays of the tool.
#include "tools/ogee/arrays.h"

#include "runtime/copy.h"
#include "runtime/error.h"
#include "runtime/shape.h"

#include <cmath>
#include <random>
#include <sstream>

namespace ogee::tools {

using runtime::DType;

namespace {

/// Calls `f.operator()<T>()` for the dtype; an Error where the dialect has none of it.
template <class F>
auto withElement(DType dtype, F&& f) {
  switch (dtype) {
  case DType::boolean: return f.template operator()<bool>();
  case DType::i32: return f.template operator()<int32_t>();
  case DType::i64: return f.template operator()<int64_t>();
  case DType::f32: return f.template operator()<float>();
  case DType::f64: return f.template operator()<double>();
  default: runtime::raise(runtime::ErrorCode::unsupported, "no array of ", runtime::name(dtype), " can be used here");
  }
}

template <class T>
std::span<T> elements(const HostArray& array) {
  return {reinterpret_cast<T*>(array.storage->data()), size_t(numel(array))};
}

template <class T>
bool isRight(T actual, T expected, const Tolerance& tolerance) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(expected) || std::isnan(actual)) return std::isnan(expected) && std::isnan(actual);
    if (std::isfinite(expected) && std::isfinite(actual))
      return std::abs(actual - expected) <= tolerance.relative * std::abs(expected) + tolerance.absolute;
  }
  return actual == expected;
}

/// "[2, 3]" for the element at a place in row-major order.
std::string indexText(int64_t place, const std::vector<int64_t>& shape) {
  std::vector<int64_t> index(shape.size());
  for (size_t axis = shape.size(); axis-- > 0; place /= shape[axis]) index[axis] = place % shape[axis];
  return runtime::to_string(index);
}

} // namespace

HostArray allocate(DType dtype, std::span<const int64_t> shape, runtime::Device device) {
  const int64_t bytes = runtime::checked_bytes(shape, dtype).take();
  return {dtype, {shape.begin(), shape.end()}, runtime::Storage::allocate(bytes, device)};
}

HostArray copyTo(runtime::Device device, const HostArray& array) {
  HostArray copy = allocate(array.dtype, array.shape, device);
  runtime::copy_bytes(*copy.storage, 0, *array.storage, 0, size_t(numel(array)) * runtime::item_size(array.dtype));
  return copy;
}

HostArray randomArray(DType dtype, std::span<const int64_t> shape, uint64_t seed) {
  HostArray array = allocate(dtype, shape);
  std::mt19937_64 bits(seed);
  withElement(dtype, [&]<class T>() {
    for (T& element : elements<T>(array)) {
      const uint64_t word = bits();
      if constexpr (std::is_floating_point_v<T>)
        element = T(std::ldexp(T(word >> 40), -23) - 1);
      else
        element = T(std::is_same_v<T, bool> ? word >> 63 : word >> 61);
    }
  });
  return array;
}

int64_t numel(const HostArray& array) { return *runtime::checked_numel(array.shape); }

const HostArray* find(const runtime::NamedArrays& arrays, const std::string& name) {
  for (const auto& [candidate, array] : arrays)
    if (candidate == name) return &array;
  return nullptr;
}

std::string difference(const HostArray& actual, const HostArray& expected, const Tolerance& tolerance) {
  if (actual.dtype != expected.dtype || actual.shape != expected.shape)
    return "is " + describe(actual) + ", expected " + describe(expected);
  return withElement(actual.dtype, [&]<class T>() -> std::string {
    const std::span<T> a = elements<T>(actual), e = elements<T>(expected);
    size_t wrong = 0, first = 0;
    for (size_t i = 0; i < a.size(); ++i)
      if (!isRight(a[i], e[i], tolerance) && wrong++ == 0) first = i;
    if (wrong == 0) return "";
    std::ostringstream text;
    text << "element " << indexText(int64_t(first), actual.shape) << " is " << a[first] << ", expected " << e[first];
    if (wrong > 1) text << " (" << wrong << " of " << a.size() << " elements differ)";
    return text.str();
  });
}

std::string describe(const HostArray& array) {
  return runtime::concat(runtime::name(array.dtype), " ", runtime::to_string(array.shape));
}

} // namespace ogee::tools
