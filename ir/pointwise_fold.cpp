// Pointwise ops: folds. Identities hold for every input, NaN, infinities and signed zeros included.
#include "ir/fold.h"

namespace ogee::ir {

using namespace mlir;
using llvm::APFloat;
using llvm::APInt;

namespace {

using Elements = ArrayRef<Attribute>;
constexpr auto kNearest = APFloat::rmNearestTiesToEven;

/// A float or an integer, like the first of `elements`, computed by the one of two functions that fits.
template <class OnFloats, class OnInts>
Attribute compute(Elements elements, const OnFloats& onFloats, const OnInts& onInts) {
  if (auto first = dyn_cast<FloatAttr>(elements[0])) {
    SmallVector<APFloat, 3> values;
    for (Attribute element : elements) values.push_back(cast<FloatAttr>(element).getValue());
    return FloatAttr::get(first.getType(), onFloats(values));
  }
  SmallVector<APInt, 3> values;
  for (Attribute element : elements) values.push_back(cast<IntegerAttr>(element).getValue());
  return IntegerAttr::get(cast<IntegerAttr>(elements[0]).getType(), onInts(values));
}

using Floats = ArrayRef<APFloat>;
using Ints = ArrayRef<APInt>;

/// For ops that take no floats.
APFloat noFloats(Floats) { llvm_unreachable("the op takes no floats"); }
/// For ops that take no integers.
APInt noInts(Ints) { llvm_unreachable("the op takes no integers"); }

template <class OnFloats, class OnInts>
Attribute foldNumbers(Elements operands, Type type, const OnFloats& onFloats, const OnInts& onInts) {
  return foldElements(operands, type, [&](Elements elements) { return compute(elements, onFloats, onInts); });
}

APFloat rounded(APFloat value, APFloat::roundingMode mode) {
  value.roundToIntegral(mode);
  return value;
}

/// The operand of `value`'s op if that is an `Op`.
template <class Op>
Value operandOf(Value value) {
  auto op = value.getDefiningOp<Op>();
  return op ? op.getOperand() : Value();
}

/// op(op(x)) is op(x).
template <class Op>
Value idempotent(Op op) {
  return operandOf<Op>(op.getOperand()) ? op.getOperand() : Value();
}

/// op(op(x)) is x.
template <class Op>
Value involution(Op op) {
  return operandOf<Op>(op.getOperand());
}

template <class Op>
OpFoldResult foldRounding(Op op, Elements operands, APFloat::roundingMode mode) {
  if (Value same = idempotent(op)) return same;
  return foldNumbers(operands, op.getType(), [&](Floats x) { return rounded(x[0], mode); }, noInts);
}

bool isInteger(Value value) { return isa<IntegerType>(elementOf(value)); }

} // namespace

// --- unary -----------------------------------------------------------------------------------------------------------

OpFoldResult AbsOp::fold(FoldAdaptor adaptor) {
  if (Value same = idempotent(*this)) return same;
  if (Value negated = operandOf<NegOp>(getOperand())) {
    getOperandMutable().assign(negated);
    return getResult();
  }
  return foldNumbers(
      adaptor.getOperands(), getType(), [](Floats x) { return abs(x[0]); }, [](Ints x) { return x[0].abs(); });
}

OpFoldResult NegOp::fold(FoldAdaptor adaptor) {
  if (Value x = involution(*this)) return x;
  return foldNumbers(
      adaptor.getOperands(), getType(), [](Floats x) { return neg(x[0]); }, [](Ints x) { return -x[0]; });
}

OpFoldResult SignOp::fold(FoldAdaptor adaptor) {
  if (Value same = idempotent(*this)) return same;
  auto ofFloat = [](Floats x) {
    return x[0].isNaN() || x[0].isZero() ? x[0] : APFloat::copySign(APFloat::getOne(x[0].getSemantics()), x[0]);
  };
  auto ofInt = [](Ints x) {
    return APInt(x[0].getBitWidth(), x[0].isNegative() ? -1 : !x[0].isZero(), /*isSigned=*/true);
  };
  return foldNumbers(adaptor.getOperands(), getType(), ofFloat, ofInt);
}

OpFoldResult FloorOp::fold(FoldAdaptor adaptor) {
  return foldRounding(*this, adaptor.getOperands(), APFloat::rmTowardNegative);
}
OpFoldResult CeilOp::fold(FoldAdaptor adaptor) {
  return foldRounding(*this, adaptor.getOperands(), APFloat::rmTowardPositive);
}
OpFoldResult TruncOp::fold(FoldAdaptor adaptor) {
  return foldRounding(*this, adaptor.getOperands(), APFloat::rmTowardZero);
}
OpFoldResult RoundNearestEvenOp::fold(FoldAdaptor adaptor) {
  return foldRounding(*this, adaptor.getOperands(), kNearest);
}
OpFoldResult RoundNearestAfzOp::fold(FoldAdaptor adaptor) {
  return foldRounding(*this, adaptor.getOperands(), APFloat::rmNearestTiesToAway);
}

OpFoldResult NotOp::fold(FoldAdaptor adaptor) {
  if (Value x = involution(*this)) return x;
  return foldNumbers(adaptor.getOperands(), getType(), noFloats, [](Ints x) { return ~x[0]; });
}

OpFoldResult PopcntOp::fold(FoldAdaptor adaptor) {
  return foldNumbers(adaptor.getOperands(), getType(), noFloats,
                     [](Ints x) { return APInt(x[0].getBitWidth(), x[0].popcount()); });
}

OpFoldResult ClzOp::fold(FoldAdaptor adaptor) {
  return foldNumbers(adaptor.getOperands(), getType(), noFloats,
                     [](Ints x) { return APInt(x[0].getBitWidth(), x[0].countl_zero()); });
}

OpFoldResult IsFiniteOp::fold(FoldAdaptor adaptor) {
  Type boolean = elementOf(getType());
  return foldElements(adaptor.getOperands(), getType(), [&](Elements x) -> Attribute {
    return IntegerAttr::get(boolean, cast<FloatAttr>(x[0]).getValue().isFinite());
  });
}

// --- arithmetic ------------------------------------------------------------------------------------------------------

OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  if (isIntegerSplat(adaptor.getRhs(), 0) || isFloatSplat(adaptor.getRhs(), -0.0)) return getLhs();
  return foldNumbers(
      adaptor.getOperands(), getType(), [](Floats x) { return x[0] + x[1]; }, [](Ints x) { return x[0] + x[1]; });
}

