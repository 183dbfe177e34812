// Trigonometry: sin, cos, tan, atan2. f32 in FMAs (huge arguments reduced in f64); f64 through the C library.
#include "ir/math_expr.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <array>
#include <limits>

namespace ogee::ir::math {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kPi = 3.14159265358979323846;

/// An angle of quadrant * pi/2 + r with |r| <= pi/4; only the low two bits of the quadrant count.
struct Angle {
  Expr r, quadrant;
};

/// For 0 <= x < 2^17: Cody and Waite in three parts of pi/2. The first FMA is exact, and what the others round stays
/// small against the closest approach of an f32 to a multiple of pi/2.
Angle reduceSmall(const Expr& x) {
  const Rounded n = roundScaled(x, 0x1.45f306p-1f);
  const Expr first = fma(n.value, -0x1.921fb6p+0f, x);
  return {fma(n.value, 0x1.ee59dap-50f, fma(n.value, 0x1.777a5cp-25f, first)), n.integer};
}

/// For x in [2^17, 2^128), after Payne and Hanek: x times 2/pi, whose bits stand here in chunks of 29, so that each
/// product is exact in f64. A chunk with x's last place times the chunk's last place >= 4 adds only full circles: by
/// x's size the first one that matters is chosen, and four of them reach 2^-62.
Angle reduceLarge(const Expr& x) {
  constexpr std::array<double, 7> kTwoOverPi = {0x1.45f306dp-1,   0x1.9391054p-30, 0x1.4fe13abp-59, 0x1.d1f534dp-88,
                                                0x1.b81b6c5p-117, 0x1.5993c4p-148, 0x1.c820ffp-175};
  const Expr wide = toF64(x);
  const auto product = [&](int chunk) {
    const Expr c = select(x < 0x1p54, kTwoOverPi[chunk],
                          select(x < 0x1p83, kTwoOverPi[chunk + 1],
                                 select(x < 0x1p112, kTwoOverPi[chunk + 2], wide.lift(kTwoOverPi[chunk + 3]))));
    return wide * c;
  };
  const auto withoutCircles = [](const Expr& turns) { return fma(floored(turns * 0.25), -4.0, turns); };
  const Expr p0 = withoutCircles(product(0)), p1 = withoutCircles(product(1));
  const Expr p2 = product(2);
  const Rounded n = roundScaled((p0 + p1) + p2, 1.0);
  const Expr fraction = ((p0 - n.value) + p1) + (p2 + product(3));
  return {toF32(fraction * (kPi / 2)), toI32(n.integer)};
}

/// For every finite x >= 0; inf and NaN give NaN.
Angle reduce(const Expr& x) {
  const Angle small = reduceSmall(x);
  const Exprs chosen = selectRare(x >= 0x1p17,
                                  [&]() -> Exprs {
                                    const Angle large = reduceLarge(x);
                                    return {large.r, large.quadrant};
                                  },
                                  {small.r, small.quadrant});
  return {chosen[0], chosen[1]};
}

/// sin r on [-pi/4, pi/4], relative error 2e-10.
Expr sinPolynomial(const Expr& r, const Expr& square) {
  const Expr q = horner(square, {-0.166666672f, 0.00833337195f, -0.000198499096f, 2.80051654e-06f});
  return fma(q * square, r, r);
}

/// cos r on [-pi/4, pi/4], relative error 1.2e-10.
Expr cosPolynomial(const Expr& square) {
  return horner(square, {1.0, -0.5, 0.0416666456f, -0.00138873106f, 2.44325602e-05f});
}

/// tan r on [-pi/4, pi/4], relative error 1.8e-8.
Expr tanPolynomial(const Expr& r) {
  const Expr square = r * r;
  const Expr q =
      horner(square, {0.333331555f, 0.133388296f, 0.0534089729f, 0.0244379845f, 0.00310771354f, 0.00939248409f});
  return fma(q * square, r, r);
}

/// The sine of an angle; `sign` flips it where its top bit is set.
Expr sinOf(const Angle& angle, const Expr& sign) {
  const Expr square = angle.r * angle.r;
  const Expr isOdd = (angle.quadrant & 1) != 0;
  const Expr value = select(isOdd, cosPolynomial(square), sinPolynomial(angle.r, square));
  return fromBits(bits(value) ^ ((angle.quadrant << 30) & int32_t(0x80000000)) ^ sign);
}

Expr signBit(const Expr& x) { return bits(x) & int32_t(0x80000000); }

Expr sinF32(const Expr& x) { return sinOf(reduce(absolute(x)), signBit(x)); }

Expr cosF32(const Expr& x) {
  const Angle angle = reduce(absolute(x));
  return sinOf({angle.r, angle.quadrant + 1}, angle.quadrant.lift(0));
}

Expr tanF32(const Expr& x) {
  const Angle angle = reduce(absolute(x));
  const Expr t = tanPolynomial(angle.r);
  const Expr value = select((angle.quadrant & 1) != 0, -1.0 / t, t);
  return fromBits(bits(value) ^ signBit(x));
}

/// atan t on [0, 1], relative error 2.6e-9.
Expr atanPolynomial(const Expr& t) {
  const Expr square = t * t;
  const Expr q = horner(square, {-0.333332986f, 0.199985355f, -0.142641261f, 0.109516546f, -0.0840205625f,
                                 0.0579358004f, -0.0311577655f, 0.0109045366f, -0.001791502f});
  return fma(q * square, t, t);
}

/// The angle within the first octant, then mirrored at the diagonal, the y axis and the x axis.
Expr atan2F32(const Expr& y, const Expr& x) {
  const Expr ay = absolute(y), ax = absolute(x), isSteep = ay > ax;
  const Expr longer = select(isSteep, ay, ax), shorter = select(isSteep, ax, ay);
  // The corners: 0/0 counts as 0, inf/inf as 1. The select keeps a NaN in either place.
  const Expr both = ax + ay;
  const Expr ratio = select(both == 0.0, 0.0, select(shorter == kInfinity, 1.0, shorter / longer));
  const Expr octant = atanPolynomial(select(both != both, both, ratio));
  const Expr upper = select(isSteep, float(kPi / 2) - octant, octant);
  const Expr half = select(bits(x) < 0, float(kPi) - upper, upper);
  return copySign(half, y);
}

} // namespace

Value sin(Builder& b, Value x) { return ownOrLibrary<mlir::math::SinOp>(b, x, sinF32); }
Value cos(Builder& b, Value x) { return ownOrLibrary<mlir::math::CosOp>(b, x, cosF32); }
Value tan(Builder& b, Value x) { return ownOrLibrary<mlir::math::TanOp>(b, x, tanF32); }

Value atan2(Builder& b, Value yValue, Value xValue) {
  const Expr y(b, yValue), x(b, xValue);
  return x.width() == 64 ? b.create<mlir::math::Atan2Op>(yValue, xValue).getResult() : atan2F32(y, x).value();
}

Value sinTurns(Builder& b, Value turnsValue) {
  // A quadrant is 2^30; what is left of it lies in [-2^29, 2^29).
  const Expr turns(b, turnsValue), quadrant = shiftRightLogic(turns + (1 << 29), 30);
  const Expr r = intToF32(turns - (quadrant << 30)) * float(kPi / 2 * 0x1p-30);
  return sinOf({r, quadrant}, quadrant.lift(0));
}

} // namespace ogee::ir::math
