// Handles, what tensors tell about themselves, and host reads.
#include "frontend/tensor.h"

#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/operators.h"
#include "frontend/tensor_impl.h"
#include "frontend/trace.h"
#include "runtime/runtime.h"

#include <cstring>

namespace ogee {

namespace detail {

void retain(TensorImpl* impl) noexcept {
  if (impl) impl->refs.fetch_add(1, std::memory_order_relaxed);
}

void release(TensorImpl* impl) noexcept {
  if (!impl) return;
  const uint32_t holds = impl->holds.load(std::memory_order_relaxed); // read while this reference keeps it alive
  const uint32_t before = impl->refs.fetch_sub(1, std::memory_order_acq_rel);
  if (before == 1) {
    if (impl->symbolic && impl->symbolic->trace) impl->symbolic->trace->forget(impl->symbolic->view);
    delete impl;
  } else if (holds != 0 && before - 1 == holds) [[unlikely]] {
    runtime::Runtime::get().bump_epoch(); // only compiled functions still hold it: the user has rebound it
  }
}

void fail_undefined(const char* op, Loc loc) { fail(loc, op, ": the tensor is undefined"); }

void fail_foreign(const Tensor& x, const char* op, Loc loc) {
  const Symbolic& symbolic = *x.impl()->symbolic;
  if (!symbolic.trace) fail(loc, op, ": a spec has no elements; hint: it is for trace(fn, specs…)");
  if (symbolic.trace->finished())
    fail(loc, op, ": a tensor of a finished trace is used: it was made", where(symbolic.loc),
         " and outlived the compiled function; hint: change captured tensors in place (`w -= …`), or return the new "
         "value");
  fail(loc, op, ": a tensor of another trace is used");
}

TensorImpl& checked_data(const Tensor& x, const char* op, Loc loc) {
  TensorImpl& impl = checked(x, op, loc);
  if (impl.symbolic && (!impl.symbolic->trace || impl.symbolic->trace.get() != Trace::current()))
    fail_foreign(x, op, loc);
  if (Trace::current())
    fail_with(ErrorCode::state,
              runtime::concat(op,
                              ": a compiled function cannot read the elements of a tensor while it is traced; hint: "
                              "return the tensor and read it outside, or choose with `where`"),
              loc);
  return impl;
}

void check_dtype(DType dtype, const char* op, Loc loc) {
  if (dtype == DType::f16 || dtype == DType::bf16)
    fail_with(ErrorCode::unsupported, runtime::concat(op, ": tensors of ", runtime::name(dtype), " are not supported"),
              loc);
}

void check_computes(DType dtype, const char* op, const char* what, Loc loc) {
  check_dtype(dtype, op, loc);
  if (computes(dtype)) return;
  fail_with(ErrorCode::unsupported,
            runtime::concat(op, ": ", what, " is ", runtime::name(dtype),
                            ", operations take bool, i32, i64, f32 and f64; hint: to(i32) first or to(",
                            runtime::name(dtype), ") last, outside of compiled functions"),
            loc);
}

std::vector<int64_t> stride_classes(const TensorImpl& impl) {
  std::vector<int64_t> classes(impl.strides.size(), -1);
  if (!classes.empty() && impl.strides.back() == 1) classes.back() = 1;
  return classes;
}

Scalar load_scalar(const std::byte* at, DType dtype) {
  auto as = [&]<class T>(T value) {
    std::memcpy(&value, at, sizeof value);
    return Scalar(value);
  };
  switch (dtype) {
  case DType::boolean: return as(bool());
  case DType::i32: return as(int32_t());
  case DType::i64: return as(int64_t());
  case DType::f32: return as(float());
  case DType::f64: return as(double());
  case DType::u8: return as(uint8_t());
  case DType::i8: return as(int8_t());
  case DType::f16:
  case DType::bf16: break;
  }
  runtime::raise(ErrorCode::unsupported, "elements of dtype ", runtime::name(dtype), " cannot be read as numbers");
}

Tensor make_strided(runtime::StorageRef storage, int64_t offset, std::span<const int64_t> sizes,
                    std::span<const int64_t> strides, DType dtype) {
  auto* impl = new TensorImpl;
  impl->dtype = dtype;
  impl->storage = std::move(storage);
  impl->offset = offset;
  impl->sizes = sizes;
  impl->strides = strides;
  impl->dense = runtime::is_row_major(sizes, strides);
  return Tensor(impl);
}

Tensor make_dense(std::span<const int64_t> sizes, DType dtype, Device device) {
  SizeList strides(sizes);
  runtime::Checked count = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    strides[i] = count.valid() ? count.value() : 0;
    count = count * std::max<int64_t>(sizes[i], 1);
  }
  const bool empty = std::ranges::find(sizes, 0) != sizes.end();
  const runtime::Checked bytes = empty ? runtime::Checked(0) : count * runtime::item_size(dtype);
  if (!bytes.valid())
    runtime::raise(ErrorCode::out_of_memory, "a tensor of shape ", runtime::to_string(sizes), " is too large");
  return make_strided(runtime::Storage::allocate(static_cast<size_t>(bytes.value()), device), 0, sizes, strides, dtype);
}

Tensor make_dense(std::span<const int64_t> sizes, DType dtype, Device device, const char* op, Loc loc) {
  try {
    Tensor x = make_dense(sizes, dtype, device);
    x.impl()->made_at = loc;
    return x;
  } catch (const runtime::Error& error) { fail_with(error.code(), runtime::concat(op, ": ", error.what()), loc); }
}

Tensor make_view(const TensorImpl& x, int64_t offset, std::span<const int64_t> sizes,
                 std::span<const int64_t> strides) {
  return make_strided(x.storage, offset, sizes, strides, x.dtype);
}

} // namespace detail

