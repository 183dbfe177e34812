// Views as strides over shared memory, and in a trace as steps that the functionalisation table knows.
#include "frontend/views.h"

#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/tape.h"
#include "ir/shapes.h"

#include <algorithm>

namespace ogee::detail {

size_t axis_of(int64_t axis, size_t rank, const char* op, Loc loc) {
  const auto count = static_cast<int64_t>(rank);
  if (axis < -count || axis >= count)
    fail(loc, op, ": axis ", axis, " is out of range for a tensor of ", rank, rank == 1 ? " axis" : " axes");
  return static_cast<size_t>(axis < 0 ? axis + count : axis);
}

std::vector<int64_t> axes_of(const Axes& axes, size_t rank, const char* op, Loc loc) {
  std::vector<int64_t> result;
  for (int64_t axis : axes.values())
    result.push_back(static_cast<int64_t>(axis_of(axis, std::max<size_t>(rank, 1), op, loc)));
  std::ranges::sort(result);
  if (const auto twice = std::ranges::adjacent_find(result); twice != result.end())
    fail(loc, op, ": axis ", *twice, " is given twice");
  if (rank == 0) return {};
  if (axes.empty())
    for (size_t axis = 0; axis < rank; ++axis) result.push_back(static_cast<int64_t>(axis));
  return result;
}

Shape strides_of(const Tensor& x, const char* op, Loc loc) {
  const TensorImpl& impl = checked(x, op, loc);
  return impl.symbolic ? impl.symbolic->strides : Shape(std::span<const int64_t>(impl.strides));
}

namespace {

/// The shape and strides of a view, and how far its first element lies behind the first one of the source.
struct Geometry {
  Shape strides;
  Dim offset = 0;
};

/// The view of x that one step makes.
Tensor make(const Tensor& x, ViewStep step, const Geometry& geometry, const char* op) {
  if (step.shape.size() > kMaxRank) fail(step.loc, op, ": more than ", kMaxRank, " axes");
  if (Trace* trace = Trace::current()) return trace->view(x, op, std::move(step), geometry.strides);
  const TensorImpl& impl = checked_data(x, op, step.loc);
  SizeList sizes, strides;
  for (size_t i = 0; i < step.shape.size(); ++i) {
    sizes.push_back(static_cast<int64_t>(step.shape[i]));
    strides.push_back(static_cast<int64_t>(geometry.strides[i]));
  }
  Tensor view = make_view(impl, impl.offset + static_cast<int64_t>(geometry.offset), sizes, strides);
  view.impl()->made_at = step.loc;
  record_view(x, std::move(step), view);
  return view;
}

} // namespace

namespace {

/// Axes that follow each other in memory: they can be cut anew at will.
struct Run {
  Dim count, stride;
};

/// The innermost one first.
std::vector<Run> find_runs(const Shape& sizes, const Shape& strides) {
  std::vector<Run> runs;
  for (size_t axis = sizes.size(); axis-- > 0;) {
    if (same(sizes[axis], Dim(1))) continue;
    if (!runs.empty() && same(strides[axis], runs.back().count * runs.back().stride))
      runs.back().count *= sizes[axis];
    else
      runs.push_back({sizes[axis], strides[axis]});
  }
  return runs;
}

} // namespace

std::optional<Shape> reshape_strides(const Shape& from, const Shape& strides, const Shape& to) {
  if (same(from, to)) return strides;
  if (same(strides, runtime::row_major_strides(from))) return runtime::row_major_strides(to);
  if (std::ranges::any_of(from, [](const Dim& size) { return same(size, Dim(0)); }))
    return runtime::row_major_strides(to);
  const std::vector<Run> runs = find_runs(from, strides);
  Shape result(to.size(), 1);
  Run rest{1, 1};
  size_t next = 0;
  for (size_t axis = to.size(); axis-- > 0;) {
    if (same(to[axis], Dim(1))) continue;
    if (same(rest.count, Dim(1))) {
      if (next == runs.size()) return std::nullopt;
      rest = runs[next++];
    }
    const Dim count = rest.count / to[axis];
    if (!same(count * to[axis], rest.count)) return std::nullopt;
    result[axis] = rest.stride;
    rest = {count, rest.stride * to[axis]};
  }
  return result;
}

Tensor view_transpose(const Tensor& x, const std::vector<int64_t>& perm, const char* op, Loc loc) {
  const Shape from = x.shape(loc), strides = strides_of(x, op, loc);
  Geometry geometry;
  for (int64_t axis : perm) geometry.strides.push_back(strides[static_cast<size_t>(axis)]);
  Shape shape = unwrap(ir::transposeShape(op, from, perm), loc);
  return make(x, {ViewStep::Kind::transpose, std::move(shape), perm, {}, {}, loc}, geometry, op);
}

Tensor view_broadcast(const Tensor& x, const std::vector<int64_t>& axes, const Shape& shape, const char* op, Loc loc) {
  const Shape from = x.shape(loc), strides = strides_of(x, op, loc);
  if (!shape.numel().valid()) fail(loc, op, ": a tensor of shape ", shape, " has more than 2^63 - 1 elements");
  Geometry geometry{Shape(shape.size(), 0)};
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(axes[i]);
    if (same(from[i], shape[axis])) geometry.strides[axis] = strides[i];
  }
  return make(x, {ViewStep::Kind::broadcast, unwrap(ir::broadcastShape(op, from, axes, shape), loc), axes, {}, {}, loc},
              geometry, op);
}

