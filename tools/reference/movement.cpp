// Movement: each op says where the element at an index of the result comes from.
#include "ir/dialect.h"
#include "tools/reference/families.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cstring>

namespace ogee::reference {

using mlir::failure;
using mlir::FailureOr;
using mlir::Operation;

namespace {

void copyElement(const Array& from, int64_t source, Array& to, int64_t target) {
  const size_t size = runtime::item_size(from.dtype);
  std::memcpy(to.bytes.data() + target * size, from.bytes.data() + source * size, size);
}

/// The array of the given shape whose element at `index` is the operand's at `source(index)`.
template <class F>
FailureOr<Array> moved(Operation* op, const Array& operand, const Index& shape, F source) {
  if (mlir::failed(checkShape(op, shape))) return failure();
  Array result(operand.dtype, shape);
  int64_t next = 0;
  forEachIndex(
      shape, [&](const Index& index) { copyElement(operand, offsetOf(source(index), operand.shape), result, next++); });
  return result;
}

FailureOr<Array> reshape(ir::ReshapeOp op, const Values& values) {
  Array result = values.array(op.getOperand());
  const Index shape = values.sizes(op.getMixedSizes());
  if (mlir::failed(checkShape(op, shape))) return failure();
  if (Array(DType::boolean, shape).numel() != result.numel())
    return op.emitError("numbers of elements differ: ") << toString(result.shape) << " to " << toString(shape);
  result.shape = shape;
  return result;
}

FailureOr<Array> transpose(ir::TransposeOp op, const Values& values) {
  const Array& x = values.array(op.getOperand());
  Index shape;
  for (int64_t axis : op.getPerm()) shape.push_back(x.shape[axis]);
  return moved(op, x, shape, [&](const Index& index) {
    Index source(index.size());
    for (size_t i = 0; i < index.size(); ++i) source[op.getPerm()[i]] = index[i];
    return source;
  });
}

FailureOr<Array> broadcast(ir::BroadcastOp op, const Values& values) {
  const Array& x = values.array(op.getOperand());
  const Index shape = values.sizes(op.getMixedSizes());
  const auto dims = op.getDims();
  const auto isOne = [&](size_t axis) { return op.getOperand().getType().getDimSize(axis) == 1; };
  for (size_t i = 0; i < dims.size(); ++i)
    if (!isOne(i) && x.shape[i] != shape[dims[i]])
      return op.emitError("size ") << x.shape[i] << " of dim " << i << " cannot become " << shape[dims[i]];
  return moved(op, x, shape, [&](const Index& index) {
    Index source;
    for (size_t i = 0; i < dims.size(); ++i) source.push_back(isOne(i) ? 0 : index[dims[i]]);
    return source;
  });
}

FailureOr<Array> slice(ir::SliceOp op, const Values& values) {
  const Array& x = values.array(op.getOperand());
  const Index offsets = values.sizes(op.getMixedOffsets()), sizes = values.sizes(op.getMixedSizes());
  const Index strides = values.sizes(op.getMixedStrides());
  for (size_t i = 0; i < sizes.size(); ++i) {
    const __int128 last =
        offsets[i] + __int128(sizes[i] - 1) * strides[i]; // the product may be any int64 times any other
    if (offsets[i] < 0 || sizes[i] < 0 || strides[i] < 1 || offsets[i] > x.shape[i] ||
        (sizes[i] > 0 && last >= x.shape[i]))
      return op.emitError("offset ") << offsets[i] << ", size " << sizes[i] << ", stride " << strides[i]
                                     << " leave dim " << i << " of " << toString(x.shape);
  }
  return moved(op, x, sizes, [&](const Index& index) {
    Index source;
    for (size_t i = 0; i < index.size(); ++i) source.push_back(offsets[i] + index[i] * strides[i]);
    return source;
  });
}

FailureOr<Array> pad(ir::PadOp op, const Values& values) {
  const Array &x = values.array(op.getOperand()), &value = values.array(op.getValue());
  const Index low = values.sizes(op.getMixedLow()), high = values.sizes(op.getMixedHigh());
  const auto interior = op.getInterior();
  Index shape;
  for (size_t i = 0; i < low.size(); ++i) {
    const int64_t spread = x.shape[i] == 0 ? 0 : x.shape[i] + (x.shape[i] - 1) * interior[i];
    shape.push_back(low[i] + spread + high[i]);
  }
  if (mlir::failed(checkShape(op, shape))) return failure();
  Array result(x.dtype, shape);
  int64_t next = 0;
  forEachIndex(shape, [&](const Index& index) {
    Index source;
    for (size_t i = 0; i < index.size(); ++i) {
      const int64_t place = index[i] - low[i];
      if (place < 0 || place % (interior[i] + 1) != 0 || place / (interior[i] + 1) >= x.shape[i])
        return copyElement(value, 0, result, next++);
      source.push_back(place / (interior[i] + 1));
    }
    copyElement(x, offsetOf(source, x.shape), result, next++);
  });
  return result;
}

FailureOr<Array> concatenate(ir::ConcatenateOp op, const Values& values) {
  const int64_t axis = op.getAxis();
  Index shape = values.array(op.getOperands()[0]).shape;
  shape[axis] = 0;
  for (mlir::Value operand : op.getOperands()) {
    Index part = values.array(operand).shape;
    shape[axis] += part[axis];
    part[axis] = shape[axis];
    if (part != shape)
      return op.emitError("sizes differ outside dim ")
             << axis << ": " << toString(values.array(op.getOperands()[0]).shape) << " and "
             << toString(values.array(operand).shape);
  }
  if (mlir::failed(checkShape(op, shape))) return failure();
  Array result(values.array(op.getOperands()[0]).dtype, shape);
  int64_t begin = 0;
  for (mlir::Value operand : op.getOperands()) {
    const Array& part = values.array(operand);
    int64_t next = 0;
    forEachIndex(part.shape, [&](Index index) {
      index[axis] += begin;
      copyElement(part, next++, result, offsetOf(index, shape));
    });
    begin += part.shape[axis];
  }
  return result;
}

FailureOr<Array> reverse(ir::ReverseOp op, const Values& values) {
  const Array& x = values.array(op.getOperand());
  return moved(op, x, x.shape, [&](Index index) {
    for (int64_t axis : op.getAxes()) index[axis] = x.shape[axis] - 1 - index[axis];
    return index;
  });
}

} // namespace

Evaluation evaluateMovement(Operation* op, const Values& values) {
  return llvm::TypeSwitch<Operation*, Evaluation>(op)
      .Case([&](ir::ReshapeOp reshapeOp) { return reshape(reshapeOp, values); })
      .Case([&](ir::TransposeOp transposeOp) { return transpose(transposeOp, values); })
      .Case([&](ir::BroadcastOp broadcastOp) { return broadcast(broadcastOp, values); })
      .Case([&](ir::SliceOp sliceOp) { return slice(sliceOp, values); })
      .Case([&](ir::PadOp padOp) { return pad(padOp, values); })
      .Case([&](ir::ConcatenateOp concatenateOp) { return concatenate(concatenateOp, values); })
      .Case([&](ir::ReverseOp reverseOp) { return reverse(reverseOp, values); })
      .Default([](Operation*) { return std::nullopt; });
}

} // namespace ogee::reference
