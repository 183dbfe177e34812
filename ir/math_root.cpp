// Roots: sqrt and rsqrt by the correctly rounded operations; cbrt in f32 without a division; f64 cbrt through the C
// library.
#include "ir/math_expr.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace ogee::ir::math {

namespace {

/// A guess of x^(-1/3), within 4 %: the bits of a float are nearly its logarithm, here minus a third of it.
Expr inverseCubeRootGuess(const Expr& x) {
  const Expr guess = fma(intToF32(bits(x)), -1.0f / 3.0f, float(0x54a2fa8c));
  Builder& b = x.builder();
  return fromBits({b, b.create<mlir::arith::FPToSIOp>(x.like(b.getI32Type()), guess.value())});
}

/// Cube root of a positive x in [2^-60, inf).
Expr cubeRoot(const Expr& x) {
  Expr r = inverseCubeRootGuess(x);
  // Householder's third-order step for r^-3 = x: the error e becomes 14/3 e^3.
  for (int step = 0; step < 2; ++step) {
    const Expr h = fma(-(x * r), r * r, 1.0);
    r = fma(r * h, fma(h, 2.0f / 9.0f, 1.0f / 3.0f), r);
  }
  // One Newton step on c = x r^2, its residual x - c^3 in twice the precision.
  const Expr squareOfR = r * r, c = x * squareOfR;
  const Expr square = c * c, squareError = fma(c, c, -square);
  const Expr residual = fma(-squareError, c, fma(-square, c, x));
  return fma(residual, squareOfR * (1.0f / 3.0f), c);
}

Expr cbrtF32(const Expr& x) {
  const Expr a = absolute(x), isSmall = a < 0x1p-60;
  const Expr result = cubeRoot(select(isSmall, a * 0x1p90, a)) * select(isSmall, x.lift(0x1p-30), 1.0);
  return select(isPositiveFinite(a), copySign(result, x), x);
}

} // namespace

Value sqrt(Builder& b, Value x) { return b.create<mlir::math::SqrtOp>(x); }
Value rsqrt(Builder& b, Value x) { return 1.0 / Expr(b, sqrt(b, x)); }

Value cbrt(Builder& b, Value x) { return ownOrLibrary<mlir::math::CbrtOp>(b, x, cbrtF32); }

} // namespace ogee::ir::math
