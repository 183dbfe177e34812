// Creation: constants, positions, sizes as elements.
#include "ir/fold.h"
#include "ir/math.h"
#include "ir/rule.h"

namespace ogee::ir {

using namespace mlir;

Result<Shape> creationShape(std::string_view op, Dims sizes, Requirements* requirements) {
  if (Status status = Rule(op, requirements).notNegative(sizes); !status) return status.failure();
  return Shape(sizes);
}

Result<Shape> ConstantOp::inferDims(const DimSource&, Requirements*) { return Shape(getType().getShape()); }

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

Result<Shape> IotaOp::shapeRule(Adaptor op, const DimSource& dims, Requirements* requirements) {
  const std::string_view name = ruleName(getOperationName());
  Result<Shape> sizes = dims.mixed(name, op.getSizes(), op.getStaticSizes());
  if (!sizes) return sizes;
  const int64_t axis = op.getAxis();
  if (Status status = Rule(name).axesInRange(Axes(&axis, 1), sizes->size()); !status) return status.failure();
  return creationShape(name, *sizes, requirements);
}

OpFoldResult IotaOp::fold(FoldAdaptor) {
  const int64_t size = getStaticSizes()[getAxis()];
  return size == 0 || size == 1 ? OpFoldResult(splat(getType(), 0)) : OpFoldResult();
}

Value IotaOp::buildScalarBody(ScalarBody& body) {
  return math::convert(body.b, body.coordinate(getAxis()), elementOf(getResult()));
}

Result<Shape> FromIndexOp::inferDims(const DimSource&, Requirements*) { return Shape(); }

OpFoldResult FromIndexOp::fold(FoldAdaptor adaptor) {
  auto number = dyn_cast_or_null<IntegerAttr>(adaptor.getIndex());
  return number ? OpFoldResult(splat(getType(), number.getInt())) : OpFoldResult();
}

Value FromIndexOp::buildScalarBody(ScalarBody& body) { return body.coordinate(0); }

} // namespace ogee::ir