OpFoldResult SubOp::fold(FoldAdaptor adaptor) {
  if (isNumberSplat(adaptor.getRhs(), 0)) return getLhs();
  if (isInteger(getLhs()) && getLhs() == getRhs())
    if (Attribute zero = splat(getType(), 0)) return zero;
  return foldNumbers(
      adaptor.getOperands(), getType(), [](Floats x) { return x[0] - x[1]; }, [](Ints x) { return x[0] - x[1]; });
}

OpFoldResult MulOp::fold(FoldAdaptor adaptor) {
  if (isNumberSplat(adaptor.getRhs(), 1)) return getLhs();
  if (isIntegerSplat(adaptor.getRhs(), 0)) return getRhs();
  return foldNumbers(
      adaptor.getOperands(), getType(), [](Floats x) { return x[0] * x[1]; }, [](Ints x) { return x[0] * x[1]; });
}

OpFoldResult DivOp::fold(FoldAdaptor adaptor) {
  if (isNumberSplat(adaptor.getRhs(), 1)) return getLhs();
  auto divide = [](Ints x) { return x[1].isZero() ? APInt::getAllOnes(x[1].getBitWidth()) : x[0].sdiv(x[1]); };
  return foldNumbers(adaptor.getOperands(), getType(), [](Floats x) { return x[0] / x[1]; }, divide);
}

OpFoldResult RemOp::fold(FoldAdaptor adaptor) {
  auto ofFloats = [](Floats x) {
    APFloat result = x[0];
    result.mod(x[1]);
    return result;
  };
  auto ofInts = [](Ints x) { return x[1].isZero() ? x[0] : x[0].srem(x[1]); };
  return foldNumbers(adaptor.getOperands(), getType(), ofFloats, ofInts);
}

