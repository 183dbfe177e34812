// Views: shape, strides and offset of tensors with and without elements, and the four steps that make one from another.
#pragma once

#include "frontend/tensor_impl.h"
#include "frontend/trace.h"

#include <optional>
#include <vector>

namespace ogee::detail {

/// `axis` counted from the front, an Error when there is none such among `rank` axes.
size_t axis_of(int64_t axis, size_t rank, const char* op, Loc loc);
/// Several of them, each once, ascending; none given means all. A tensor of rank 0 has none, but may be asked for axis
/// 0 or -1, as in PyTorch.
std::vector<int64_t> axes_of(const Axes& axes, size_t rank, const char* op, Loc loc);

/// The strides of x as Dims, with or without elements.
Shape strides_of(const Tensor& x, const char* op, Loc loc);
/// The strides with which memory of shape `from` can be seen as shape `to`, if there are such.
std::optional<Shape> reshape_strides(const Shape& from, const Shape& strides, const Shape& to);

/// The steps: views of x, in a trace as outside of it. Shapes are checked by the shape rules of the dialect under the
/// name `op`.
Tensor view_transpose(const Tensor& x, const std::vector<int64_t>& perm, const char* op, Loc loc);
Tensor view_broadcast(const Tensor& x, const std::vector<int64_t>& axes, const Shape& shape, const char* op, Loc loc);
Tensor view_slice(const Tensor& x, const Shape& offsets, const Shape& shape, const Shape& strides, const char* op,
                  Loc loc);
/// Nothing where x's strides do not allow it.
std::optional<Tensor> view_reshape(const Tensor& x, const Shape& shape, const char* op, Loc loc);
/// A reshape that copies where it must.
Tensor reshape_to(const Tensor& x, const Shape& shape, const char* op, Loc loc);
/// PyTorch's broadcast of x to `shape`; x itself where nothing changes.
Tensor expand_to(const Tensor& x, const Shape& shape, const char* op, Loc loc);

/// The same step again, on another tensor: results that are views of arguments.
Tensor apply_step(const Tensor& x, const ViewStep& step, Loc loc);

} // namespace ogee::detail
