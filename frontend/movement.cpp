// Movement: every function is one of the four view steps, or such steps around a copy.
#include "frontend/copy.h"
#include "frontend/creation.h"
#include "frontend/failure.h"
#include "frontend/operators.h"
#include "frontend/record.h"
#include "frontend/tape.h"
#include "frontend/tensor.h"
#include "frontend/views.h"
#include "ir/shapes.h"

#include <algorithm>
#include <numeric>

namespace ogee {

using namespace detail;

namespace {

/// `shape` with its -1, if any, replaced by what is left of x's elements.
Shape resolve(const Tensor& x, const Dims& dims, const char* op, Loc loc) {
  Shape shape = dims.shape();
  std::optional<size_t> open;
  Dim known = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (!same(shape[i], Dim(-1))) {
      known *= shape[i];
    } else if (open) {
      fail(loc, op, ": more than one size is -1 in ", shape);
    } else {
      open = i;
    }
  }
  if (!open) return shape;
  const Dim numel = x.numel(loc);
  if (same(known, Dim(0)) || (numel.is_number() && known.is_number() && numel.number() % known.number() != 0))
    fail(loc, op, ": ", x.shape(loc), " does not fit into ", shape);
  shape[*open] = numel / known;
  return shape;
}

std::vector<int64_t> identity(size_t rank) {
  std::vector<int64_t> axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

/// Start, end and step along one axis; the others whole.
Tensor slice_axis(const Tensor& x, size_t axis, const Dim& start, const Dim& size, int64_t step, const char* op,
                  Loc loc) {
  Shape shape = x.shape(loc);
  Shape offsets(shape.size(), 0), strides(shape.size(), 1);
  offsets[axis] = start;
  strides[axis] = step;
  shape[axis] = size;
  return view_slice(x, offsets, shape, strides, op, loc);
}

/// A bound of a slice: negative ones count from the end, all are cut to [0, size].
Dim bound(const Dim& value, const Dim& size) {
  if (same(value, Dim(kEnd))) return size;
  if (value.is_number() && value.number() == 0) return 0;
  const Dim from_front = value.is_number() && value.number() < 0 ? size + value : value;
  return min(max(from_front, Dim(0)), size);
}

Tensor drop_axis(const Tensor& x, size_t axis, const char* op, Loc loc) {
  Shape shape = x.shape(loc);
  shape.erase(axis);
  return *view_reshape(x, shape, op, loc);
}

} // namespace

Tensor reshape(const Tensor& x, const Dims& shape, Loc loc) {
  checked(x, "reshape", loc);
  return reshape_to(x, resolve(x, shape, "reshape", loc), "reshape", loc);
}

Tensor view(const Tensor& x, const Dims& shape, Loc loc) {
  checked(x, "view", loc);
  const Shape target = resolve(x, shape, "view", loc);
  if (std::optional<Tensor> result = view_reshape(x, target, "view", loc)) return *std::move(result);
  fail(loc, "view: a tensor of shape ", x.shape(loc), " and strides ", strides_of(x, "view", loc),
       " cannot be seen as ", target, " without a copy; hint: reshape()");
}

Tensor flatten(const Tensor& x, int64_t start_dim, int64_t end_dim, Loc loc) {
  const Shape from = checked(x, "flatten", loc).rank() == 0 ? Shape{1} : x.shape(loc);
  const size_t first = axis_of(start_dim, from.size(), "flatten", loc),
               last = axis_of(end_dim, from.size(), "flatten", loc);
  if (first > last) fail(loc, "flatten: axis ", start_dim, " lies behind axis ", end_dim);
  Shape shape;
  for (size_t axis = 0; axis < from.size(); ++axis) {
    if (axis > first && axis <= last)
      shape.back() *= from[axis];
    else
      shape.push_back(from[axis]);
  }
  return reshape_to(x, shape, "flatten", loc);
}

Tensor permute(const Tensor& x, const Axes& dims, Loc loc) {
  const size_t rank = checked(x, "permute", loc).rank();
  std::vector<int64_t> perm;
  for (int64_t axis : dims.values()) perm.push_back(static_cast<int64_t>(axis_of(axis, rank, "permute", loc)));
  if (perm.size() != rank) fail(loc, "permute: ", perm.size(), " axes given for shape ", x.shape(loc));
  axes_of(dims, rank, "permute", loc); // each once
  return view_transpose(x, perm, "permute", loc);
}

Tensor transpose(const Tensor& x, int64_t dim0, int64_t dim1, Loc loc) {
  const size_t rank = checked(x, "transpose", loc).rank();
  if (rank == 0) { // axes 0 and -1 will do, as in PyTorch
    axes_of(dim0, 0, "transpose", loc), axes_of(dim1, 0, "transpose", loc);
    return view_transpose(x, {}, "transpose", loc);
  }
  std::vector<int64_t> perm = identity(rank);
  std::swap(perm[axis_of(dim0, rank, "transpose", loc)], perm[axis_of(dim1, rank, "transpose", loc)]);
  return view_transpose(x, perm, "transpose", loc);
}

Tensor t(const Tensor& x, Loc loc) {
  const size_t rank = checked(x, "t", loc).rank();
  if (rank > 2) fail(loc, "t: needs at most 2 axes, the shape is ", x.shape(loc), "; hint: transpose(dim0, dim1)");
  return rank == 2 ? view_transpose(x, {1, 0}, "t", loc) : view_transpose(x, identity(rank), "t", loc);
}

Tensor squeeze(const Tensor& x, const Axes& dim, Loc loc) {
  const Shape from = x.shape(loc);
  const std::vector<int64_t> axes = axes_of(dim, from.size(), "squeeze", loc);
  Shape shape;
  for (size_t axis = 0; axis < from.size(); ++axis) {
    const bool goes = std::ranges::binary_search(axes, static_cast<int64_t>(axis)) && same(from[axis], Dim(1));
    if (!goes) shape.push_back(from[axis]);
  }
  return *view_reshape(x, shape, "squeeze", loc);
}

Tensor unsqueeze(const Tensor& x, int64_t dim, Loc loc) {
  Shape shape = x.shape(loc);
  shape.insert(axis_of(dim, shape.size() + 1, "unsqueeze", loc), 1);
  return *view_reshape(x, shape, "unsqueeze", loc);
}

Tensor expand(const Tensor& x, const Dims& shape, Loc loc) {
  const Shape from = x.shape(loc);
  Shape target = shape.shape();
  if (target.size() < from.size()) fail(loc, "expand: ", from, " has more axes than ", target);
  const size_t extra = target.size() - from.size();
  for (size_t i = 0; i < target.size(); ++i) {
    if (!same(target[i], Dim(-1))) continue;
    if (i < extra) fail(loc, "expand: a new axis cannot have size -1: ", target);
    target[i] = from[i - extra];
  }
  return expand_to(x, target, "expand", loc);
}

Tensor broadcast_to(const Tensor& x, const Dims& shape, Loc loc) { return expand(x, shape, loc); }

Tensor select(const Tensor& x, int64_t dim, const Dim& index, Loc loc) {
  const size_t rank = checked(x, "select", loc).rank();
  if (rank == 0) fail(loc, "select: a tensor without axes has no entries");
  const size_t axis = axis_of(dim, rank, "select", loc);
  const Dim size = x.size(static_cast<int64_t>(axis), loc);
  if (index.is_number() && size.is_number() && (index.number() < -size.number() || index.number() >= size.number()))
    fail(loc, "select: index ", index, " is out of range for axis ", axis, " of shape ", x.shape(loc));
  const Dim start = index.is_number() && index.number() < 0 ? size + index : index;
  return drop_axis(slice_axis(x, axis, start, 1, 1, "select", loc), axis, "select", loc);
}

Tensor slice(const Tensor& x, int64_t dim, const Dim& start, const Dim& end, int64_t step, Loc loc) {
  const size_t axis = axis_of(dim, checked(x, "slice", loc).rank(), "slice", loc);
  if (step < 1) fail(loc, "slice: the step is ", step, ", needs at least 1; hint: flip() reverses");
  const Dim size = x.size(static_cast<int64_t>(axis), loc);
  const Dim first = bound(start, size), last = bound(end, size);
  Dim count = ceil_div(last - first, Dim(step));
  if (count.is_number()) count = std::max<int64_t>(count.number(), 0);
  return slice_axis(x, axis, first, count, step, "slice", loc);
}

Tensor narrow(const Tensor& x, int64_t dim, const Dim& start, const Dim& length, Loc loc) {
  const size_t axis = axis_of(dim, checked(x, "narrow", loc).rank(), "narrow", loc);
  const Dim first = start.is_number() && start.number() < 0 ? x.size(static_cast<int64_t>(axis), loc) + start : start;
  return slice_axis(x, axis, first, length, 1, "narrow", loc);
}

namespace {

std::vector<Tensor> cut(const Tensor& x, size_t axis, const Shape& sizes, const char* op, Loc loc) {
  std::vector<Tensor> parts;
  Dim start = 0;
  for (const Dim& size : sizes) {
    parts.push_back(slice_axis(x, axis, start, size, 1, op, loc));
    start += size;
  }
  return parts;
}

/// Sizes of parts of `size` until `whole` is used up: at least one. Error where their number is not known.
Shape equal_parts(const Dim& whole, const Dim& size, const char* op, Loc loc) {
  const Dim count = ceil_div(whole, size);
  if (!count.is_number())
    fail(loc, op, ": how many parts of size ", size, " the size ", whole,
         " has is not known in the trace; hint: a list of sizes, or narrow()");
  if (count.number() < 2) return {whole};
  Shape sizes(static_cast<size_t>(count.number()), size);
  sizes.back() = whole - size * (count - 1);
  return sizes;
}

} // namespace

std::vector<Tensor> split(const Tensor& x, const Dims& dims, int64_t dim, Loc loc) {
  const size_t axis = axis_of(dim, checked(x, "split", loc).rank(), "split", loc);
  const Dim whole = x.size(static_cast<int64_t>(axis), loc);
  Dim sum = 0;
  for (const Dim& size : dims.shape()) sum += size;
  if (try_equal(sum, whole) == std::optional(false))
    fail(loc, "split: the sizes sum to ", sum, ", axis ", axis, " of ", x.shape(loc), " has ", whole);
  return cut(x, axis, dims.shape(), "split", loc);
}

std::vector<Tensor> split(const Tensor& x, const Dim& size, int64_t dim, Loc loc) {
  const size_t axis = axis_of(dim, checked(x, "split", loc).rank(), "split", loc);
  const Dim whole = x.size(static_cast<int64_t>(axis), loc);
  if (size.is_number() && size.number() < (same(whole, Dim(0)) ? 0 : 1)) fail(loc, "split: parts of size ", size);
  return cut(x, axis, same(size, Dim(0)) ? Shape{0} : equal_parts(whole, size, "split", loc), "split", loc);
}

std::vector<Tensor> split(const Tensor& x, int64_t size, int64_t dim, Loc loc) { return split(x, Dim(size), dim, loc); }

std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int64_t dim, Loc loc) {
  const size_t axis = axis_of(dim, checked(x, "chunk", loc).rank(), "chunk", loc);
  if (chunks < 1) fail(loc, "chunk: ", chunks, " chunks");
  const Dim whole = x.size(static_cast<int64_t>(axis), loc);
  if (same(whole, Dim(0))) return cut(x, axis, Shape(static_cast<size_t>(chunks), 0), "chunk", loc);
  return cut(x, axis, equal_parts(whole, ceil_div(whole, chunks), "chunk", loc), "chunk", loc);
}

