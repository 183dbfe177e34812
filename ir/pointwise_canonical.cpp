// Pointwise ops: folds of conversions, comparisons and select, and the rewrites that need new ops. All keep every bit
// of the result.
#include "ir/fold.h"

#include "mlir/IR/PatternMatch.h"

namespace ogee::ir {

using namespace mlir;
using llvm::APFloat;
using llvm::APInt;

using Elements = ArrayRef<Attribute>;

// --- conversions -----------------------------------------------------------------------------------------------------

namespace {

/// Whether every value of `from` is one of `to`.
bool isLossless(Type from, Type to) {
  if (from == to || from.isInteger(1)) return true;
  auto fromInteger = dyn_cast<IntegerType>(from), toInteger = dyn_cast<IntegerType>(to);
  auto fromFloat = dyn_cast<FloatType>(from), toFloat = dyn_cast<FloatType>(to);
  if (fromInteger && toInteger)
    return fromInteger.getSignedness() == toInteger.getSignedness() && fromInteger.getWidth() < toInteger.getWidth();
  if (fromInteger && toFloat) return APFloat::semanticsPrecision(toFloat.getFloatSemantics()) >= fromInteger.getWidth();
  if (fromFloat && toFloat)
    return APFloat::isRepresentableAsNormalIn(fromFloat.getFloatSemantics(), toFloat.getFloatSemantics());
  return false;
}

/// A bool, an integer or a float as an integer of `type`: saturated, the fraction dropped, NaN 0; integers keep their
/// lower bits.
APInt toInteger(Attribute value, IntegerType type) {
  if (auto floating = dyn_cast<FloatAttr>(value)) {
    llvm::APSInt result(type.getWidth(), type.isUnsigned());
    bool isExact;
    floating.getValue().convertToInteger(result, APFloat::rmTowardZero, &isExact);
    return result;
  }
  auto integer = cast<IntegerAttr>(value);
  const bool isUnsigned = integer.getType().isInteger(1) || integer.getType().isUnsignedInteger();
  return isUnsigned ? integer.getValue().zextOrTrunc(type.getWidth()) : integer.getValue().sextOrTrunc(type.getWidth());
}

APFloat toFloat(Attribute value, FloatType type) {
  APFloat result(type.getFloatSemantics());
  if (auto floating = dyn_cast<FloatAttr>(value)) {
    bool losesInfo;
    result = floating.getValue();
    result.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
    return result;
  }
  auto integer = cast<IntegerAttr>(value);
  const bool isSigned = !integer.getType().isInteger(1) && !integer.getType().isUnsignedInteger();
  result.convertFromAPInt(integer.getValue(), isSigned, APFloat::rmNearestTiesToEven);
  return result;
}

bool isNonzero(Attribute value) {
  if (auto floating = dyn_cast<FloatAttr>(value)) return floating.getValue().isNonZero();
  return !cast<IntegerAttr>(value).getValue().isZero();
}

} // namespace

OpFoldResult ConvertOp::fold(FoldAdaptor adaptor) {
  if (getOperand().getType() == getType()) return getOperand();
  if (auto inner = getOperand().getDefiningOp<ConvertOp>())
    if (isLossless(elementOf(inner.getOperand()), elementOf(inner))) {
      getOperandMutable().assign(inner.getOperand());
      return getResult();
    }
  const Type to = elementOf(getType());
  return foldElements(adaptor.getOperands(), getType(), [&](Elements x) -> Attribute {
    if (to.isInteger(1)) return IntegerAttr::get(to, isNonzero(x[0]));
    if (auto floating = dyn_cast<FloatType>(to)) return FloatAttr::get(to, toFloat(x[0], floating));
    return IntegerAttr::get(to, toInteger(x[0], cast<IntegerType>(to)));
  });
}

OpFoldResult BitcastConvertOp::fold(FoldAdaptor adaptor) {
  if (getOperand().getType() == getType()) return getOperand();
  if (auto inner = getOperand().getDefiningOp<BitcastConvertOp>()) {
    getOperandMutable().assign(inner.getOperand());
    return getResult();
  }
  const Type to = elementOf(getType());
  return foldElements(adaptor.getOperands(), getType(), [&](Elements x) -> Attribute {
    auto floating = dyn_cast<FloatAttr>(x[0]);
    const APInt bits = floating ? floating.getValue().bitcastToAPInt() : cast<IntegerAttr>(x[0]).getValue();
    if (auto type = dyn_cast<FloatType>(to)) return FloatAttr::get(to, APFloat(type.getFloatSemantics(), bits));
    return IntegerAttr::get(to, bits);
  });
}

// --- compare, not ----------------------------------------------------------------------------------------------------

namespace {

bool holds(Comparison comparison, bool isLess, bool isEqual) {
  switch (comparison) {
  case Comparison::eq: return isEqual;
  case Comparison::ne: return !isEqual;
  case Comparison::lt: return isLess;
  case Comparison::le: return isLess || isEqual;
  case Comparison::gt: return !isLess && !isEqual;
  case Comparison::ge: return !isLess;
  }
  return false;
}

bool compare(Comparison comparison, Attribute lhs, Attribute rhs) {
  if (auto x = dyn_cast<FloatAttr>(lhs)) {
    const APFloat::cmpResult order = x.getValue().compare(cast<FloatAttr>(rhs).getValue());
    if (order == APFloat::cmpUnordered) return comparison == Comparison::ne;
    return holds(comparison, order == APFloat::cmpLessThan, order == APFloat::cmpEqual);
  }
  auto x = cast<IntegerAttr>(lhs), y = cast<IntegerAttr>(rhs);
  const bool isUnsigned = x.getType().isInteger(1) || x.getType().isUnsignedInteger();
  const bool isLess = isUnsigned ? x.getValue().ult(y.getValue()) : x.getValue().slt(y.getValue());
  return holds(comparison, isLess, x.getValue() == y.getValue());
}

/// The comparison that holds for (y, x) where `comparison` holds for (x, y).
Comparison swapped(Comparison comparison) {
  switch (comparison) {
  case Comparison::lt: return Comparison::gt;
  case Comparison::le: return Comparison::ge;
  case Comparison::gt: return Comparison::lt;
  case Comparison::ge: return Comparison::le;
  default: return comparison;
  }
}

/// The comparison that holds where `comparison` does not; of ordered values.
Comparison inverted(Comparison comparison) {
  switch (comparison) {
  case Comparison::eq: return Comparison::ne;
  case Comparison::ne: return Comparison::eq;
  case Comparison::lt: return Comparison::ge;
  case Comparison::le: return Comparison::gt;
  case Comparison::gt: return Comparison::le;
  case Comparison::ge: return Comparison::lt;
  }
  return comparison;
}

} // namespace

OpFoldResult CompareOp::fold(FoldAdaptor adaptor) {
  const Comparison comparison = getComparison();
  if (getLhs() == getRhs() && !isa<FloatType>(elementOf(getLhs())))
    if (Attribute same = splat(getType(), holds(comparison, /*isLess=*/false, /*isEqual=*/true))) return same;
  const Type boolean = elementOf(getType());
  return foldElements(adaptor.getOperands(), getType(), [&](Elements x) -> Attribute {
    return IntegerAttr::get(boolean, compare(comparison, x[0], x[1]));
  });
}

/// A constant stands on the right.
static LogicalResult constantToTheRight(CompareOp op, PatternRewriter& rewriter) {
  if (!matchPattern(op.getLhs(), m_Constant()) || matchPattern(op.getRhs(), m_Constant())) return failure();
  replaceMarked<CompareOp>(rewriter, op, swapped(op.getComparison()), op.getRhs(), op.getLhs());
  return success();
}

void CompareOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext*) {
  patterns.add(constantToTheRight);
}

