// Random ops: scalar bodies made of Philox. Their dims are their sizes.
#include "ir/dialect.h"
#include "ir/philox.h"

namespace ogee::ir {

using namespace mlir;

namespace {

template <class Op>
Result<Shape> sizesOf(typename Op::Adaptor op, const DimSource& dims, Requirements* requirements) {
  Result<Shape> sizes = dims.mixed(ruleName(Op::getOperationName()), op.getSizes(), op.getStaticSizes());
  if (!sizes) return sizes;
  return creationShape(ruleName(Op::getOperationName()), *sizes, requirements);
}

} // namespace

Result<Shape> RandomUniformOp::shapeRule(Adaptor op, const DimSource& dims, Requirements* requirements) {
  return sizesOf<RandomUniformOp>(op, dims, requirements);
}

Result<Shape> RandomNormalOp::shapeRule(Adaptor op, const DimSource& dims, Requirements* requirements) {
  return sizesOf<RandomNormalOp>(op, dims, requirements);
}

Result<Shape> RandomIntegersOp::shapeRule(Adaptor op, const DimSource& dims, Requirements* requirements) {
  return sizesOf<RandomIntegersOp>(op, dims, requirements);
}

Value RandomUniformOp::buildScalarBody(ScalarBody& body) {
  auto draw = elementOf(getResult()).isF32() ? philox::uniformF32 : philox::uniformF64;
  return draw(body.b, body.linearIndex(), body.args[0], body.args[1]);
}

Value RandomNormalOp::buildScalarBody(ScalarBody& body) {
  auto draw = elementOf(getResult()).isF32() ? philox::normalF32 : philox::normalF64;
  return draw(body.b, body.linearIndex(), body.args[0], body.args[1]);
}

Value RandomIntegersOp::buildScalarBody(ScalarBody& body) {
  const Value drawn =
      philox::integers(body.b, body.linearIndex(), body.args[0], body.args[1], body.args[2], body.args[3]);
  return math::convert(body.b, drawn, elementOf(getResult()));
}

} // namespace ogee::ir