std::vector<Tensor> unbind(const Tensor& x, int64_t dim, Loc loc) {
  const size_t axis = axis_of(dim, checked(x, "unbind", loc).rank(), "unbind", loc);
  const auto count = static_cast<int64_t>(x.size(static_cast<int64_t>(axis), loc));
  std::vector<Tensor> parts;
  for (int64_t i = 0; i < count; ++i) parts.push_back(select(x, dim, i, loc));
  return parts;
}

// Along each axis: a new axis of the count in front of it, expanded, then both are joined by a copy.
Tensor repeat(const Tensor& x, const Dims& repeats, Loc loc) {
  Shape from = x.shape(loc);
  const Shape& counts = repeats.shape();
  if (counts.size() < from.size()) fail(loc, "repeat: ", counts, " has fewer axes than ", from);
  while (from.size() < counts.size()) from.insert(0, 1);
  Shape expanded, shape;
  std::vector<int64_t> axes;
  for (size_t axis = 0; axis < from.size(); ++axis) {
    expanded.push_back(counts[axis]);
    axes.push_back(static_cast<int64_t>(expanded.size()));
    expanded.push_back(from[axis]);
    shape.push_back(counts[axis] * from[axis]);
  }
  const Tensor wide = view_broadcast(reshape_to(x, from, "repeat", loc), axes, expanded, "repeat", loc);
  return *view_reshape(copy_dense(wide, "repeat", loc), shape, "repeat", loc);
}