OpFoldResult PowOp::fold(FoldAdaptor adaptor) {
  if (isIntegerSplat(adaptor.getRhs(), 1)) return getLhs();
  if (isIntegerSplat(adaptor.getRhs(), 0)) return splat(getType(), 1);
  return {};
}

namespace {

/// The one that `better` prefers of two floats that are no NaNs; the second one of equals.
template <class Better>
APFloat choose(Floats x, const Better& better) {
  if (x[0].isNaN() || x[1].isNaN()) return x[0].isNaN() ? x[0] : x[1];
  return better(x[0].compare(x[1])) ? x[0] : x[1];
}

bool isGreater(APFloat::cmpResult result) { return result == APFloat::cmpGreaterThan; }
bool isLess(APFloat::cmpResult result) { return result == APFloat::cmpLessThan; }

} // namespace

OpFoldResult MaxOp::fold(FoldAdaptor adaptor) {
  if (getLhs() == getRhs()) return getLhs();
  return foldNumbers(
      adaptor.getOperands(), getType(), [](Floats x) { return choose(x, isGreater); },
      [](Ints x) { return llvm::APIntOps::smax(x[0], x[1]); });
}

OpFoldResult MinOp::fold(FoldAdaptor adaptor) {
  if (getLhs() == getRhs()) return getLhs();
  return foldNumbers(
      adaptor.getOperands(), getType(), [](Floats x) { return choose(x, isLess); },
      [](Ints x) { return llvm::APIntOps::smin(x[0], x[1]); });
}

OpFoldResult ClampOp::fold(FoldAdaptor adaptor) {
  auto ofFloats = [](Floats x) { return choose({choose({x[1], x[0]}, isGreater), x[2]}, isLess); };
  auto ofInts = [](Ints x) { return llvm::APIntOps::smin(llvm::APIntOps::smax(x[1], x[0]), x[2]); };
  return foldNumbers(adaptor.getOperands(), getType(), ofFloats, ofInts);
}

// --- bits ------------------------------------------------------------------------------------------------------------

OpFoldResult AndOp::fold(FoldAdaptor adaptor) {
  if (getLhs() == getRhs() || isIntegerSplat(adaptor.getRhs(), -1)) return getLhs();
  if (isIntegerSplat(adaptor.getRhs(), 0)) return getRhs();
  return foldNumbers(adaptor.getOperands(), getType(), noFloats, [](Ints x) { return x[0] & x[1]; });
}

OpFoldResult OrOp::fold(FoldAdaptor adaptor) {
  if (getLhs() == getRhs() || isIntegerSplat(adaptor.getRhs(), 0)) return getLhs();
  if (isIntegerSplat(adaptor.getRhs(), -1)) return getRhs();
  return foldNumbers(adaptor.getOperands(), getType(), noFloats, [](Ints x) { return x[0] | x[1]; });
}

OpFoldResult XorOp::fold(FoldAdaptor adaptor) {
  if (isIntegerSplat(adaptor.getRhs(), 0)) return getLhs();
  if (getLhs() == getRhs())
    if (Attribute zero = splat(getType(), 0)) return zero;
  return foldNumbers(adaptor.getOperands(), getType(), noFloats, [](Ints x) { return x[0] ^ x[1]; });
}

OpFoldResult ShlOp::fold(FoldAdaptor adaptor) {
  if (isIntegerSplat(adaptor.getRhs(), 0)) return getLhs();
  return foldNumbers(adaptor.getOperands(), getType(), noFloats, [](Ints x) { return x[0].shl(x[1]); });
}

OpFoldResult ShrArithOp::fold(FoldAdaptor adaptor) {
  if (isIntegerSplat(adaptor.getRhs(), 0)) return getLhs();
  return foldNumbers(adaptor.getOperands(), getType(), noFloats, [](Ints x) { return x[0].ashr(x[1]); });
}

OpFoldResult ShrLogicOp::fold(FoldAdaptor adaptor) {
  if (isIntegerSplat(adaptor.getRhs(), 0)) return getLhs();
  return foldNumbers(adaptor.getOperands(), getType(), noFloats, [](Ints x) { return x[0].lshr(x[1]); });
}

} // namespace ogee::ir
