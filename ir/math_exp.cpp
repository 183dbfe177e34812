// Exponentials: exp, expm1, tanh, logistic and erf. f32 in FMAs alone; f64 through the C library.
// Method: x = n ln 2 + r with |r| <= ln 2 / 2 (Cody and Waite), a minimax polynomial in r, and 2^n built from its bits.
#include "ir/math_expr.h"

#include "mlir/Dialect/Math/IR/Math.h"

namespace ogee::ir::math {

namespace {

constexpr double kLog2E = 0x1.715476p+0f;
// ln 2 in two parts of 24 bits; x - n * kLn2Hi is exact in one FMA, for its leading bits cancel.
constexpr double kLn2Hi = 0x1.62e43p-1f, kLn2Lo = -0x1.05c61p-29f;

struct Reduced {
  Expr r;
  /// n + bias in the low bits.
  Expr exponent;
};

Reduced reduce(const Expr& x, int bias) {
  const Rounded n = roundScaled(x, kLog2E, bias);
  return {fma(n.value, -kLn2Lo, fma(n.value, -kLn2Hi, x)), n.integer};
}

/// e^r for |r| <= 0.3468: minimax of degree 6, relative error 3.2e-9.
Expr expPolynomial(const Expr& r) {
  return horner(r, {1.0, 1.0, 0.49999994f, 0.166665196f, 0.0416682325f, 0.00836881809f, 0.00138238515f});
}

Expr clamped(const Expr& x, double low, double high) {
  const Expr bounded = select(x < low, low, x);
  return select(bounded > high, high, bounded);
}

/// e^x over the whole range. 2^n is applied in two factors, 2^floor(n / 2) first: only the second multiplication can
/// leave the normal numbers, and it rounds once.
Expr expF32(const Expr& x) {
  const Reduced reduced = reduce(clamped(x, -104.5, 89.0), 254);
  const Expr first = (reduced.exponent << 22) & int32_t(0xff800000), second = (reduced.exponent << 23) - first;
  return expPolynomial(reduced.r) * fromBits(first) * fromBits(second);
}

/// e^x for |x| <= 87: 2^n is one factor.
Expr expNormal(const Expr& x) {
  const Reduced reduced = reduce(x, 127);
  return expPolynomial(reduced.r) * fromBits(reduced.exponent << 23);
}

Expr expm1F32(const Expr& x) {
  const Reduced reduced = reduce(clamped(x, -20.0, 89.0), 126);
  const Expr r = reduced.r;
  const Expr q = horner(r, {0.49999997f, 0.166665435f, 0.0416675024f, 0.00836654473f, 0.00138645805f});
  // e^x - 1 = 2^n (e^r - 1) + (2^n - 1), halved, for 2^128 is no f32.
  const Expr half = fromBits(reduced.exponent << 23);
  const Expr result = fma(fma(r * r, q, r), half, half - 0.5) * 2.0;
  return select(absolute(x) < 0x1p-100, x, result); // keeps -0, and what halving would take from subnormals
}

/// tanh(a) = 1 - 2 / (e^2a + 1) for large a, an odd polynomial (relative error 1.4e-9) for small ones.
Expr tanhF32(const Expr& x) {
  const Expr a = absolute(x), square = x * x;
  const Expr small =
      horner(square, {-0.333333135f, 0.133324414f, -0.0538365133f, 0.0210042894f, -0.0061759511f}) * square;
  const Expr large = 1.0 - 2.0 / (expNormal(select(a > 10.0, 20.0, a + a)) + 1.0);
  return copySign(select(a < 0.5625, fma(small, a, a), large), x);
}

/// erf(a) = 1 - e^g(a) with g a minimax polynomial for log erfc, weighted by erfc (absolute error 3e-9 on [0.9, 4.05]);
/// an odd polynomial below 0.92 (relative error 8.6e-10).
Expr erfF32(const Expr& x) {
  const Expr a = absolute(x), square = x * x;
  // The leading coefficient is 1 + 0.128…: the sum with `a` itself comes last, in the one FMA that rounds.
  const Expr small = horner(square, {0.128379166f, -0.376126319f, 0.112836711f, -0.0268580653f, 0.00519771874f,
                                     -0.00081050978f, 8.21174472e-05f});
  const Expr t = select(a > 4.0, 4.0, a);
  const Expr g =
      horner(t, {-0.12851655f, -0.635711432f, -0.105270229f, 0.0228949245f, -0.00321638118f, 0.000214144384f});
  const Expr large = 1.0 - expNormal(fma(g, t, -t));
  return copySign(select(a < 0.92, fma(small, a, a), large), x);
}

} // namespace

Value exp(Builder& b, Value x) { return ownOrLibrary<mlir::math::ExpOp>(b, x, expF32); }
Value expm1(Builder& b, Value x) { return ownOrLibrary<mlir::math::ExpM1Op>(b, x, expm1F32); }
Value tanh(Builder& b, Value x) { return ownOrLibrary<mlir::math::TanhOp>(b, x, tanhF32); }
Value erf(Builder& b, Value x) { return ownOrLibrary<mlir::math::ErfOp>(b, x, erfF32); }

Value logistic(Builder& b, Value value) {
  // With t = e^-|x| nothing overflows, and t / (1 + t) keeps the lower tail.
  const Expr x(b, value), t(b, exp(b, -absolute(x)));
  return select(x < 0.0, t, 1.0) / (t + 1.0);
}

} // namespace ogee::ir::math
