// What is behind a Tensor handle. Private to the front end.
#pragma once

#include "frontend/dims.h"
#include "frontend/tensor.h"
#include "runtime/executable.h"
#include "runtime/storage.h"

#include <atomic>
#include <cassert>
#include <memory>
#include <span>
#include <string>

namespace ogee {
class Trace;
}

namespace ogee::detail {

/// The largest rank.
inline constexpr size_t kMaxRank = Axes::kMax;

/// Up to kMaxRank numbers without heap memory: sizes or strides.
class SizeList {
public:
  SizeList() = default;
  SizeList(std::span<const int64_t> values) : count_(values.size()) {
    assert(count_ <= kMaxRank);
    std::copy(values.begin(), values.end(), values_);
  }
  SizeList(const SizeList& other) : SizeList(std::span<const int64_t>(other)) {}
  SizeList& operator=(const SizeList& other) {
    count_ = other.count_;
    std::copy(other.begin(), other.end(), values_);
    return *this;
  }

  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  int64_t* begin() { return values_; }
  int64_t* end() { return values_ + count_; }
  const int64_t* begin() const { return values_; }
  const int64_t* end() const { return values_ + count_; }
  int64_t* data() { return values_; }
  const int64_t* data() const { return values_; }
  int64_t& operator[](size_t i) { return assert(i < count_), values_[i]; }
  int64_t operator[](size_t i) const { return assert(i < count_), values_[i]; }
  int64_t& back() { return (*this)[count_ - 1]; }
  int64_t back() const { return (*this)[count_ - 1]; }
  void push_back(int64_t value) {
    assert(count_ < kMaxRank);
    values_[count_++] = value;
  }
  void insert(size_t at, int64_t value) {
    push_back(value);
    std::rotate(values_ + at, values_ + count_ - 1, values_ + count_);
  }
  void erase(size_t at) {
    std::copy(values_ + at + 1, values_ + count_, values_ + at);
    --count_;
  }
  void clear() { count_ = 0; }
  friend bool operator==(const SizeList& a, const SizeList& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

private:
  size_t count_ = 0;
  int64_t values_[kMaxRank];
};

struct Autograd;
void destroy(Autograd* autograd) noexcept;
struct AutogradDeleter {
  void operator()(Autograd* autograd) const noexcept { destroy(autograd); }
};

/// What a tensor without elements has instead: a shape that may be symbolic and, inside a trace, what it stands for.
struct Symbolic {
  Shape shape;
  Device device;
  Shape strides;                ///< in elements, as if it had memory: says what is a view
  std::shared_ptr<Trace> trace; ///< null: a spec
  uint32_t view = 0;            ///< of Functionalizer
  Loc loc;                      ///< the line that made it
};

struct TensorImpl {
  std::atomic<uint32_t> refs{1};
  std::atomic<uint32_t> holds{
      0}; ///< references that compiled functions have; with no other left the tensor was rebound
  DType dtype = DType::f32;
  runtime::StorageRef storage;                         ///< null: no elements (traced or a spec)
  int64_t offset = 0;                                  ///< of the first element
  SizeList sizes, strides;                             ///< strides in elements; both only with storage
  bool dense = false;                                  ///< row-major without gaps
  std::unique_ptr<Symbolic> symbolic;                  ///< set exactly where storage is not
  std::unique_ptr<Autograd, AutogradDeleter> autograd; ///< null: no part of the tape
  std::string name;
  bool optimizer_state = false; ///< made by an optimizer for itself
  Loc made_at; ///< the line of the function that gave it, for conversions of it; line 0 where there is none

  /// The first element; null where an empty tensor has no memory.
  std::byte* data() const {
    std::byte* const base = storage->data();
    return base ? base + offset * static_cast<int64_t>(runtime::item_size(dtype)) : nullptr;
  }
  size_t rank() const { return symbolic ? symbolic->shape.size() : sizes.size(); }
  Device device() const { return storage ? storage->device() : symbolic->device; }
  /// As a program's argument.
  runtime::TensorArg arg() const {
    return {data(), sizes.data(), strides.data(), static_cast<uint32_t>(sizes.size()), dtype};
  }
};

/// The impl of a defined tensor; else an Error that names the function.
inline TensorImpl& checked(const Tensor& x, const char* op, Loc loc);
[[noreturn]] void fail_undefined(const char* op, Loc loc);
/// The impl of a tensor with elements; else an Error.
TensorImpl& checked_data(const Tensor& x, const char* op, Loc loc);

inline TensorImpl& checked(const Tensor& x, const char* op, Loc loc) {
  if (!x.defined()) [[unlikely]]
    fail_undefined(op, loc);
  return *x.impl();
}

/// Raises the Error of a tensor without elements that is used outside of its trace.
[[noreturn]] void fail_foreign(const Tensor& x, const char* op, Loc loc);

/// Error for a dtype that tensors of this version do not have.
void check_dtype(DType dtype, const char* op, Loc loc);
/// Whether operations compute with a dtype. Tensors of the others (u8, i8) are stored, moved and converted, no more.
constexpr bool computes(DType dtype) noexcept {
  return dtype == DType::boolean || dtype == DType::i32 || dtype == DType::i64 || dtype == DType::f32 ||
         dtype == DType::f64;
}
/// Error for `what` where operations do not compute with its dtype.
void check_computes(DType dtype, const char* op, const char* what, Loc loc);
/// One element as a number.
Scalar load_scalar(const std::byte* at, DType dtype);

/// A strided tensor's strides as a graph's argument has them: known at run time (-1), the innermost one the number 1
/// where it is.
std::vector<int64_t> stride_classes(const TensorImpl& impl);

/// A new dense tensor with elements of no defined value.
Tensor make_dense(std::span<const int64_t> sizes, DType dtype, Device device);
/// The same for a function: an Error names it and its line.
Tensor make_dense(std::span<const int64_t> sizes, DType dtype, Device device, const char* op, Loc loc);
/// The same without a trace, where sizes may be anything: Error unless they are numbers, none negative.
Tensor new_dense(const Shape& shape, DType dtype, Device device, const char* op, Loc loc);
/// A tensor on part of a storage.
Tensor make_strided(runtime::StorageRef storage, int64_t offset, std::span<const int64_t> sizes,
                    std::span<const int64_t> strides, DType dtype);
/// A view of `x` with elements.
Tensor make_view(const TensorImpl& x, int64_t offset, std::span<const int64_t> sizes, std::span<const int64_t> strides);

} // namespace ogee::detail
