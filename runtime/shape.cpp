// Shapes: the small vector, and checked sizes, strides and texts of shapes.
#include "runtime/shape.h"

#include <ostream>

namespace ogee::runtime {
namespace {

template <class T>
Result<int64_t> numel_of(std::span<const T> dims) {
  Checked numel = 1;
  bool empty = false;
  for (const T& dim : dims) {
    const Dim size = dim;
    if (!size.is_number()) return failure("the size ", size, " is not known here");
    if (size.number() < 0) return failure("negative size ", size);
    empty |= size.number() == 0;
    numel = numel * size.number();
  }
  if (empty) return int64_t(0);
  if (!numel.valid()) return failure("too many elements: ", to_string(dims));
  return numel.value();
}

template <class T>
Result<int64_t> bytes_of(std::span<const T> dims, DType dtype) {
  Result<int64_t> numel = numel_of(dims);
  if (!numel) return numel;
  const Checked bytes = Checked(*numel) * item_size(dtype);
  if (!bytes.valid()) return failure("too many bytes: ", to_string(dims), " of ", name(dtype));
  return bytes.value();
}

template <class T>
std::string list(std::span<const T> items) {
  std::string text = "[";
  for (const T& item : items) detail::append(text, concat(text.size() > 1 ? ", " : "", item));
  return text + "]";
}

} // namespace

Shape::Shape(std::span<const Dim> dims) {
  reserve(dims.size());
  for (const Dim& dim : dims) new (data_ + size_++) Dim(dim);
}

Shape::Shape(std::span<const int64_t> dims) {
  reserve(dims.size());
  for (const int64_t dim : dims) new (data_ + size_++) Dim(dim);
}

Shape::Shape(size_t rank, const Dim& dim) { resize(rank, dim); }

Shape& Shape::operator=(Shape&& other) noexcept {
  if (this == &other) return *this;
  clear_storage();
  take(other);
  return *this;
}

void Shape::reserve(size_t capacity) {
  if (capacity <= capacity_) return;
  capacity = std::max<size_t>(capacity, 2 * size_t(capacity_));
  Dim* const grown = std::allocator<Dim>().allocate(capacity);
  std::uninitialized_move_n(data_, size_, grown);
  const uint32_t size = size_;
  clear_storage();
  data_ = grown;
  size_ = size;
  capacity_ = static_cast<uint32_t>(capacity);
}

void Shape::take(Shape& other) noexcept {
  if (other.is_inline()) {
    std::uninitialized_move_n(other.data_, other.size_, data_);
    size_ = other.size_;
    other.clear_storage();
    return;
  }
  data_ = std::exchange(other.data_, other.inline_data());
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, kInline);
}

void Shape::clear_storage() noexcept {
  std::destroy_n(data_, size_);
  if (!is_inline()) std::allocator<Dim>().deallocate(data_, capacity_);
  data_ = inline_data();
  size_ = 0;
  capacity_ = kInline;
}

void Shape::push_back(Dim dim) {
  reserve(size_ + 1);
  new (data_ + size_++) Dim(std::move(dim));
}

void Shape::insert(size_t at, Dim dim) {
  assert(at <= size_);
  push_back(std::move(dim));
  std::rotate(begin() + at, end() - 1, end());
}

void Shape::erase(size_t at) {
  assert(at < size_);
  std::move(begin() + at + 1, end(), begin() + at);
  std::destroy_at(data_ + --size_);
}

void Shape::resize(size_t rank, const Dim& dim) {
  const Dim value = dim; // `dim` may be one of ours
  while (size_ > rank) std::destroy_at(data_ + --size_);
  reserve(rank);
  while (size_ < rank) new (data_ + size_++) Dim(value);
}

bool Shape::is_static() const noexcept {
  return std::ranges::all_of(*this, [](const Dim& dim) { return dim.is_number(); });
}

Dim Shape::numel() const {
  Dim product = 1;
  bool empty = false;
  for (const Dim& dim : *this) {
    empty |= dim.is_number() && dim.number() == 0;
    product = product * dim;
  }
  return empty ? Dim(0) : product;
}

std::string Shape::to_string() const { return list(std::span<const Dim>(*this)); }

bool same(const Shape& a, const Shape& b) noexcept {
  return std::ranges::equal(a, b, [](const Dim& x, const Dim& y) { return same(x, y); });
}

bool operator==(const Shape& a, const Shape& b) {
  return std::ranges::equal(a, b, [](const Dim& x, const Dim& y) { return Dim::equal(x, y); });
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.to_string(); }

Result<int64_t> checked_numel(std::span<const Dim> dims) { return numel_of(dims); }
Result<int64_t> checked_numel(std::span<const int64_t> dims) { return numel_of(dims); }
Result<int64_t> checked_bytes(std::span<const Dim> dims, DType dtype) { return bytes_of(dims, dtype); }
Result<int64_t> checked_bytes(std::span<const int64_t> dims, DType dtype) { return bytes_of(dims, dtype); }

Shape row_major_strides(std::span<const Dim> dims) {
  Shape strides(dims.size(), 1);
  Dim step = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    strides[i] = step;
    if (!same(dims[i], Dim(0))) step = step * dims[i];
  }
  return strides;
}

std::vector<int64_t> row_major_strides(std::span<const int64_t> dims) {
  std::vector<int64_t> strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) {
    const Checked step = Checked(strides[i]) * std::max<int64_t>(dims[i], 1);
    strides[i - 1] = step.valid() ? step.value() : 0; // only of an empty tensor: its strides are never used
  }
  return strides;
}

bool is_row_major(std::span<const int64_t> sizes, std::span<const int64_t> strides) noexcept {
  if (std::ranges::find(sizes, 0) != sizes.end()) return true;
  uint64_t step = 1; // unsigned: a broadcast dim may make it wrap, and is then found out
  for (size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i] != 1 && static_cast<uint64_t>(strides[i]) != step) return false;
    step *= static_cast<uint64_t>(sizes[i]);
  }
  return true;
}

std::string to_string(std::span<const Dim> sizes) { return list(sizes); }
std::string to_string(std::span<const int64_t> sizes) { return list(sizes); }

} // namespace ogee::runtime
