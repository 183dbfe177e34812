// Scalar mathematics as IR: each function builds target-neutral arith/math/vector ops on scalars or 1-D vectors.
// Everything is total (defined for every input, never traps), strictly IEEE (no flags; an FMA only where written), and
// gives the same bits on a scalar and in every lane of a vector of any width. NaNs are one value: their bits are free.
#pragma once

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace ogee::ir::math {

using mlir::Type;
using mlir::Value;
using Builder = mlir::ImplicitLocOpBuilder;

// All operands of a function have the same type: f32, f64, an integer, or a vector of one of them, as it says.
//
// f32 functions are our own, written for this project: each .cpp says its method, and the coefficients are minimax
// polynomials (Remez) with the relative errors given there. "max x ULP" is the largest error over all 2^32 inputs (for
// two operands, over 2^30 random pairs of all exponents), in units of the result's last place, against the C library's
// double functions; subnormal arguments and results included. Special values are C99's (annex F) throughout.
//
// f64 functions marked "f64: math.x" become that op of the math dialect on scalars or vectors: a target's emitter
// replaces it by calls of the C library's function. No other function here becomes a call (tests/ir/math_targets.cpp).

// ---- math_exp.cpp: exponentials -------------------------------------------------------------------------------------

/// e^x. f32: max 0.90 ULP; 0 below -103.98, inf above 88.73. f64: math.exp.
Value exp(Builder& b, Value x);
/// e^x - 1, accurate near 0, keeps the sign of zero. f32: max 1.53 ULP. f64: math.expm1.
Value expm1(Builder& b, Value x);
/// Hyperbolic tangent, keeps the sign of zero. f32: max 1.51 ULP; exactly ±1 from |x| = 9.02 on. f64: math.tanh.
Value tanh(Builder& b, Value x);
/// 1 / (1 + e^-x), accurate in the lower tail too. f32: max 2.41 ULP; exactly 1 from 17.4 on, 0 below -103.98. f64: the
/// same formula with math.exp.
Value logistic(Builder& b, Value x);
/// Gauss error function, keeps the sign of zero. f32: max 1.01 ULP; exactly ±1 from |x| = 3.93 on. f64: math.erf.
Value erf(Builder& b, Value x);

// ---- math_log.cpp: logarithms ---------------------------------------------------------------------------------------

/// Natural logarithm; log(±0) = -inf, log(x < 0) = NaN. f32: max 0.92 ULP. f64: math.log.
Value log(Builder& b, Value x);
/// Logarithms to the bases 2 and 10, exact where x is a power of the base. f32: max 1.47 and 1.56 ULP (of
/// every eleventh input). f64: math.log2, math.log10.
Value log2(Builder& b, Value x);
Value log10(Builder& b, Value x);
/// log(1 + x), accurate near 0, keeps the sign of zero; -inf at -1, NaN below. f32: max 1.46 ULP. f64: math.log1p.
Value log1p(Builder& b, Value x);

// ---- math_pow.cpp, math_root.cpp: powers and roots ------------------------------------------------------------------

/// x^y. f32: max 0.53 ULP. f64: math.powf. Integers wrap; x^0 = 1, and a negative y gives the truncated 1 / x^-y: 1
/// for x = 1, ±1 for x = -1, else 0 (for x = 0 too).
Value pow(Builder& b, Value x, Value y);

/// Square root, correctly rounded (f32 and f64); sqrt(-0) = -0, NaN below.
Value sqrt(Builder& b, Value x);
/// 1 / sqrt(x) as these two correctly rounded operations (f32 and f64): max 1.50 ULP; rsqrt(±0) = ±inf, rsqrt(inf) =
/// 0.
Value rsqrt(Builder& b, Value x);
/// Cube root, odd. f32: max 0.51 ULP. f64: math.cbrt.
Value cbrt(Builder& b, Value x);

// ---- math_trig.cpp: trigonometry ------------------------------------------------------------------------------------

/// Sine, cosine and tangent of x radians for every finite x, however large; NaN for ±inf; sin and tan keep the sign of
/// zero. f32: max 1.50, 1.50 and 3.14 ULP. f64: math.sin, math.cos, math.tan.
Value sin(Builder& b, Value x);
Value cos(Builder& b, Value x);
Value tan(Builder& b, Value x);
/// The angle of the point (x, y) in [-pi, pi]. f32: max 1.81 ULP. f64: math.atan2.
Value atan2(Builder& b, Value y, Value x);

/// The sine (f32) of the angle of turns / 2^32 circles, turns an i32 taken as unsigned. A quarter is 2^30: the cosine
/// is the sine of turns + 2^30 (wrapping). Max 3 ULP, exact at the quarters.
Value sinTurns(Builder& b, Value turns);

// ---- math_basic.cpp: arithmetic that the dialects leave undefined, or that differs between targets
// -------------------

/// x / y. Integers (signed): x / 0 = -1, MIN / -1 = MIN, else truncated.
Value div(Builder& b, Value x, Value y);
/// The remainder of the truncated quotient, with the sign of x, exact: C's fmod on floats; integers: x % 0 = x,
/// MIN % -1 = 0.
Value rem(Builder& b, Value x, Value y);
/// Larger and smaller: a NaN on either side gives NaN; of zeros that compare equal the second one. i1: or, and.
Value max(Builder& b, Value x, Value y);
Value min(Builder& b, Value x, Value y);
/// |x|; |MIN| = MIN.
Value abs(Builder& b, Value x);
/// -1, 0 or 1; a float zero keeps its sign, NaN stays NaN.
Value sign(Builder& b, Value x);
/// i1: neither infinite nor NaN (integers: true).
Value isFinite(Builder& b, Value x);
/// Rounding to integral values; the sign of a zero result is that of x. Half goes to even, or away from zero.
Value floor(Builder& b, Value x);
Value ceil(Builder& b, Value x);
Value trunc(Builder& b, Value x);
Value roundEven(Builder& b, Value x);
Value roundAfz(Builder& b, Value x);
/// Shifts: a count that is negative or at least the width gives 0, for shrArith the sign (0 or -1).
Value shl(Builder& b, Value x, Value count);
Value shrArith(Builder& b, Value x, Value count);
Value shrLogic(Builder& b, Value x, Value count);
/// Number of one bits; number of leading zeros (the width for 0).
Value popcnt(Builder& b, Value x);
Value clz(Builder& b, Value x);

/// Whether an operand's or result's integers count as unsigned (the types of arith carry no sign). i1 always does.
enum class Signedness { isSigned, isUnsigned };

/// Converts x (scalar or vector) to `element`, elementwise. Float to integer truncates and saturates, NaN gives 0;
/// integer to float and float to float round to nearest even; integer to a narrower integer wraps; anything to i1 is
/// x != 0 (true for NaN); i1 gives 0 or 1. Types: i1, i8, i16, i32, i64, f32, f64.
Value convert(Builder& b, Value x, Type element, Signedness from = Signedness::isSigned,
              Signedness to = Signedness::isSigned);

} // namespace ogee::ir::math