/// not(x < y) is x >= y, unless one could be NaN.
static LogicalResult invertComparison(NotOp op, PatternRewriter& rewriter) {
  auto compare = op.getOperand().getDefiningOp<CompareOp>();
  if (!compare) return failure();
  const Comparison comparison = compare.getComparison();
  if (isa<FloatType>(elementOf(compare.getLhs())) && comparison != Comparison::eq && comparison != Comparison::ne)
    return failure();
  replaceMarked<CompareOp>(rewriter, op, inverted(comparison), compare.getLhs(), compare.getRhs());
  return success();
}

void NotOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext*) { patterns.add(invertComparison); }

// --- select ----------------------------------------------------------------------------------------------------------

OpFoldResult SelectOp::fold(FoldAdaptor adaptor) {
  if (getOnTrue() == getOnFalse()) return getOnTrue();
  if (isIntegerSplat(adaptor.getPred(), -1)) return getOnTrue();
  if (isIntegerSplat(adaptor.getPred(), 0)) return getOnFalse();
  if (getPred().getType() == getType() && isIntegerSplat(adaptor.getOnTrue(), -1) &&
      isIntegerSplat(adaptor.getOnFalse(), 0))
    return getPred();
  return foldElements(adaptor.getOperands(), getType(), [](Elements x) { return isNonzero(x[0]) ? x[1] : x[2]; });
}

