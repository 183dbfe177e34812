// Logarithms: log, log2, log10 and log1p. f32 in FMAs alone; f64 through the C library.
// Method: x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), log x = e ln 2 + log(1 + f), a minimax polynomial in f.
#include "ir/math_expr.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

namespace ogee::ir::math {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kLn2 = 0x1.62e43p-1f;
// Constants in two parts of 24 bits.
constexpr double kLog2E = 0x1.715476p+0f, kLog2ELow = 0x1.4ae0cp-26f;
constexpr double kLog10E = 0x1.bcb7b2p-2f, kLog10ELow = -0x1.5b235ep-27f;
constexpr double kLog10Of2 = 0x1.344136p-2f, kLog10Of2Low = -0x1.ec10cp-27f;
constexpr int32_t kSqrtHalf = 0x3f3504f3; // the bits of sqrt(1/2)
constexpr int32_t kExponentMask = int32_t(0xff800000);

/// log(1 + f) on [sqrt(1/2) - 1, sqrt(2) - 1]; relative error 4.2e-9.
Expr log1pPolynomial(const Expr& f) {
  const Expr q = horner(f, {-0.499999881f, 0.333333254f, -0.250016004f, 0.20002003f, -0.166087657f, 0.141811341f,
                            -0.132445619f, 0.12909089f, -0.0762397423f});
  return fma(f * f, q, f);
}

/// The exponent e of a normal, positive x, in place (times 2^23).
Expr exponentBits(const Expr& x) { return (bits(x) - kSqrtHalf) & kExponentMask; }

/// The logarithm that `combine` makes of e and log(1 + f).
Expr logF32(const Expr& x, llvm::function_ref<Expr(const Expr&, const Expr&)> combine) {
  const Expr subnormal = x < 0x1p-126;
  const Expr normal = select(subnormal, x * 0x1p23, x);
  const Expr e = exponentBits(normal);
  const Expr mantissa = fromBits(bits(normal) - e);
  const Expr exponent = intToF32(e >> 23) + select(subnormal, x.lift(-23.0), 0.0);
  const Expr result = combine(exponent, log1pPolynomial(mantissa - 1.0));
  const Expr special = select(x < 0.0, kNaN, select(x == 0.0, -kInfinity, x));
  return select(isPositiveFinite(x), result, special);
}

Expr naturalF32(const Expr& x) {
  return logF32(x, [](const Expr& e, const Expr& ln) { return fma(e, kLn2, ln); });
}

Expr log2F32(const Expr& x) {
  return logF32(x, [](const Expr& e, const Expr& ln) { return fma(ln, kLog2E, fma(ln, kLog2ELow, e)); });
}

Expr log10F32(const Expr& x) {
  return logF32(x, [](const Expr& e, const Expr& ln) {
    return fma(e, kLog10Of2, fma(e, kLog10Of2Low, fma(ln, kLog10E, ln * kLog10ELow)));
  });
}

Expr log1pF32(const Expr& x) {
  const Expr sum = x + 1.0;
  const Expr e = exponentBits(sum);
  // f = (1 + x) 2^-e - 1 with one rounding from x itself. The rounded sum is as good once x >= 2^25, where 2^-e may no
  // longer be a normal number. Here and below -0 is what is added where e = 0, so that a zero x keeps its sign.
  const Expr scale = fromBits(0x3f800000 - e);
  const Expr f = select(x < 0x1p25, fma(x, scale, -(1.0 - scale)), fromBits(bits(sum) - e) - 1.0);
  const Expr result = fma(intToF32(-e >> 23), -kLn2, log1pPolynomial(f));
  const Expr special = select(x < -1.0, kNaN, select(x == -1.0, -kInfinity, x));
  return select((x > -1.0) & (x < kInfinity), result, special);
}

} // namespace

Value log(Builder& b, Value x) { return ownOrLibrary<mlir::math::LogOp>(b, x, naturalF32); }
Value log2(Builder& b, Value x) { return ownOrLibrary<mlir::math::Log2Op>(b, x, log2F32); }
Value log10(Builder& b, Value x) { return ownOrLibrary<mlir::math::Log10Op>(b, x, log10F32); }
Value log1p(Builder& b, Value x) { return ownOrLibrary<mlir::math::Log1pOp>(b, x, log1pF32); }

} // namespace ogee::ir::math
