// Indexing: parts of tensors whose place other tensors say.
#include "ir/dialect.h"
#include "tools/reference/families.h"

#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <cstring>

namespace ogee::reference {

using mlir::failure;
using mlir::FailureOr;
using mlir::Operation;

namespace {

/// Where a part of the given sizes begins: the starts, moved so that it lies within `whole`.
FailureOr<Index> startsOf(Operation* op, mlir::ValueRange starts, const Index& whole, const Index& part,
                          const Values& values) {
  Index first;
  for (size_t i = 0; i < whole.size(); ++i) {
    if (part[i] < 0 || part[i] > whole[i])
      return op->emitError("a part ") << toString(part) << " does not fit into " << toString(whole);
    first.push_back(std::clamp<int64_t>(values.array(starts[i]).as<int64_t>()[0], 0, whole[i] - part[i]));
  }
  return first;
}

/// Copies the part between `whole` and `part`, either way.
void copyPart(Array& to, const Array& from, const Index& first, bool outOfWhole) {
  const size_t size = runtime::item_size(from.dtype);
  const Array& whole = outOfWhole ? from : to;
  int64_t next = 0;
  forEachIndex(outOfWhole ? to.shape : from.shape, [&](Index index) {
    for (size_t i = 0; i < index.size(); ++i) index[i] += first[i];
    const int64_t place = offsetOf(index, whole.shape), other = next++;
    std::memcpy(to.bytes.data() + (outOfWhole ? other : place) * size,
                from.bytes.data() + (outOfWhole ? place : other) * size, size);
  });
}

FailureOr<Array> dynamicSlice(ir::DynamicSliceOp op, const Values& values) {
  const Array& x = values.array(op.getOperand());
  const Index sizes = values.sizes(op.getMixedSizes());
  FailureOr<Index> first = startsOf(op, op.getStarts(), x.shape, sizes, values);
  if (mlir::failed(first) || mlir::failed(checkShape(op, sizes))) return failure();
  Array result(x.dtype, sizes);
  copyPart(result, x, *first, true);
  return result;
}

FailureOr<Array> dynamicUpdate(ir::DynamicUpdateOp op, const Values& values) {
  Array result = values.array(op.getOperand());
  const Array& part = values.array(op.getPart());
  FailureOr<Index> first = startsOf(op, op.getStarts(), result.shape, part.shape, values);
  if (mlir::failed(first)) return failure();
  copyPart(result, part, *first, false);
  return result;
}

} // namespace

Evaluation evaluateIndexing(Operation* op, const Values& values) {
  return llvm::TypeSwitch<Operation*, Evaluation>(op)
      .Case([&](ir::DynamicSliceOp slice) { return dynamicSlice(slice, values); })
      .Case([&](ir::DynamicUpdateOp update) { return dynamicUpdate(update, values); })
      .Default([](Operation*) { return std::nullopt; });
}

} // namespace ogee::reference
