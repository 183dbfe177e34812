// Indexing: shape rules, gradients and folds of ops that find elements where values say.
#include "ir/dialect.h"
#include "ir/fold.h"
#include "ir/mixed.h"
#include "ir/rule.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/PatternMatch.h"

#include <algorithm>

namespace ogee::ir {

using namespace mlir;

namespace {

/// Whether a part of `part`'s dims lies within `operand`.
Status fits(const Rule& rule, Dims operand, Dims part, size_t starts) {
  if (Status status = rule.perDim("starts", starts, operand.size()); !status) return status;
  if (Status status = rule.perDim("sizes", part.size(), operand.size()); !status) return status;
  for (size_t i = 0; i < operand.size(); ++i) {
    auto message = [&] {
      return runtime::concat("the part ", text(part), " is larger than ", text(operand), " along axis ", i);
    };
    if (Status status = rule.atMost(part[i], operand[i], message); !status) return status;
  }
  return {};
}

} // namespace

Result<Shape> dynamicSliceShape(std::string_view op, Dims operand, size_t starts, Dims sizes,
                                Requirements* requirements) {
  const Rule rule(op, requirements);
  if (Status status = rule.notNegative(sizes); !status) return status.failure();
  if (Status status = fits(rule, operand, sizes, starts); !status) return status.failure();
  return Shape(sizes);
}

Result<Shape> dynamicUpdateShape(std::string_view op, Dims operand, Dims part, size_t starts,
                                 Requirements* requirements) {
  if (Status status = fits(Rule(op, requirements), operand, part, starts); !status) return status.failure();
  return Shape(operand);
}

// --- the ops' rules --------------------------------------------------------------------------------------------------

Result<Shape> DynamicSliceOp::shapeRule(Adaptor op, const DimSource& dims, Requirements* requirements) {
  const std::string_view name = ruleName(getOperationName());
  Result<Shape> sizes = dims.mixed(name, op.getSizes(), op.getStaticSizes());
  if (!sizes) return sizes;
  return dynamicSliceShape(name, dims.shape(op.getOperand()), op.getStarts().size(), *sizes, requirements);
}

Result<Shape> DynamicUpdateOp::shapeRule(Adaptor op, const DimSource& dims, Requirements* requirements) {
  return dynamicUpdateShape(ruleName(getOperationName()), dims.shape(op.getOperand()), dims.shape(op.getPart()),
                            op.getStarts().size(), requirements);
}

void DynamicSliceOp::build(OpBuilder& builder, OperationState& state, Value operand, ValueRange starts,
                           ArrayRef<OpFoldResult> sizes) {
  Split split(sizes);
  build(builder, state, operand, starts, split.dynamics, split.statics);
}

SmallVector<OpFoldResult> DynamicSliceOp::getMixedSizes() {
  Builder builder(getContext());
  return getMixedValues(getStaticSizes(), getSizes(), builder);
}

// --- gradients -------------------------------------------------------------------------------------------------------

/// Zeros around the part.
void DynamicSliceOp::buildVjp(Vjp& v) {
  Value around = zerosLike(v.b, v.x());
  v.give(0, v.b.create<DynamicUpdateOp>(around, v.dy().value(), getStarts()));
}

/// Zeros where the part stands; and the part.
void DynamicUpdateOp::buildVjp(Vjp& v) {
  if (v.wants(0)) v.give(0, v.b.create<DynamicUpdateOp>(v.dy().value(), zerosLike(v.b, getPart()), getStarts()));
  if (v.wants(1))
    v.give(1, v.b.create<DynamicSliceOp>(v.dy().value(), getStarts(), dimsOf(v.b, v.b.getLoc(), getPart())));
}

// --- folds -----------------------------------------------------------------------------------------------------------

/// All of the operand: the only place for it is the whole.
OpFoldResult DynamicSliceOp::fold(FoldAdaptor) {
  if (getOperand().getType() == getType() && getType().hasStaticShape()) return getOperand();
  return {};
}

OpFoldResult DynamicUpdateOp::fold(FoldAdaptor) {
  if (getPart().getType() == getType() && getType().hasStaticShape()) return getPart();
  return {};
}

namespace {

/// A part at a place that is known is a slice.
struct SliceAtConstants : OpRewritePattern<DynamicSliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DynamicSliceOp op, PatternRewriter& rewriter) const override {
    if (!op.getType().hasStaticShape() || !op.getOperand().getType().hasStaticShape()) return failure();
    SmallVector<OpFoldResult> offsets;
    for (auto [start, dim, size] :
         llvm::zip_equal(op.getStarts(), op.getOperand().getType().getShape(), op.getType().getShape())) {
      auto number = dyn_cast_or_null<IntegerAttr>(splatElement(start));
      if (!number) return failure();
      offsets.push_back(rewriter.getIndexAttr(std::clamp<int64_t>(number.getInt(), 0, dim - size)));
    }
    const SmallVector<OpFoldResult> ones(offsets.size(), rewriter.getIndexAttr(1));
    rewriter.replaceOpWithNewOp<SliceOp>(op, op.getOperand(), offsets, op.getMixedSizes(), ones);
    return success();
  }
};

} // namespace

void DynamicSliceOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext* context) {
  patterns.add<SliceAtConstants>(context);
}

} // namespace ogee::ir