Tensor flip(const Tensor& x, const Axes& dims, Loc loc) {
  const Shape shape = x.shape(loc);
  const std::vector<int64_t> axes = dims.empty() ? std::vector<int64_t>() : axes_of(dims, shape.size(), "flip", loc);
  if (Trace* trace = Trace::current())
    return trace->record({"reverse", {trace->read(x, "flip", loc)}, x.dtype(loc), shape, {{"axes", axes}}, {}, loc});
  const TensorImpl& impl = checked_data(x, "flip", loc);
  if (std::ranges::find(impl.sizes, 0) != impl.sizes.end()) return copy_dense(x, "flip", loc);
  SizeList strides = impl.strides;
  int64_t offset = impl.offset;
  for (int64_t axis : axes) {
    offset += (impl.sizes[static_cast<size_t>(axis)] - 1) * strides[static_cast<size_t>(axis)];
    strides[static_cast<size_t>(axis)] *= -1;
  }
  Tensor result = copy_dense(make_view(impl, offset, impl.sizes, strides), "flip", loc);
  const auto flip_back = [axes, loc](const Cotangents& c) { c.inputs[0] = flip(c.outputs[0], axes, loc); };
  if (records(x)) record_function("flip", {&x, 1}, result, flip_back, loc);
  return result;
}

