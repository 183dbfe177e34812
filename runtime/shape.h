// `Shape`: a short list of Dims without heap memory up to rank 6, and the sizes computed from one.
#pragma once

#include "runtime/dim.h"
#include "runtime/dtype.h"

#include <algorithm>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <vector>

namespace ogee::runtime {

class Shape {
public:
  static constexpr size_t kInline = 6;

  Shape() noexcept {}
  Shape(std::initializer_list<Dim> dims) : Shape(std::span<const Dim>(dims.begin(), dims.size())) {}
  explicit Shape(std::span<const Dim> dims);
  explicit Shape(std::span<const int64_t> dims);
  /// `rank` copies of one Dim.
  Shape(size_t rank, const Dim& dim);
  Shape(const Shape& other) : Shape(std::span<const Dim>(other)) {}
  Shape(Shape&& other) noexcept { take(other); }
  Shape& operator=(const Shape& other) { return *this = Shape(other); }
  Shape& operator=(Shape&& other) noexcept;
  ~Shape() { clear_storage(); }

  size_t size() const noexcept { return size_; }
  size_t rank() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  Dim* data() noexcept { return data_; }
  const Dim* data() const noexcept { return data_; }
  Dim* begin() noexcept { return data_; }
  Dim* end() noexcept { return data_ + size_; }
  const Dim* begin() const noexcept { return data_; }
  const Dim* end() const noexcept { return data_ + size_; }
  Dim& operator[](size_t i) noexcept { return assert(i < size_), data_[i]; }
  const Dim& operator[](size_t i) const noexcept { return assert(i < size_), data_[i]; }
  Dim& back() noexcept { return (*this)[size_ - 1]; }
  const Dim& back() const noexcept { return (*this)[size_ - 1]; }

  void push_back(Dim dim);
  void insert(size_t at, Dim dim);
  void erase(size_t at);
  void resize(size_t rank, const Dim& dim = 0);

  /// Whether every dim is a number.
  bool is_static() const noexcept;
  /// The product of the dims (1 for rank 0), invalid when it overflows; 0 as soon as one dim is the number 0.
  Dim numel() const;
  /// "[32, batch]".
  std::string to_string() const;

  /// Dim by dim.
  friend bool same(const Shape& a, const Shape& b) noexcept;
  /// Dim by dim; an Error when the ranges of symbols do not decide it.
  friend bool operator==(const Shape& a, const Shape& b);

private:
  Dim* inline_data() noexcept { return std::launder(reinterpret_cast<Dim*>(inline_)); }
  bool is_inline() const noexcept { return data_ == reinterpret_cast<const Dim*>(inline_); }
  void reserve(size_t capacity);
  void take(Shape& other) noexcept;
  void clear_storage() noexcept;

  uint32_t size_ = 0;
  uint32_t capacity_ = kInline;
  Dim* data_ = reinterpret_cast<Dim*>(inline_);
  alignas(Dim) std::byte inline_[kInline * sizeof(Dim)];
};

std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// Elements of a dense tensor: fails for negative and unknown sizes and when the number overflows. 0 if one size is 0.
Result<int64_t> checked_numel(std::span<const Dim> dims);
Result<int64_t> checked_numel(std::span<const int64_t> dims);
/// Its bytes.
Result<int64_t> checked_bytes(std::span<const Dim> dims, DType dtype);
Result<int64_t> checked_bytes(std::span<const int64_t> dims, DType dtype);

/// Strides of a dense row-major tensor, in elements; sizes of the number 0 count as 1.
Shape row_major_strides(std::span<const Dim> dims);
std::vector<int64_t> row_major_strides(std::span<const int64_t> dims);

/// Whether a tensor of these sizes and strides (elements) is dense row-major: strides of dims of size 1 do not matter,
/// nor any if it is empty.
bool is_row_major(std::span<const int64_t> sizes, std::span<const int64_t> strides) noexcept;

/// "[32, 784]".
std::string to_string(std::span<const Dim> sizes);
std::string to_string(std::span<const int64_t> sizes);

} // namespace ogee::runtime
