// Reductions: the shape rule, the neutral states, how two states combine, and under that their gradients.
#include "ir/dialect.h"
#include "ir/fold.h"
#include "ir/math.h"
#include "ir/math_expr.h"
#include "ir/mixed.h"
#include "ir/rule.h"

namespace ogee::ir {

using namespace mlir;
using math::Expr;
using State = SmallVector<Value, 2>;
using Neutral = SmallVector<TypedAttr, 2>;

Result<Shape> reductionShape(std::string_view op, Dims operand, Axes axes) {
  if (Status status = Rule(op).ascendingAxes(axes, operand.size()); !status) return status.failure();
  Shape kept;
  size_t next = 0;
  for (size_t i = 0; i < operand.size(); ++i) {
    if (next < axes.size() && std::cmp_equal(axes[next], i))
      ++next;
    else
      kept.push_back(operand[i]);
  }
  return kept;
}

namespace {

/// A number as an attribute of `element`.
TypedAttr number(Type element, int64_t value) {
  if (auto floating = dyn_cast<FloatType>(element)) return FloatAttr::get(floating, static_cast<double>(value));
  return IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(), value, /*isSigned=*/true));
}

/// The largest or the smallest value of `element`.
TypedAttr extreme(Type element, bool largest) {
  if (auto floating = dyn_cast<FloatType>(element))
    return FloatAttr::get(floating, APFloat::getInf(floating.getFloatSemantics(), /*Negative=*/!largest));
  const unsigned width = element.getIntOrFloatBitWidth();
  if (element.isUnsignedInteger())
    return IntegerAttr::get(element, largest ? APInt::getMaxValue(width) : APInt::getMinValue(width));
  return IntegerAttr::get(element, largest ? APInt::getSignedMaxValue(width) : APInt::getSignedMinValue(width));
}

/// The index -1 is the largest unsigned one, so that every real index comes before it.
Neutral argNeutral(Type element, bool largest) {
  return {extreme(element, largest), number(IntegerType::get(element.getContext(), 64), -1)};
}

/// Of two elements with their indices the one that is larger (smaller), a NaN before all numbers, the first one of
/// equals.
State argCombine(ImplicitLocOpBuilder& b, ValueRange lhs, ValueRange rhs, bool largest) {
  const Expr x(b, lhs[0]), i(b, lhs[1]), y(b, rhs[0]), j(b, rhs[1]);
  Expr better = largest ? y > x : y < x;
  Expr tied = y == x;
  if (x.isFloat()) {
    const Expr xIsNaN = isNaN(x), yIsNaN = isNaN(y);
    better = better | (yIsNaN & (xIsNaN ^ -1));
    tied = tied | (xIsNaN & yIsNaN);
  }
  const Expr takeRhs = better | (tied & belowUnsigned(j, i));
  return {select(takeRhs, y, x), select(takeRhs, j, i)};
}

/// The same where rhs comes later: it is taken if it is better, or the first one (lhs has no index yet).
State argCombineNext(ImplicitLocOpBuilder& b, ValueRange lhs, ValueRange rhs, bool largest) {
  const Expr x(b, lhs[0]), i(b, lhs[1]), y(b, rhs[0]), j(b, rhs[1]);
  const auto isBetter = [&]() -> Expr {
    if (!x.isFloat()) return largest ? y > x : y < x;
    return ((largest ? y <= x : y >= x) ^ -1) & (isNaN(x) ^ -1); // better, or not comparable since y is NaN
  };
  const Expr better = isBetter();
  const Expr takeRhs = better | (i == -1);
  return {select(takeRhs, y, x), select(takeRhs, j, i)};
}

/// A reduction along no axes is its operand; one of a splat is that splat where the reduction of equal elements is that
/// element.
template <class Op>
OpFoldResult foldReduction(Op op, Attribute operand, bool ofEqualElements) {
  if (op.getAxes().empty()) return op.getOperand();
  const Attribute element = ofEqualElements ? splatElement(operand) : Attribute();
  if (!element || op.getOperand().getType().getNumElements() == 0) return {};
  return splat(op.getType(), element);
}

/// What lies along the kept axes of a reduction's operand, repeated along its reduced ones.
Term repeated(Vjp& v, Value kept, ArrayRef<int64_t> axes) {
  SmallVector<int64_t> keptAxes;
  for (int64_t axis = 0; axis < cast<RankedTensorType>(v.x().value().getType()).getRank(); ++axis)
    if (!llvm::is_contained(axes, axis)) keptAxes.push_back(axis);
  return {v.b, v.b.create<BroadcastOp>(kept, keptAxes, dimsOf(v.b, v.b.getLoc(), v.x())).getResult()};
}

template <class Op>
Term reduced(Vjp& v, const Term& operand, ArrayRef<int64_t> axes) {
  return {v.b, v.b.create<Op>(operand.value(), axes).getResult()};
}

/// The extreme elements share the cotangent.
void giveExtreme(Vjp& v, ArrayRef<int64_t> axes) {
  const Term chosen = v.x() == repeated(v, v.y(), axes);
  const Type element = elementOf(v.x().value());
  const Term count = reduced<SumOp>(v, {v.b, v.b.create<ConvertOp>(chosen.value(), element)}, axes);
  v.give(0, where(chosen, repeated(v, v.dy() / count, axes), 0));
}

} // namespace

// --- sum, prod -------------------------------------------------------------------------------------------------------