namespace {

Tensor pad_dense(const Tensor& x, const Shape& shape, const Shape& low, const Shape& high, const Scalar& value,
                 Loc loc) {
  const RecordingScope scope(false);
  const Tensor result = full(shape, value, {x.dtype(loc), x.device(loc)}, loc);
  Tensor inner = result, kept = x;
  for (size_t i = 0; i < shape.size(); ++i) {
    const auto before = static_cast<int64_t>(low[i]), after = static_cast<int64_t>(high[i]);
    const int64_t size = kept.impl()->sizes[i], first = std::min(std::max<int64_t>(-before, 0), size);
    const int64_t count = std::max(size - std::max<int64_t>(-after, 0) - first, int64_t{0});
    kept = slice_axis(kept, i, first, count, 1, "pad", loc);
    inner = slice_axis(inner, i, count > 0 ? std::max<int64_t>(before, 0) : 0, count, 1, "pad", loc);
  }
  copy_elements(inner, kept, "pad", loc);
  return result;
}

} // namespace

Tensor pad(const Tensor& x, const Dims& padding, const Scalar& value, Loc loc) {
  const Shape from = x.shape(loc);
  const Shape& pairs = padding.shape();
  if (pairs.size() % 2 != 0 || pairs.size() > 2 * from.size())
    fail(loc, "pad: ", pairs, " is no list of pairs for at most the axes of ", from);
  Shape low(from.size(), 0), high(from.size(), 0);
  for (size_t i = 0; i < pairs.size() / 2; ++i) {
    low[from.size() - 1 - i] = pairs[2 * i];
    high[from.size() - 1 - i] = pairs[2 * i + 1];
  }
  const std::vector<int64_t> interior(from.size(), 0);
  const Shape shape = unwrap(ir::padShape("pad", from, low, high, interior), loc);
  const DType dtype = x.dtype(loc);
  check_fits(value, dtype, "pad", loc);
  if (Trace* trace = Trace::current()) {
    const Tensor outside = record_constant(value, dtype, loc);
    return trace->record({"pad",
                          {trace->read(x, "pad", loc), trace->read(outside, "pad", loc)},
                          dtype,
                          shape,
                          {{"interior", interior}},
                          {{"staticLow", low}, {"staticHigh", high}},
                          loc});
  }
  const Tensor result = pad_dense(x, shape, low, high, value, loc);
  if (records(x)) {
    Shape opposite;
    for (const Dim& size : pairs) opposite.push_back(-size);
    const auto cut = [opposite, loc](const Cotangents& c) { c.inputs[0] = pad(c.outputs[0], opposite, 0, loc); };
    record_function("pad", {&x, 1}, result, cut, loc);
  }
  return result;
}

Tensor contiguous(const Tensor& x, Loc loc) {
  checked(x, "contiguous", loc);
  return x.is_contiguous(loc) ? x : copy_dense(x, "contiguous", loc);
}
Tensor clone(const Tensor& x, Loc loc) {
  checked(x, "clone", loc);
  return copy_dense(x, "clone", loc);
}

} // namespace ogee
