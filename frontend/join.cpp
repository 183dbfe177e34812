// Joining tensors (a copy per tensor into its part of the result), and comparing them as wholes.
#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/operators.h"
#include "frontend/placement.h"
#include "frontend/promote.h"
#include "frontend/record.h"
#include "frontend/tape.h"
#include "frontend/tensor.h"
#include "frontend/trace.h"
#include "frontend/views.h"
#include "ir/shapes.h"

#include <algorithm>

namespace ogee {

using namespace detail;

namespace {

/// A tensor of shape [0] joins with everything, whatever its rank, as in PyTorch: it is left out.
std::vector<Tensor> without_empty(std::span<const Tensor> tensors, Loc loc) {
  std::vector<Tensor> kept;
  for (const Tensor& x : tensors)
    if (x.impl()->rank() != 1 || !same(x.size(0, loc), Dim(0))) kept.push_back(x);
  return kept.empty() ? std::vector<Tensor>{tensors[0]} : kept;
}

Tensor copy_parts(std::span<const Tensor> parts, const Shape& shape, size_t axis, const char* op, Loc loc) {
  const RecordingScope scope(false);
  Tensor result = make_dense(SizeList(std::vector<int64_t>(shape.begin(), shape.end())), parts[0].dtype(loc),
                             parts[0].device(loc), op, loc);
  Dim start = 0;
  for (const Tensor& part : parts) {
    const Dim size = part.size(static_cast<int64_t>(axis), loc);
    copy_elements(result.narrow(static_cast<int64_t>(axis), start, size, loc), part, op, loc);
    start += size;
  }
  return result;
}

void record_tape(std::span<const Tensor> parts, size_t axis, const Tensor& result, const char* op, Loc loc) {
  std::vector<Dim> sizes;
  for (const Tensor& part : parts) sizes.push_back(part.size(static_cast<int64_t>(axis), loc));
  const auto cut = [sizes, axis, loc](const Cotangents& cotangents) {
    Dim start = 0;
    for (size_t i = 0; i < sizes.size(); ++i) {
      cotangents.inputs[i] = cotangents.outputs[0].narrow(static_cast<int64_t>(axis), start, sizes[i], loc);
      start += sizes[i];
    }
  };
  record_function(op, parts, result, cut, loc);
}

Tensor join(std::span<const Tensor> tensors, int64_t dim, const char* op, Loc loc) {
  if (tensors.empty()) fail(loc, op, ": no tensors");
  Promotion promotion;
  Placement placement(op, loc);
  for (size_t i = 0; i < tensors.size(); ++i) {
    promotion.tensor(checked(tensors[i], op, loc).dtype, 1);
    placement.add(tensors[i], placement.is_empty() ? "one tensor" : "another one");
  }
  const std::vector<Tensor> kept = without_empty(tensors, loc);
  tensors = kept;
  const size_t axis = axis_of(dim, tensors[0].impl()->rank(), op, loc);
  std::vector<Tensor> parts;
  std::vector<Shape> shapes;
  std::vector<ir::Dims> dims;
  for (const Tensor& x : tensors) {
    parts.push_back(x.to(promotion.result(), loc));
    shapes.push_back(x.shape(loc));
  }
  for (const Shape& shape : shapes) dims.emplace_back(shape);
  const Shape shape = unwrap(ir::concatenateShape(op, dims, static_cast<int64_t>(axis)), loc);
  if (Trace* trace = Trace::current()) {
    std::vector<ValueId> values;
    for (const Tensor& part : parts) values.push_back(trace->read(part, op, loc));
    return trace->record(
        {"concatenate", std::move(values), promotion.result(), shape, {{"axis", static_cast<int64_t>(axis)}}, {}, loc});
  }
  Tensor result = copy_parts(parts, shape, axis, op, loc);
  if (std::ranges::any_of(parts, records)) record_tape(parts, axis, result, op, loc);
  return result;
}

} // namespace

Tensor cat(std::span<const Tensor> tensors, int64_t dim, Loc loc) { return join(tensors, dim, "cat", loc); }
Tensor cat(std::initializer_list<Tensor> tensors, int64_t dim, Loc loc) {
  return join({tensors.begin(), tensors.size()}, dim, "cat", loc);
}

Tensor stack(std::span<const Tensor> tensors, int64_t dim, Loc loc) {
  std::vector<Tensor> parts;
  Placement placement("stack", loc);
  for (const Tensor& x : tensors) {
    checked(x, "stack", loc);
    placement.add(x, placement.is_empty() ? "one tensor" : "another one");
  }
  for (const Tensor& given : tensors) {
    const Tensor x = move_to(given, placement.device(), loc); // numbers on the CPU
    const size_t rank = x.impl()->rank();
    if (rank != tensors[0].impl()->rank())
      fail(loc, "stack: shapes differ: ", tensors[0].shape(loc), " and ", x.shape(loc));
    Shape shape = x.shape(loc);
    shape.insert(axis_of(dim, rank + 1, "stack", loc), 1);
    parts.push_back(reshape_to(x, shape, "stack", loc));
  }
  return join(parts, dim, "stack", loc);
}
Tensor stack(std::initializer_list<Tensor> tensors, int64_t dim, Loc loc) {
  return stack(std::span(tensors.begin(), tensors.size()), dim, loc);
}

namespace {

/// Differences of integers are exact: a 64-bit one that wraps around is 2^64 too small.
bool integers_close(const Tensor& a, const Tensor& b, double rtol, double atol, Loc loc) {
  const Tensor x = a.to(i64, loc), y = b.to(i64, loc);
  const Tensor wrapped = sub(maximum(x, y, loc), minimum(x, y, loc), loc), real = wrapped.to(f64, loc);
  const Tensor distance = where(lt(wrapped, 0, loc), add(real, 0x1p64, loc), real, loc);
  const Tensor tolerance = add(mul(abs(y.to(f64, loc), loc), rtol, loc), atol, loc);
  return all(le(distance, tolerance, loc), {}, false, loc).item<bool>(loc);
}

} // namespace

bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan, Loc loc) {
  checked(a, "allclose", loc), checked(b, "allclose", loc);
  common_device("allclose", a, "a", b, "b", loc);
  unwrap(ir::broadcastTogether("allclose", a.shape(loc), b.shape(loc)), loc);
  if (!a.is_floating_point(loc) && !b.is_floating_point(loc)) return integers_close(a, b, rtol, atol, loc);
  const Tensor tolerance = add(mul(abs(b, loc), rtol, loc), atol, loc);
  const Tensor near = logical_and(le(abs(sub(a, b, loc), loc), tolerance, loc), isfinite(b, loc), loc);
  Tensor fits = logical_or(near, eq(a, b, loc), loc);
  if (equal_nan) fits = logical_or(fits, logical_and(isnan(a, loc), isnan(b, loc), loc), loc);
  return all(fits, {}, false, loc).item<bool>(loc);
}

bool equal(const Tensor& a, const Tensor& b, Loc loc) {
  checked(a, "equal", loc), checked(b, "equal", loc);
  common_device("equal", a, "a", b, "b", loc);
  return same(a.shape(loc), b.shape(loc)) && all(eq(a, b, loc), {}, false, loc).item<bool>(loc);
}

} // namespace ogee