Tensor view_slice(const Tensor& x, const Shape& offsets, const Shape& shape, const Shape& strides, const char* op,
                  Loc loc) {
  const Shape from = x.shape(loc), memory = strides_of(x, op, loc);
  Geometry geometry;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    geometry.offset += offsets[axis] * memory[axis];
    geometry.strides.push_back(memory[axis] * strides[axis]);
  }
  return make(x,
              {ViewStep::Kind::slice,
               unwrap(ir::sliceShape(op, from, offsets, shape, strides), loc),
               {},
               offsets,
               strides,
               loc},
              geometry, op);
}

std::optional<Tensor> view_reshape(const Tensor& x, const Shape& shape, const char* op, Loc loc) {
  const Shape from = x.shape(loc);
  Shape to = unwrap(ir::reshapeShape(op, from, shape), loc);
  const std::optional<Shape> strides = reshape_strides(from, strides_of(x, op, loc), to);
  if (!strides) return std::nullopt;
  return make(x, {ViewStep::Kind::reshape, std::move(to), {}, {}, {}, loc}, {*strides}, op);
}

Tensor reshape_to(const Tensor& x, const Shape& shape, const char* op, Loc loc) {
  if (std::optional<Tensor> view = view_reshape(x, shape, op, loc)) return *std::move(view);
  return *view_reshape(copy_dense(x, op, loc), shape, op, loc);
}

Tensor expand_to(const Tensor& x, const Shape& shape, const char* op, Loc loc) {
  const Shape from = x.shape(loc);
  if (same(from, shape)) return x;
  if (from.size() > shape.size()) fail(loc, op, ": ", from, " does not broadcast to ", shape);
  std::vector<int64_t> axes;
  for (size_t i = 0; i < from.size(); ++i) axes.push_back(static_cast<int64_t>(shape.size() - from.size() + i));
  return view_broadcast(x, axes, shape, op, loc);
}

Tensor apply_step(const Tensor& x, const ViewStep& step, Loc loc) {
  switch (step.kind) {
  case ViewStep::Kind::reshape: return *view_reshape(x, step.shape, "reshape", loc);
  case ViewStep::Kind::transpose: return view_transpose(x, step.axes, "transpose", loc);
  case ViewStep::Kind::broadcast: return view_broadcast(x, step.axes, step.shape, "expand", loc);
  case ViewStep::Kind::slice: return view_slice(x, step.offsets, step.shape, step.strides, "slice", loc);
  }
  std::abort();
}

} // namespace ogee::detail
