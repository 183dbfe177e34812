// Views through movement ops.
#include "codegen/view.h"

#include "ir/dialect.h"

#include "llvm/ADT/TypeSwitch.h"

namespace ogee::codegen {

using namespace mlir;

namespace {

bool isNumber(const Dim& dim, int64_t number) { return dim.is_number() && dim.number() == number; }

View broadcast(ir::BroadcastOp op, const View& operand, const Shape& shape) {
  View view = operand;
  view.sizes.assign(shape.begin(), shape.end());
  view.strides.assign(shape.size(), Dim(0));
  for (auto [from, to] : llvm::enumerate(op.getDims()))
    if (!isNumber(operand.sizes[from], 1) || isNumber(shape[to], 1)) view.strides[to] = operand.strides[from];
  return view;
}

View transpose(ir::TransposeOp op, const View& operand) {
  View view = operand;
  for (auto [to, from] : llvm::enumerate(op.getPerm())) {
    view.sizes[to] = operand.sizes[from];
    view.strides[to] = operand.strides[from];
  }
  return view;
}

View slice(ir::SliceOp op, const View& operand, const Shape& shape, const ir::DimAnalysis& dims) {
  View view = operand;
  view.sizes.assign(shape.begin(), shape.end());
  for (auto [axis, offset, stride] : llvm::enumerate(op.getMixedOffsets(), op.getMixedStrides())) {
    view.offset = view.offset + dimOf(offset, dims) * operand.strides[axis];
    view.strides[axis] = operand.strides[axis] * dimOf(stride, dims);
  }
  return view;
}

View reverse(ir::ReverseOp op, const View& operand) {
  View view = operand;
  for (int64_t axis : op.getAxes()) {
    view.offset = view.offset + (operand.sizes[axis] - 1) * operand.strides[axis];
    view.strides[axis] = Dim(0) - operand.strides[axis];
  }
  return view;
}

/// Merges dims that lie densely behind each other into runs, then cuts the new dims out of the runs; fails where a new
/// dim would span two.
std::optional<View> reshape(const View& operand, const Shape& shape) {
  View view = operand;
  view.sizes.assign(shape.begin(), shape.end());
  if (operand.isDense()) {
    view.strides = rowMajorStrides(view.sizes);
    return view;
  }
  view.strides.clear();
  SmallVector<std::pair<Dim, Dim>> runs; // size, innermost stride
  for (auto [size, stride] : llvm::zip_equal(operand.sizes, operand.strides)) {
    if (isNumber(size, 1)) continue;
    if (!runs.empty() && same(runs.back().second, stride * size))
      runs.back() = {runs.back().first * size, stride};
    else
      runs.emplace_back(size, stride);
  }
  size_t next = 0;
  for (auto [size, stride] : runs) {
    const size_t first = next;
    Dim covered = 1;
    while (next < shape.size() && (!same(covered, size) || isNumber(shape[next], 1))) covered = covered * shape[next++];
    if (!same(covered, size)) return std::nullopt;
    SmallVector<Dim, 4> strides = rowMajorStrides(ArrayRef(view.sizes).slice(first, next - first));
    for (const Dim& inner : strides) view.strides.push_back(inner * stride);
  }
  for (; next < shape.size(); ++next) {
    if (!isNumber(shape[next], 1)) return std::nullopt;
    view.strides.push_back(Dim(1));
  }
  return view;
}

} // namespace

SmallVector<Dim, 4> rowMajorStrides(ArrayRef<Dim> sizes) {
  SmallVector<Dim, 4> strides(sizes.size(), Dim(1));
  for (size_t dim = sizes.size(); dim-- > 1;) strides[dim - 1] = strides[dim] * sizes[dim];
  return strides;
}

bool reads(const View& view, unsigned buffer) {
  return view.buffer == buffer || llvm::any_of(view.starts, [&](const Start& start) { return start.buffer == buffer; });
}

View denseView(unsigned buffer, Type element, const Shape& shape) {
  View view{buffer, element, 0, SmallVector<Dim, 4>(shape.begin(), shape.end()), {}, {}};
  view.strides = rowMajorStrides(view.sizes);
  return view;
}

bool View::isDense() const {
  if (!isNumber(offset, 0) || !starts.empty()) return false;
  SmallVector<Dim, 4> dense = rowMajorStrides(sizes);
  for (auto [size, stride, wanted] : llvm::zip_equal(sizes, strides, dense))
    if (!isNumber(size, 1) && !same(stride, wanted)) return false;
  return true;
}

Dim dimOf(OpFoldResult value, const ir::DimAnalysis& dims) {
  if (auto number = dyn_cast<Attribute>(value)) return cast<IntegerAttr>(number).getInt();
  return dims.index(cast<Value>(value));
}

std::optional<View> viewThrough(Operation* op, const View& operand, const ir::DimAnalysis& dims) {
  const Shape shape = dims.shape(op->getResult(0));
  return llvm::TypeSwitch<Operation*, std::optional<View>>(op)
      .Case([&](ir::BroadcastOp broadcastOp) { return broadcast(broadcastOp, operand, shape); })
      .Case([&](ir::TransposeOp transposeOp) { return transpose(transposeOp, operand); })
      .Case([&](ir::SliceOp sliceOp) { return slice(sliceOp, operand, shape, dims); })
      .Case([&](ir::ReverseOp reverseOp) { return reverse(reverseOp, operand); })
      .Case([&](ir::ReshapeOp) { return reshape(operand, shape); })
      .Default([](Operation*) { return std::nullopt; });
}

} // namespace ogee::codegen
