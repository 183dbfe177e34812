// How shapes and axes are written as arguments: `{3, 4}`, `{B * T, -1}`, `1`, `{0, 1}`.
#pragma once

#include "frontend/scalar.h"
#include "runtime/shape.h"

#include <initializer_list>
#include <span>
#include <vector>

namespace ogee {

using runtime::Shape;

/// A shape as an argument: one size or a braced list of them (numbers or `Dim`s), a `Shape` or a vector. Where the
/// function says so, one entry may be -1: "what is left".
class Dims {
public:
  Dims(std::initializer_list<Dim> sizes) : shape_(sizes) {}
  template <class T>
    requires(std::integral<T> && !std::same_as<T, bool>) || std::same_as<T, Dim>
  Dims(T size) : shape_{Dim(size)} {}
  Dims(const Shape& shape) : shape_(shape) {}
  Dims(const std::vector<int64_t>& sizes) : shape_(std::span<const int64_t>(sizes)) {}
  Dims(const std::vector<Dim>& sizes) : shape_(std::span<const Dim>(sizes)) {}
  Dims(std::span<const int64_t> sizes) : shape_(sizes) {}

  const Shape& shape() const { return shape_; }

private:
  Shape shape_;
};

/// Axes of a tensor as an argument: one number or a braced list; negative ones count from the end. An empty list means
/// all axes.
class Axes {
public:
  static constexpr size_t kMax = 16;

  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Axes(T axis) : count_(1) {
    axes_[0] = static_cast<int64_t>(axis);
  }
  Axes(std::initializer_list<int64_t> axes) : Axes(std::span(axes.begin(), axes.size())) {}
  Axes(const std::vector<int64_t>& axes) : Axes(std::span<const int64_t>(axes)) {}
  /// Error when there are more than `kMax`.
  Axes(std::span<const int64_t> axes);

  std::span<const int64_t> values() const { return {axes_, count_}; }
  bool empty() const { return count_ == 0; }

private:
  int64_t axes_[kMax];
  size_t count_ = 0;
};

} // namespace ogee
