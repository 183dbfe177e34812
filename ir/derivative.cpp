// `stop_gradient`; `custom_vjp`: verification, its gradient (the region, put where it is asked for).
#include "ir/dialect.h"
#include "ir/rule.h"
#include "ir/vjp.h"

#include "mlir/IR/IRMapping.h"

namespace ogee::ir {

using namespace mlir;

Result<Shape> StopGradientOp::shapeRule(Adaptor op, const DimSource& dims, Requirements*) {
  return dims.shape(op.getOperand());
}

static bool hasFloats(Value value) { return isa<FloatType>(elementOf(value)); }

/// The inputs whose cotangents the region gives.
static SmallVector<unsigned> differentiated(CustomVjpOp op) {
  SmallVector<unsigned> numbers;
  for (auto [i, input] : llvm::enumerate(op.getInputs().drop_back()))
    if (hasFloats(input)) numbers.push_back(i);
  return numbers;
}

LogicalResult CustomVjpOp::verify() {
  if (getInputs().empty()) return emitOpError("has no value");
  if (getInputs().back().getType() != getType())
    return emitOpError("gives ") << getType() << " for the value " << getInputs().back().getType();
  if (!hasFloats(getResult())) return emitOpError("gives ") << getType() << ": only floats have gradients";
  return success();
}

LogicalResult CustomVjpOp::verifyRegions() {
  Block& block = getBackward().front();
  SmallVector<Type> arguments(getInputs().getTypes());
  arguments.push_back(getType());
  llvm::append_range(arguments, getCaptures().getTypes());
  if (block.getArgumentTypes() != TypeRange(arguments))
    return emitOpError("hands (") << TypeRange(arguments) << ") to its region, which takes ("
                                  << block.getArgumentTypes() << ")";
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield) return emitOpError("must have 'ogee.yield' at the end of its region");
  SmallVector<Type> cotangents;
  for (unsigned input : differentiated(*this)) cotangents.push_back(getInputs()[input].getType());
  if (TypeRange(yield.getOperandTypes()) == TypeRange(cotangents)) return success();
  return yield.emitOpError("gives (") << yield.getOperandTypes() << ") but the cotangents of the inputs are ("
                                      << TypeRange(cotangents) << ")";
}

Result<Shape> CustomVjpOp::inferDims(const DimSource& dims, Requirements*) { return dims.shape(getInputs().back()); }

void CustomVjpOp::buildVjp(Vjp& v) {
  IRMapping mapping;
  SmallVector<Value> values(getInputs().drop_back());
  values.push_back(getResult()); // differentiated in turn by its own rule
  values.push_back(v.dy().value());
  llvm::append_range(values, getCaptures());
  Block& block = getBackward().front();
  mapping.map(block.getArguments(), values);
  for (Operation& op : block.without_terminator()) v.b.clone(op, mapping);
  for (auto [input, cotangent] : llvm::zip_equal(differentiated(*this), block.getTerminator()->getOperands()))
    if (v.wants(input)) v.give(input, mapping.lookupOrDefault(cotangent));
}

} // namespace ogee::ir
