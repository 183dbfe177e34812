// Moving elements: dense copies, writes into tensors of any strides, fills; conversions of what is only stored.
#pragma once

#include "frontend/failure.h"
#include "frontend/tensor_impl.h"

namespace ogee::detail {

/// A dense copy of x; in a trace a new value.
Tensor copy_dense(const Tensor& x, const char* op, Loc loc);

/// x on a device: x itself where it is there, else a dense copy. In a trace only a number can change its device.
Tensor move_to(const Tensor& x, Device device, Loc loc);
/// The same on the CPU, without history: for reading elements.
Tensor on_host(const Tensor& x, Loc loc);
/// A copy of x, converted as the operation `convert` of graphs does it, by a loop on the CPU: for dtypes that no
/// operation computes with. Not for use in a trace.
Tensor convert_stored(const Tensor& x, DType dtype, Loc loc);

/// Error for a tensor whose elements share memory, with or without a trace.
void check_writable(const TensorImpl& target, const char* op, Loc loc);
[[noreturn]] void fail_overlap(const char* op, Loc loc);

/// Overwrites the elements of `target` with those of `source`, which has the same sizes and dtype, may overlap it
/// and may be on another device.
/// Errors for a target whose elements share memory. Counts as a write of the storage. Not for use in a trace.
void copy_elements(const Tensor& target, const Tensor& source, const char* op, Loc loc);

/// Sets every element of `target` to `value`, converted. Errors as above.
void fill(const Tensor& target, const Scalar& value, const char* op, Loc loc);

/// Error for a number that a dtype of integers has no value for.
inline void check_fits(const Scalar& value, DType dtype, const char* op, Loc loc) {
  if (!value.fits(dtype)) [[unlikely]]
    fail(loc, op, ": the number ", value, " does not fit into ", runtime::name(dtype));
}
/// A number as the bytes of one element; where it does not fit, the nearest one.
std::vector<std::byte> scalar_bytes(const Scalar& value, DType dtype);
/// The same into memory of item_size(dtype) bytes.
void write_scalar(const Scalar& value, DType dtype, void* at);

/// The end of an operation that writes: in a trace or not, `target` gets the value of `value`, broadcast and converted.
void assign(const Tensor& target, const Tensor& value, const char* op, Loc loc);

} // namespace ogee::detail
