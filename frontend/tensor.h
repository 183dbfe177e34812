// The tensor that users hold, and every function that takes one first (ops.def), as a free function and as a method.
#pragma once

#include "frontend/device.h"
#include "frontend/dims.h"
#include "frontend/scalar.h"
#include "runtime/error.h"

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ogee {

using runtime::Error;

namespace detail {
struct TensorImpl;
class Node;
void retain(TensorImpl* impl) noexcept;
void release(TensorImpl* impl) noexcept;

/// While it lives, what this thread's operations keep of `target` for gradients is a copy: it is about to be changed.
class OverwriteScope {
public:
  explicit OverwriteScope(const Tensor& target) noexcept;
  ~OverwriteScope();
  OverwriteScope(const OverwriteScope&) = delete;
  OverwriteScope& operator=(const OverwriteScope&) = delete;

private:
  const void* const before_;
};
} // namespace detail

/// What `max(x, dim)` gives: `auto [values, indices] = …`.
template <class T>
struct ValuesAndIndices {
  T values, indices;
};

/// The end of an axis in `slice`.
inline constexpr int64_t kEnd = INT64_MAX;

// Free functions of the rows in ops.def.
#define OGEE_UNPACK(...) __VA_ARGS__
#define OGEE_UNARY(f) Tensor f(const Tensor& x, Loc loc = Loc::current());
#define OGEE_BINARY(f)                                                                                                 \
  Tensor f(const Tensor& x, const Tensor& y, Loc loc = Loc::current());                                                \
  Tensor f(const Tensor& x, const Scalar& y, Loc loc = Loc::current());                                                \
  Tensor f(const Scalar& x, const Tensor& y, Loc loc = Loc::current());
#define OGEE_PARAMETERS(...) (const Tensor& x __VA_OPT__(, ) __VA_ARGS__, Loc loc = Loc::current())
#define OGEE_OP(result, f, parameters, arguments) result f OGEE_PARAMETERS parameters;
#define OGEE_INPLACE_OP(f, parameters, arguments) OGEE_OP(Tensor, f, parameters, arguments)
#include "frontend/ops.def"
#undef OGEE_PARAMETERS

/// The operation that made a tensor, as gradients run backward through it; false for a leaf.
class GradFn {
public:
  GradFn() = default;
  explicit GradFn(std::shared_ptr<detail::Node> node) : node_(std::move(node)) {}

  explicit operator bool() const noexcept { return node_ != nullptr; }
  /// "AddBackward"; "" for a leaf.
  std::string name() const;
  /// The operations that made its operands; leaves are left out.
  std::vector<GradFn> next() const;

private:
  std::shared_ptr<detail::Node> node_;
};

/// An index with the line where it stands.
class Index {
public:
  template <class T>
    requires std::integral<T> || std::same_as<T, Dim>
  Index(T value, Loc loc = Loc::current()) : value_(value), loc_(loc) {}
  const Dim& value() const { return value_; }
  Loc loc() const { return loc_; }

private:
  Dim value_;
  Loc loc_;
};

/// A dense array of numbers: a shared handle, so that a copy is the same tensor. Its elements have a dtype, its memory
/// may be shared with other tensors (views). While a function is traced a tensor stands for a value that will be
/// computed: it has a shape and a dtype but no elements. Every misuse throws `ogee::Error` with the caller's line.
class Tensor {
public:
  /// No tensor: only `defined()`, assignment and destruction are allowed.
  Tensor() = default;
  Tensor(const Tensor& other) noexcept : impl_(other.impl_) { detail::retain(impl_); }
  Tensor(Tensor&& other) noexcept : impl_(std::exchange(other.impl_, nullptr)) {}
  /// Takes over one reference to `impl`.
  explicit Tensor(detail::TensorImpl* impl) noexcept : impl_(impl) {}
  ~Tensor() { detail::release(impl_); }

  /// Makes this handle another tensor.
  Tensor& operator=(const Tensor& other) & noexcept {
    Tensor copy(other);
    std::swap(impl_, copy.impl_);
    return *this;
  }
  Tensor& operator=(Tensor&& other) & noexcept {
    std::swap(impl_, other.impl_);
    return *this;
  }
  /// Writes into a view: `x[0] = 5`, `x.slice(0, 2) = y`. The value broadcasts and is converted to this dtype.
  void operator=(const Operand& value) &&;

  // ---- what it is ----
  bool defined() const noexcept { return impl_ != nullptr; }
  /// Number of axes.
  int64_t dim(Loc loc = Loc::current()) const;
  Shape shape(Loc loc = Loc::current()) const;
  /// One size; negative axes count from the end.
  Dim size(int64_t dim, Loc loc = Loc::current()) const;
  Dim numel(Loc loc = Loc::current()) const;
  DType dtype(Loc loc = Loc::current()) const;
  Device device(Loc loc = Loc::current()) const;
  /// Elements between neighbours along an axis. Error in a trace, where there is no memory yet.
  int64_t stride(int64_t dim, Loc loc = Loc::current()) const;
  bool is_contiguous(Loc loc = Loc::current()) const;
  bool is_floating_point(Loc loc = Loc::current()) const;
  /// Whether both handles are the same tensor.
  bool is(const Tensor& other) const noexcept { return impl_ == other.impl_; }
  /// A name for graphs, errors and object files. Returns this tensor.
  const Tensor& set_name(std::string_view name, Loc loc = Loc::current()) const;
  std::string name(Loc loc = Loc::current()) const;

  // ---- host reads: Errors in a trace ----
  /// The value of a tensor of one element, converted to T: `item<int64_t>()` is exact for every integer, a double only
  /// up to 2^53. Error for a number that an integral T cannot hold.
  template <class T = double>
  T item(Loc loc = Loc::current()) const {
    const Scalar value = item_scalar(loc);
    if constexpr (std::same_as<T, bool>) {
      return value.as_bool();
    } else if constexpr (std::integral<T>) {
      if (!std::in_range<T>(value.as_int()) || !value.fits(DType::i64)) fail_item(value, 8 * sizeof(T), loc);
      return static_cast<T>(value.as_int());
    } else {
      return static_cast<T>(value.as_double());
    }
  }
  Scalar item_scalar(Loc loc = Loc::current()) const;
  /// The elements as plain C++ memory. Error unless T is the dtype's C++ type and the tensor is contiguous and on the
  /// CPU.
  template <class T>
  std::span<T> span(Loc loc = Loc::current()) const {
    return {static_cast<T*>(span_data(dtype_of<T>(), loc)), static_cast<size_t>(static_cast<int64_t>(numel(loc)))};
  }
  /// Address of the first element, whatever the strides, in the memory of its device. Error unless T is the dtype's
  /// C++ type.
  template <class T>
  T* data_ptr(Loc loc = Loc::current()) const {
    return static_cast<T*>(typed_data(dtype_of<T>(), loc));
  }
  /// Truth of the only element. Error for more than one, and in a trace: with the line that made this tensor, since a
  /// conversion cannot tell where it stands.
  explicit operator bool() const;
  /// bool: x == 0, elementwise.
  Tensor operator!() const;

  // ---- views, writing ----
  /// x[i]: the i-th entry along the first axis, a view.
  Tensor operator[](const Index& index) const;
  Tensor& operator+=(const Operand& other);
  Tensor& operator-=(const Operand& other);
  Tensor& operator*=(const Operand& other);
  Tensor& operator/=(const Operand& other);
  Tensor& operator%=(const Operand& other);
  Tensor& operator&=(const Operand& other);
  Tensor& operator|=(const Operand& other);
  Tensor& operator^=(const Operand& other);
  Tensor& operator<<=(const Operand& other);
  Tensor& operator>>=(const Operand& other);
  /// This tensor where condition (bool) is true, else `other`.
  Tensor where(const Tensor& condition, const Tensor& other, Loc loc = Loc::current()) const;
  Tensor where(const Tensor& condition, const Scalar& other, Loc loc = Loc::current()) const;
  /// Overwrites every element; the source broadcasts and is converted, and may be on another device.
  Tensor& copy_(const Tensor& source, Loc loc = Loc::current());
  Tensor& fill_(const Scalar& value, Loc loc = Loc::current());
  Tensor& zero_(Loc loc = Loc::current()) { return fill_(0, loc); }

  // ---- gradients (more in autograd.h) ----
  /// Makes this leaf collect gradients in `backward()`, or stop it. Error unless its elements are floats, and for false
  /// on a tensor that an operation made. Returns this tensor.
  Tensor requires_grad_(bool requires_grad = true, Loc loc = Loc::current()) const;
  /// Whether gradients flow through this tensor.
  bool requires_grad(Loc loc = Loc::current()) const;
  /// Whether no recorded operation made it.
  bool is_leaf(Loc loc = Loc::current()) const;
  /// The operation that made it.
  GradFn grad_fn(Loc loc = Loc::current()) const;
  /// Adds to `grad()` of every leaf that this tensor depends on the gradient of Σ seed * this. Without a seed this has
  /// one element. What was saved for it is dropped unless `retain_graph` (create_graph where not said) is true; with
  /// `create_graph` the gradients can be differentiated in turn (and hold what they were made from, leaves included,
  /// until `set_grad({})`; `autograd::grad` avoids that). Error where a saved tensor was changed in place.
  void backward(const Tensor& seed, std::optional<bool> retain_graph = {}, bool create_graph = false,
                Loc loc = Loc::current()) const;
  void backward(Loc loc = Loc::current()) const { backward(Tensor(), {}, false, loc); }
  /// What `backward()` has collected, of this shape and dtype; undefined before.
  Tensor grad(Loc loc = Loc::current()) const;
  /// Replaces what was collected; an undefined tensor forgets it. Error unless shape and dtype are this tensor's.
  void set_grad(const Tensor& gradient, Loc loc = Loc::current()) const;
  /// Collects the gradient of a tensor that is no leaf, too.
  void retain_grad(Loc loc = Loc::current()) const;
  /// A view without history: gradients do not flow through it.
  Tensor detach(Loc loc = Loc::current()) const;
  /// Calls `hook` with the gradient of this tensor when it has been computed; a defined tensor that it returns takes
  /// the gradient's place. Returns a number for `remove_hook`.
  uint64_t register_hook(std::function<Tensor(const Tensor& gradient)> hook, Loc loc = Loc::current()) const;
  template <class F>
    requires std::is_void_v<std::invoke_result_t<F&, const Tensor&>>
  uint64_t register_hook(F hook, Loc loc = Loc::current()) const {
    return register_hook(std::function<Tensor(const Tensor&)>([hook = std::move(hook)](const Tensor& gradient) mutable {
                           hook(gradient);
                           return Tensor();
                         }),
                         loc);
  }
  void remove_hook(uint64_t id, Loc loc = Loc::current()) const;

// Methods of the rows in ops.def.
#define OGEE_UNARY(f)                                                                                                  \
  Tensor f(Loc loc = Loc::current()) const { return ogee::f(*this, loc); }                                             \
  Tensor& f##_(Loc loc = Loc::current());
#define OGEE_BINARY(f)                                                                                                 \
  Tensor f(const Tensor& y, Loc loc = Loc::current()) const { return ogee::f(*this, y, loc); }                         \
  Tensor f(const Scalar& y, Loc loc = Loc::current()) const { return ogee::f(*this, y, loc); }                         \
  Tensor& f##_(const Tensor& y, Loc loc = Loc::current());                                                             \
  Tensor& f##_(const Scalar& y, Loc loc = Loc::current());
#define OGEE_PARAMETERS(...) (__VA_ARGS__ __VA_OPT__(, ) Loc loc = Loc::current())
#define OGEE_ARGUMENTS(...) (*this __VA_OPT__(, ) __VA_ARGS__, loc)
#define OGEE_OP(result, f, parameters, arguments)                                                                      \
  result f OGEE_PARAMETERS parameters const { return ogee::f OGEE_ARGUMENTS arguments; }
#define OGEE_INPLACE_OP(f, parameters, arguments)                                                                      \
  OGEE_OP(Tensor, f, parameters, arguments)                                                                            \
  Tensor& f##_ OGEE_PARAMETERS parameters {                                                                            \
    const detail::OverwriteScope scope(*this);                                                                         \
    return assign(ogee::f OGEE_ARGUMENTS arguments, #f "_", loc);                                                      \
  }
#include "frontend/ops.def"
#undef OGEE_PARAMETERS
#undef OGEE_ARGUMENTS
#undef OGEE_UNPACK

  /// For the library: the shared object behind the handle.
  detail::TensorImpl* impl() const noexcept { return impl_; }

private:
  /// The line that made this tensor or, for a captured one, first used it in the trace, for conversions: no parameter
  /// can bring their own.
  Loc made_at() const;
  /// The end of an in-place op: stores its result here. Error when the result's shape or kind of dtype does not fit.
  Tensor& assign(const Tensor& value, const char* op, Loc loc);
  [[noreturn]] static void fail_item(const Scalar& value, int bits, Loc loc);
  void* span_data(DType dtype, Loc loc) const;
  void* typed_data(DType dtype, Loc loc) const;

  detail::TensorImpl* impl_ = nullptr;
};

/// `a` where condition (bool) is true, else `b`.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b, Loc loc = Loc::current());
Tensor where(const Tensor& condition, const Tensor& a, const Scalar& b, Loc loc = Loc::current());
Tensor where(const Tensor& condition, const Scalar& a, const Tensor& b, Loc loc = Loc::current());
Tensor where(const Tensor& condition, const Scalar& a, const Scalar& b, Loc loc = Loc::current());

/// Tensors joined along an existing axis; the other sizes agree. dtypes promote.
Tensor cat(std::span<const Tensor> tensors, int64_t dim = 0, Loc loc = Loc::current());
Tensor cat(std::initializer_list<Tensor> tensors, int64_t dim = 0, Loc loc = Loc::current());
/// Tensors of one shape joined along a new axis.
Tensor stack(std::span<const Tensor> tensors, int64_t dim = 0, Loc loc = Loc::current());
Tensor stack(std::initializer_list<Tensor> tensors, int64_t dim = 0, Loc loc = Loc::current());

/// Whether |a - b| <= atol + rtol * |b| everywhere. Reads the result: an Error in a trace.
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false,
              Loc loc = Loc::current());
/// Whether shapes and all elements are equal (NaN is not).
bool equal(const Tensor& a, const Tensor& b, Loc loc = Loc::current());

} // namespace ogee
