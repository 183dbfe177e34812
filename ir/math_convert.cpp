// Conversion between element types: saturating, total, and correctly rounded.
#include "ir/math_expr.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <cmath>

namespace ogee::ir::math {

namespace arith = mlir::arith;

namespace {

template <typename Op>
Expr cast(const Expr& x, Type element) {
  return {x.builder(), x.builder().create<Op>(x.like(element), x.value())};
}

/// Integers to another width; i1 counts as unsigned.
Expr resizeInteger(const Expr& x, Type element, bool isUnsigned) {
  const unsigned to = element.getIntOrFloatBitWidth();
  if (to == x.width()) return x;
  if (to < x.width()) return cast<arith::TruncIOp>(x, element);
  return isUnsigned ? cast<arith::ExtUIOp>(x, element) : cast<arith::ExtSIOp>(x, element);
}

Expr integerToFloat(const Expr& x, Type element, bool isUnsigned) {
  // Through i32 where that is exact: every target converts vectors of it.
  if (x.width() < 32) return cast<arith::SIToFPOp>(resizeInteger(x, x.builder().getI32Type(), isUnsigned), element);
  return isUnsigned ? cast<arith::UIToFPOp>(x, element) : cast<arith::SIToFPOp>(x, element);
}

Expr floatToInteger(const Expr& x, Type element, bool isUnsigned) {
  const unsigned width = element.getIntOrFloatBitWidth();
  const auto lowest = isUnsigned ? llvm::APInt::getZero(width) : llvm::APInt::getSignedMinValue(width);
  const auto highest = isUnsigned ? llvm::APInt::getMaxValue(width) : llvm::APInt::getSignedMaxValue(width);
  // Both bounds are exact in f32; NaN is neither below, above nor inside.
  const double bottom = isUnsigned ? 0.0 : -std::ldexp(1.0, width - 1);
  const Expr above = x >= std::ldexp(1.0, isUnsigned ? width : width - 1), below = x < bottom;
  const Expr safe = select(above | (x != x), 0.0, select(below, 0.0, x));
  const Type wide = width < 32 ? Type(x.builder().getI32Type()) : element;
  const Expr converted =
      isUnsigned && width >= 32 ? cast<arith::FPToUIOp>(safe, wide) : cast<arith::FPToSIOp>(safe, wide);
  const Expr inside = resizeInteger(converted, element, isUnsigned);
  return select(above, highest.getSExtValue(), select(below, lowest.getSExtValue(), inside));
}

Expr floatToFloat(const Expr& x, Type element) {
  const unsigned to = element.getIntOrFloatBitWidth();
  return to > x.width() ? cast<arith::ExtFOp>(x, element) : cast<arith::TruncFOp>(x, element);
}

} // namespace

Value convert(Builder& b, Value value, Type element, Signedness from, Signedness to) {
  const Expr x(b, value);
  const bool fromUnsigned = from == Signedness::isUnsigned || x.width() == 1;
  if (x.element() == element) return x;
  if (element.isInteger(1)) return x != 0;
  if (x.isFloat())
    return mlir::isa<mlir::FloatType>(element) ? floatToFloat(x, element)
                                               : floatToInteger(x, element, to == Signedness::isUnsigned);
  return mlir::isa<mlir::FloatType>(element) ? integerToFloat(x, element, fromUnsigned)
                                             : resizeInteger(x, element, fromUnsigned);
}

} // namespace ogee::ir::math
