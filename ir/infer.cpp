// Runs shape rules for the verifiers and for type inference.
#include "ir/infer.h"

#include "ir/dialect.h"
#include "ir/rule.h"

namespace ogee::ir {

using namespace mlir;

Result<Shape> DimSource::mixed(StringRef op, ValueRange dynamics, ArrayRef<int64_t> statics) const {
  Shape dims;
  size_t next = 0;
  for (int64_t value : statics) {
    if (!ShapedType::isDynamic(value)) {
      dims.push_back(value);
    } else {
      if (next < dynamics.size()) dims.push_back(index(dynamics[next]));
      ++next;
    }
  }
  if (next != dynamics.size()) return Rule(op).fail(dynamics.size(), " index values for ", next, " places in a list");
  return dims;
}

Dim TypeDims::fresh(int64_t lowest) const { return Dim::symbol("?" + std::to_string(count_++), lowest); }

Shape TypeDims::shape(Value tensor) const {
  Shape dims;
  for (int64_t dim : cast<RankedTensorType>(tensor.getType()).getShape())
    dims.push_back(ShapedType::isDynamic(dim) ? fresh(0) : Dim(dim));
  return dims;
}

Dim TypeDims::index(Value) const { return fresh(runtime::DimRange::kNoLower); }

std::string_view ruleName(StringRef op) {
  op.consume_front("ogee.");
  return op;
}

Result<Shape> inferPointwiseDims(Operation* op, const DimSource& dims, Requirements* requirements) {
  SmallVector<Shape, 3> shapes;
  for (Value operand : op->getOperands()) shapes.push_back(dims.shape(operand));
  SmallVector<Dims, 3> operands(shapes.begin(), shapes.end());
  return pointwiseShape(ruleName(op->getName().getStringRef()), operands, requirements);
}

LogicalResult checkOperands(std::optional<Location> location, StringRef op, ValueRange operands) {
  for (auto [position, operand] : llvm::enumerate(operands))
    if (!isPlainTensor(operand.getType()) && !operand.getType().isIndex())
      return emitOptionalError(location, "'", op, "' op operand #", position, " must be a tensor or an index, but got ",
                               operand.getType());
  return success();
}

FailureOr<RankedTensorType> typeOf(std::optional<Location> location, StringRef op, const Result<Shape>& shape,
                                   Type element) {
  if (!shape) return emitOptionalError(location, shape.message());
  RankedTensorType type = tensorType(*shape, element);
  if (!isPlainTensor(type))
    return emitOptionalError(location, ruleName(op), ": the result is too large: ", shape->to_string());
  return type;
}

LogicalResult verifyResultType(Operation* op, const Result<Shape>& shape, Type element) {
  FailureOr<RankedTensorType> expected = typeOf(op->getLoc(), op->getName().getStringRef(), shape, element);
  if (failed(expected)) return failure();
  const Type type = op->getResult(0).getType();
  return type == *expected
             ? success()
             : LogicalResult(op->emitOpError("has the result type ") << type << ", expected " << *expected);
}

} // namespace ogee::ir
