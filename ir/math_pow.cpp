// pow: f32 as 2^(y log2 x) in f64 polynomials, integers by squaring, f64 through the C library.
#include "ir/math_expr.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

namespace ogee::ir::math {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// log2 of a nonnegative f64 that holds an f32: a polynomial in f = m - 1, m in [sqrt(1/2), sqrt(2)), relative
/// error 1.6e-11.
Expr log2Wide(const Expr& x) {
  const int64_t sqrtHalf = 0x3fe6a09e667f3bcd;
  const Expr e = (bits(x) - sqrtHalf) & ~((int64_t(1) << 52) - 1);
  const Expr f = fromBits(bits(x) - e) - 1.0;
  const Expr q = splitHorner(f, {1.4426950408687047, -0.72134752086874032, 0.48089836139571129, -0.36067367483110513,
                                 0.28853729345539741, -0.24045316541747844, 0.20617535976545112, -0.18030060530173217,
                                 0.15876980138887226, -0.14315642080248081, 0.14474841290549229, -0.14283947098465452,
                                 0.077370582746477137});
  // The exponent stands in the high half: 32-bit shifts and conversions exist for vectors of every target.
  const Expr exponent = intToF64(toI32(shiftRightLogic(e, 32)) >> 20);
  const Expr finite = fma(f, q, exponent);
  return select(x == 0.0, -kInfinity, select(x < kInfinity, finite, x));
}

/// 2^t as f64 for |t| < 1000; relative error 4.1e-11.
Expr exp2Wide(const Expr& t) {
  const Rounded n = roundScaled(t, 1.0, 1023);
  const Expr p = splitHorner(t - n.value, {0.99999999996168176, 0.69314718072844572, 0.24022651198157949,
                                           0.055504103534526041, 0.0096180272536371195, 0.0013333922560041947,
                                           0.0001546929115017751, 1.52019223437943e-05});
  return p * fromBits(n.integer << 52);
}

Expr powF32(const Expr& x, const Expr& y) {
  const Expr magnitude = absolute(x);
  const Expr t = toF64(y) * log2Wide(toF64(magnitude));
  // The bounds lie beyond overflow and below half the smallest subnormal.
  const Expr bounded = select(t > 200.0, 200.0, select(t < -200.0, -200.0, t));
  const Expr result = toF32(exp2Wide(bounded));
  const Expr notInteger = truncated(y) != y, half = y * 0.5;
  const Expr isOdd = (truncated(half) != half) & (truncated(y) == y);
  const Expr undefined = isPositiveFinite(-x) & notInteger;
  const Expr real = select(undefined, kNaN, select(isOdd, copySign(result, x), result));
  const Expr isOne = (y == 0.0) | (x == 1.0) | ((x == -1.0) & (absolute(y) == kInfinity));
  return select(isOne, 1.0, real);
}

/// x^y by squaring for y >= 0; wraps.
Expr powBySquaring(const Expr& x, const Expr& y) {
  const Expr one = x.lift(1);
  return repeatWhile(
      {one, x, y}, [](const Exprs& state) { return state[2] != 0; },
      [](const Exprs& state) -> Exprs {
        const Expr result = select((state[2] & 1) != 0, state[0] * state[1], state[0]);
        return {result, state[1] * state[1], state[2] >> 1};
      })[0];
}

Expr powInteger(const Expr& x, const Expr& y) {
  const Expr minusOnePower = select((y & 1) != 0, x, 1);
  const Expr reciprocal = select(x == 1, 1, select(x == -1, minusOnePower, 0));
  return select(y < 0, reciprocal, powBySquaring(x, select(y < 0, 0, y)));
}

} // namespace

Value pow(Builder& b, Value xValue, Value yValue) {
  const Expr x(b, xValue), y(b, yValue);
  if (!x.isFloat()) return powInteger(x, y);
  return x.width() == 64 ? b.create<mlir::math::PowFOp>(xValue, yValue).getResult() : powF32(x, y).value();
}

} // namespace ogee::ir::math