using detail::checked;
using detail::checked_data;
using detail::fail;

int64_t Tensor::dim(Loc loc) const { return static_cast<int64_t>(checked(*this, "dim", loc).rank()); }

Shape Tensor::shape(Loc loc) const {
  const detail::TensorImpl& impl = checked(*this, "shape", loc);
  if (!impl.symbolic) return Shape(std::span<const int64_t>(impl.sizes));
  Shape shape = impl.symbolic->shape;
  for (Dim& size : shape) size = size.at(loc);
  return shape;
}

Dim Tensor::size(int64_t dim, Loc loc) const {
  const detail::TensorImpl& impl = checked(*this, "size", loc);
  const auto rank = static_cast<int64_t>(impl.rank());
  if (dim < -rank || dim >= rank) fail(loc, "size: axis ", dim, " of a tensor of shape ", shape(loc));
  const size_t axis = static_cast<size_t>(dim < 0 ? dim + rank : dim);
  return impl.symbolic ? impl.symbolic->shape[axis].at(loc) : Dim(impl.sizes[axis]);
}

Dim Tensor::numel(Loc loc) const {
  const detail::TensorImpl& impl = checked(*this, "numel", loc);
  if (impl.symbolic) return impl.symbolic->shape.numel().at(loc);
  int64_t count = 1;
  for (int64_t size : impl.sizes) count *= size; // fits: whatever makes a tensor checks
  return count;
}

DType Tensor::dtype(Loc loc) const { return checked(*this, "dtype", loc).dtype; }

Device Tensor::device(Loc loc) const { return checked(*this, "device", loc).device(); }

int64_t Tensor::stride(int64_t dim, Loc loc) const {
  const detail::TensorImpl& impl = checked_data(*this, "stride", loc);
  const auto rank = static_cast<int64_t>(impl.rank());
  if (dim < -rank || dim >= rank) fail(loc, "stride: axis ", dim, " of a tensor of shape ", shape(loc));
  return impl.strides[static_cast<size_t>(dim < 0 ? dim + rank : dim)];
}

bool Tensor::is_contiguous(Loc loc) const {
  const detail::TensorImpl& impl = checked(*this, "is_contiguous", loc);
  return impl.symbolic ? same(impl.symbolic->strides, runtime::row_major_strides(impl.symbolic->shape)) : impl.dense;
}

bool Tensor::is_floating_point(Loc loc) const { return runtime::is_floating(dtype(loc)); }

const Tensor& Tensor::set_name(std::string_view name, Loc loc) const {
  checked(*this, "set_name", loc).name = name;
  return *this;
}

std::string Tensor::name(Loc loc) const { return checked(*this, "name", loc).name; }

// ---- host reads
// --------------------------------------------------------------------------------------------------------

Scalar Tensor::item_scalar(Loc loc) const {
  checked_data(*this, "item", loc);
  if (numel(loc) != 1) fail(loc, "item: needs one element, the shape is ", shape(loc));
  const Tensor here = detail::on_host(*this, loc);
  return detail::load_scalar(here.impl()->data(), here.impl()->dtype);
}

void Tensor::fail_item(const Scalar& value, int bits, Loc loc) {
  fail(loc, "item: ", value, " does not fit into an integer of ", bits, " bits");
}

void* Tensor::typed_data(DType dtype, Loc loc) const {
  const detail::TensorImpl& impl = checked_data(*this, "data_ptr", loc);
  if (impl.dtype != dtype)
    fail(loc, "data_ptr: the elements are ", runtime::name(impl.dtype), ", not ", runtime::name(dtype));
  return impl.data();
}

void* Tensor::span_data(DType dtype, Loc loc) const {
  const detail::TensorImpl& impl = checked_data(*this, "span", loc);
  if (impl.dtype != dtype)
    fail(loc, "span: the elements are ", runtime::name(impl.dtype), ", not ", runtime::name(dtype));
  if (!impl.dense)
    fail(loc, "span: a tensor of shape ", shape(loc), " and strides ",
         runtime::to_string(std::span<const int64_t>(impl.strides)), " is not contiguous; hint: contiguous()");
  if (!impl.device().is_cpu())
    fail(loc, "span: the elements are on ", impl.device(), ", where C++ cannot read them; hint: cpu()");
  return impl.data();
}

Loc Tensor::made_at() const {
  if (!impl_) return Loc();
  if (impl_->symbolic) return impl_->symbolic->loc;
  const std::optional<Loc> used = Trace::current() ? Trace::current()->first_use(*this) : std::nullopt;
  return used.value_or(impl_->made_at);
}

Tensor::operator bool() const {
  const Loc here = made_at();
  if (impl_ && Trace::current() && (!impl_->symbolic || impl_->symbolic->trace.get() == Trace::current()))
    detail::fail_with(
        detail::ErrorCode::state,
        "bool: a compiled function cannot branch on a tensor's value while it is traced; hint: choose with "
        "`where`, or branch in the graph with `cond`",
        here);
  checked_data(*this, "bool", here);
  if (numel(here) != 1)
    fail(here, "bool: the truth of a tensor of shape ", shape(here), " is ambiguous; hint: all() or any()");
  return item_scalar(here).as_bool();
}

} // namespace ogee
