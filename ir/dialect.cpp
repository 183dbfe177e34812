// The dialect: its registration and the constants that folds make.
#include "ir/dialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

#include "ir/dialect.cpp.inc"
#include "ir/enums.cpp.inc"
#include "ir/interfaces.cpp.inc"

#define GET_OP_CLASSES
#include "ir/ops.cpp.inc"

namespace ogee::ir {

using namespace mlir;

void OgeeDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "ir/ops.cpp.inc"
      >();
}

Operation* OgeeDialect::materializeConstant(OpBuilder& builder, Attribute value, Type type, Location location) {
  if (auto elements = dyn_cast<DenseElementsAttr>(value); elements && elements.getType() == type)
    return builder.create<ConstantOp>(location, elements);
  return arith::ConstantOp::materialize(builder, value, type, location);
}

} // namespace ogee::ir
