// Dense tensors in host memory, looked at element by element: what the interpreter computes with.
#pragma once

#include "runtime/dtype.h"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace ogee::reference {

using runtime::DType;
using Index = std::vector<int64_t>;

/// The dtype whose elements are C++'s T.
template <class T>
constexpr DType dtypeOf() {
  if constexpr (std::is_same_v<T, bool>) return DType::boolean;
  if constexpr (std::is_same_v<T, int32_t>) return DType::i32;
  if constexpr (std::is_same_v<T, int64_t>) return DType::i64;
  if constexpr (std::is_same_v<T, float>) return DType::f32;
  return DType::f64;
}

/// A dense row-major tensor. A boolean is one byte, 0 or 1.
struct Array {
  DType dtype = DType::f32;
  Index shape;
  std::vector<std::byte> bytes;

  /// The f32 number 0.
  Array() : Array(DType::f32, {}) {}
  /// All elements 0; the number of bytes must fit into an int64.
  Array(DType dtype, Index shape);
  /// Of given elements, in row-major order.
  template <class T>
  Array(Index shape, const std::vector<T>& elements) : Array(dtypeOf<T>(), std::move(shape)) {
    assert(int64_t(elements.size()) == numel());
    for (size_t i = 0; i < elements.size(); ++i) as<T>()[i] = elements[i]; // a vector of bool has no array
  }

  int64_t numel() const;

  /// The elements in row-major order; T is the type of `dtype`.
  template <class T>
  std::span<T> as() {
    assert(dtype == dtypeOf<T>());
    return {reinterpret_cast<T*>(bytes.data()), size_t(numel())};
  }
  template <class T>
  std::span<const T> as() const {
    return const_cast<Array*>(this)->as<T>();
  }
};

/// "[32, 784]".
std::string toString(const Index& shape);

/// Place of an element in row-major order.
int64_t offsetOf(const Index& index, const Index& shape);

/// Calls `f` with every index into a tensor of this shape, in row-major order.
void forEachIndex(const Index& shape, const std::function<void(const Index&)>& f);

/// Calls `f.operator()<T>()` with the one of Types that `dtype` is; it is one of them.
template <class First, class... Rest, class F>
auto withType(DType dtype, F&& f) {
  if constexpr (sizeof...(Rest) > 0) {
    if (dtype != dtypeOf<First>()) return withType<Rest...>(dtype, f);
  }
  assert(dtype == dtypeOf<First>());
  return f.template operator()<First>();
}

} // namespace ogee::reference