OpFoldResult SumOp::fold(FoldAdaptor) { return foldReduction(*this, {}, /*ofEqualElements=*/false); }
Neutral SumOp::getNeutral(Type element) { return {number(element, 0)}; }
State SumOp::buildCombine(ImplicitLocOpBuilder& b, ValueRange lhs, ValueRange rhs) {
  return {Expr(b, lhs[0]) + Expr(b, rhs[0])};
}
void SumOp::buildVjp(Vjp& v) { v.give(0, repeated(v, v.dy(), getAxes())); }

OpFoldResult ProdOp::fold(FoldAdaptor) { return foldReduction(*this, {}, /*ofEqualElements=*/false); }
Neutral ProdOp::getNeutral(Type element) { return {number(element, 1)}; }
State ProdOp::buildCombine(ImplicitLocOpBuilder& b, ValueRange lhs, ValueRange rhs) {
  return {Expr(b, lhs[0]) * Expr(b, rhs[0])};
}
/// The product of the others: y / x where nothing is 0; else made of the product of those that are not 0 and of the
/// zeros themselves, whose sum stands for a product of one of them, so that it has a derivative in turn.
void ProdOp::buildVjp(Vjp& v) {
  const Term isZero = v.x() == 0, ones = where(isZero, 1, v.x()), held = where(isZero, v.x(), 0);
  const Term zeros =
      reduced<SumOp>(v, {v.b, v.b.create<ConvertOp>(isZero.value(), elementOf(v.x().value()))}, getAxes());
  const Term zero = reduced<SumOp>(v, held, getAxes());
  const Term part = v.dy() * reduced<ProdOp>(v, ones, getAxes());
  const auto spread = [&](const Term& x) { return repeated(v, x, getAxes()); };
  const Term ofOthers = spread(where(zeros == 0, part, where(zeros == 1, part * zero, 0))) / ones;
  const Term ofOneZero = spread(where(zeros == 1, part, 0));
  const Term ofTwoZeros = spread(where(zeros == 2, part, 0)) * (spread(zero) - held);
  v.give(0, where(isZero, ofOneZero + ofTwoZeros, ofOthers));
}

// --- amax, amin ------------------------------------------------------------------------------------------------------

OpFoldResult AmaxOp::fold(FoldAdaptor adaptor) {
  return foldReduction(*this, adaptor.getOperand(), /*ofEqualElements=*/true);
}
Neutral AmaxOp::getNeutral(Type element) { return {extreme(element, /*largest=*/false)}; }
State AmaxOp::buildCombine(ImplicitLocOpBuilder& b, ValueRange lhs, ValueRange rhs) {
  return {math::max(b, lhs[0], rhs[0])};
}
void AmaxOp::buildVjp(Vjp& v) { giveExtreme(v, getAxes()); }

OpFoldResult AminOp::fold(FoldAdaptor adaptor) {
  return foldReduction(*this, adaptor.getOperand(), /*ofEqualElements=*/true);
}
Neutral AminOp::getNeutral(Type element) { return {extreme(element, /*largest=*/true)}; }
State AminOp::buildCombine(ImplicitLocOpBuilder& b, ValueRange lhs, ValueRange rhs) {
  return {math::min(b, lhs[0], rhs[0])};
}
void AminOp::buildVjp(Vjp& v) { giveExtreme(v, getAxes()); }

// --- any, all --------------------------------------------------------------------------------------------------------

OpFoldResult AnyOp::fold(FoldAdaptor adaptor) {
  return foldReduction(*this, adaptor.getOperand(), /*ofEqualElements=*/true);
}
Neutral AnyOp::getNeutral(Type element) { return {number(element, 0)}; }
State AnyOp::buildCombine(ImplicitLocOpBuilder& b, ValueRange lhs, ValueRange rhs) {
  return {Expr(b, lhs[0]) | Expr(b, rhs[0])};
}

OpFoldResult AllOp::fold(FoldAdaptor adaptor) {
  return foldReduction(*this, adaptor.getOperand(), /*ofEqualElements=*/true);
}
Neutral AllOp::getNeutral(Type element) { return {number(element, -1)}; }
State AllOp::buildCombine(ImplicitLocOpBuilder& b, ValueRange lhs, ValueRange rhs) {
  return {Expr(b, lhs[0]) & Expr(b, rhs[0])};
}

// --- argmax, argmin --------------------------------------------------------------------------------------------------

Neutral ArgmaxOp::getNeutral(Type element) { return argNeutral(element, /*largest=*/false); }
State ArgmaxOp::buildCombine(ImplicitLocOpBuilder& b, ValueRange lhs, ValueRange rhs) {
  return argCombine(b, lhs, rhs, /*largest=*/true);
}
State ArgmaxOp::buildCombineNext(ImplicitLocOpBuilder& b, ValueRange lhs, ValueRange rhs) {
  return argCombineNext(b, lhs, rhs, /*largest=*/true);
}

Neutral ArgminOp::getNeutral(Type element) { return argNeutral(element, /*largest=*/true); }
State ArgminOp::buildCombine(ImplicitLocOpBuilder& b, ValueRange lhs, ValueRange rhs) {
  return argCombine(b, lhs, rhs, /*largest=*/false);
}
State ArgminOp::buildCombineNext(ImplicitLocOpBuilder& b, ValueRange lhs, ValueRange rhs) {
  return argCombineNext(b, lhs, rhs, /*largest=*/false);
}

} // namespace ogee::ir