static LogicalResult selectByNot(SelectOp op, PatternRewriter& rewriter) {
  auto inverse = op.getPred().getDefiningOp<NotOp>();
  if (!inverse) return failure();
  replaceMarked<SelectOp>(rewriter, op, inverse.getOperand(), op.getOnFalse(), op.getOnTrue());
  return success();
}

void SelectOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext*) { patterns.add(selectByNot); }

// --- arithmetic ------------------------------------------------------------------------------------------------------

/// x + -y is x - y.
static LogicalResult addOfNeg(AddOp op, PatternRewriter& rewriter) {
  if (auto right = op.getRhs().getDefiningOp<NegOp>())
    replaceMarked<SubOp>(rewriter, op, op.getLhs(), right.getOperand());
  else if (auto left = op.getLhs().getDefiningOp<NegOp>())
    replaceMarked<SubOp>(rewriter, op, op.getRhs(), left.getOperand());
  else
    return failure();
  return success();
}

void AddOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext*) { patterns.add(addOfNeg); }

/// x - -y is x + y, and -0.0 - x (for integers 0 - x) is -x.
static LogicalResult subOfNeg(SubOp op, PatternRewriter& rewriter) {
  DenseElementsAttr minuend;
  if (auto right = op.getRhs().getDefiningOp<NegOp>())
    replaceMarked<AddOp>(rewriter, op, op.getLhs(), right.getOperand());
  else if (matchPattern(op.getLhs(), m_Constant(&minuend)) &&
           (isIntegerSplat(minuend, 0) || isFloatSplat(minuend, -0.0)))
    replaceMarked<NegOp>(rewriter, op, op.getRhs());
  else
    return failure();
  return success();
}

void SubOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext*) { patterns.add(subOfNeg); }

/// x * -1 is -x, and -x * -y is x * y.
static LogicalResult mulOfNeg(MulOp op, PatternRewriter& rewriter) {
  DenseElementsAttr factor;
  auto left = op.getLhs().getDefiningOp<NegOp>(), right = op.getRhs().getDefiningOp<NegOp>();
  if (left && right)
    replaceMarked<MulOp>(rewriter, op, left.getOperand(), right.getOperand());
  else if (matchPattern(op.getRhs(), m_Constant(&factor)) && isNumberSplat(factor, -1))
    replaceMarked<NegOp>(rewriter, op, op.getLhs());
  else
    return failure();
  return success();
}

void MulOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext*) { patterns.add(mulOfNeg); }

/// A division by a power of two is the multiplication with its reciprocal: both are exact but for the same last
/// rounding.
static LogicalResult divByPowerOfTwo(DivOp op, PatternRewriter& rewriter) {
  auto divisor = dyn_cast_or_null<FloatAttr>(splatElement(op.getRhs()));
  if (!divisor) return failure();
  APFloat reciprocal = divisor.getValue();
  if (!divisor.getValue().getExactInverse(&reciprocal)) return failure();
  auto factor = cast<DenseElementsAttr>(splat(op.getRhs().getType(), FloatAttr::get(divisor.getType(), reciprocal)));
  replaceMarked<MulOp>(rewriter, op, op.getLhs(), rewriter.create<ConstantOp>(op.getLoc(), factor));
  return success();
}

void DivOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext*) { patterns.add(divByPowerOfTwo); }

} // namespace ogee::ir
