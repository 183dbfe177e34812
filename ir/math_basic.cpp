// Arithmetic that arith and math leave undefined for some inputs, or that LLVM would turn into library calls.
#include "ir/math_expr.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>
#include <limits>

namespace ogee::ir::math {

namespace arith = mlir::arith;

namespace {

/// The most negative value of x's integer type.
int64_t lowest(const Expr& x) { return llvm::APInt::getSignedMinValue(x.width()).getSExtValue(); }

/// A divisor for x by which the division can neither trap nor overflow: 1 in place of 0 and, for x = MIN, of -1.
Expr safeDivisor(const Expr& x, const Expr& y) { return select((y == 0) | ((x == lowest(x)) & (y == -1)), 1, y); }

/// The truncated quotient for a safe divisor.
Expr quotient(const Expr& x, const Expr& y) {
  Builder& b = x.builder();
  // No target divides vectors of integers. A quotient of 32-bit integers in f64 lies at least 2^-31 (relative) below
  // the next integer, so rounding never reaches it and the truncation is exact.
  if (x.isVector() && x.width() <= 32)
    return {b, b.create<arith::FPToSIOp>(x.value().getType(), (intToF64(x) / intToF64(y)).value())};
  return {b, b.create<arith::DivSIOp>(x.value(), y.value())};
}

/// The remainder of nonnegative `a` by positive, finite `m`, both f64 and exact. Long division: each step subtracts the
/// nearest multiple q * m that 53 bits of q can name, which one FMA does exactly, so it gains 53 bits. Remainders may
/// become negative on the way: they stay congruent.
Expr longDivision(const Expr& a, const Expr& m, bool wideRange) {
  // In the full range of f64 a / m may overflow: dividing by multiples of m first keeps quotients below 2^1024.
  const Expr larger = wideRange ? select(m < 1.0, m * 0x1p550, m) : m;
  const Expr largest = wideRange ? select(m < 0x1p-500, larger * 0x1p550, larger) : m;
  const Exprs left = repeatWhile(
      {a}, [&](const Exprs& state) { return absolute(state[0]) >= m; },
      [&](const Exprs& state) -> Exprs {
        const Expr size = absolute(state[0]);
        const Expr divisor = wideRange ? select(size >= largest, largest, select(size >= larger, larger, m)) : m;
        return {fma(-truncated(state[0] / divisor), divisor, state[0])};
      });
  return select(left[0] < 0.0, left[0] + m, left[0]);
}

Expr floatRem(const Expr& x, const Expr& y) {
  const bool isF64 = x.width() == 64;
  const double infinity = std::numeric_limits<double>::infinity();
  const Expr a = absolute(isF64 ? x : toF64(x)), m = absolute(isF64 ? y : toF64(y));
  const Expr proper = (a < infinity) & (m > 0.0) & (m < infinity);
  const Expr result = longDivision(select(proper, a, 0.0), select(proper, m, 1.0), isF64);
  const Expr inRange = isF64 ? result : toF32(result);
  const Expr special = select((a < infinity) & (m == infinity), x, std::nan(""));
  return select(proper, copySign(inRange, x), special);
}

template <typename Op>
Value unary(Builder& b, Value x) {
  return b.create<Op>(x);
}

Expr extremum(const Expr& x, const Expr& y, const Expr& takeX) {
  const Expr result = select(takeX, x, y);
  return x.isFloat() ? select(isNaN(x), x, result) : result;
}

Expr countInRange(const Expr& x, const Expr& count) { return belowUnsigned(count, x.width()); }

} // namespace

Value div(Builder& b, Value xValue, Value yValue) {
  const Expr x(b, xValue), y(b, yValue);
  if (x.isFloat()) return x / y;
  return select(y == 0, -1, quotient(x, safeDivisor(x, y)));
}

Value rem(Builder& b, Value xValue, Value yValue) {
  const Expr x(b, xValue), y(b, yValue);
  if (x.isFloat()) return floatRem(x, y);
  const Expr divisor = safeDivisor(x, y);
  return select(y == 0, x, x - quotient(x, divisor) * divisor);
}

Value max(Builder& b, Value xValue, Value yValue) {
  const Expr x(b, xValue), y(b, yValue);
  return x.width() == 1 ? x | y : extremum(x, y, x > y);
}

Value min(Builder& b, Value xValue, Value yValue) {
  const Expr x(b, xValue), y(b, yValue);
  return x.width() == 1 ? x & y : extremum(x, y, x < y);
}

Value abs(Builder& b, Value xValue) {
  const Expr x(b, xValue);
  return x.isFloat() ? absolute(x) : select(x < 0, -x, x);
}

Value sign(Builder& b, Value xValue) {
  const Expr x(b, xValue);
  if (!x.isFloat()) return select(x > 0, 1, select(x < 0, x.lift(-1), 0));
  return select(x > 0.0, 1.0, select(x < 0.0, -1.0, x)); // zeros and NaN stay
}

Value isFinite(Builder& b, Value xValue) {
  const Expr x(b, xValue);
  return x.isFloat() ? absolute(x) < std::numeric_limits<double>::infinity() : x == x;
}

Value floor(Builder& b, Value x) { return unary<mlir::math::FloorOp>(b, x); }
Value ceil(Builder& b, Value x) { return unary<mlir::math::CeilOp>(b, x); }
Value trunc(Builder& b, Value x) { return unary<mlir::math::TruncOp>(b, x); }
Value roundEven(Builder& b, Value x) { return unary<mlir::math::RoundEvenOp>(b, x); }

Value roundAfz(Builder& b, Value xValue) {
  const Expr x(b, xValue), whole = truncated(x);
  // The fraction x - whole is exact; adding 1/2 before truncating would not be.
  return copySign(whole + select(absolute(x - whole) >= 0.5, copySign(1.0, x), 0.0), x);
}

Value shl(Builder& b, Value xValue, Value countValue) {
  const Expr x(b, xValue), count(b, countValue), inRange = countInRange(x, count);
  return select(inRange, x << select(inRange, count, 0), 0);
}

Value shrArith(Builder& b, Value xValue, Value countValue) {
  const Expr x(b, xValue), count(b, countValue);
  return x >> select(countInRange(x, count), count, x.width() - 1);
}

Value shrLogic(Builder& b, Value xValue, Value countValue) {
  const Expr x(b, xValue), count(b, countValue), inRange = countInRange(x, count);
  return select(inRange, shiftRightLogic(x, select(inRange, count, 0)), 0);
}

Value popcnt(Builder& b, Value x) { return unary<mlir::math::CtPopOp>(b, x); }
Value clz(Builder& b, Value x) { return unary<mlir::math::CountLeadingZerosOp>(b, x); }

} // namespace ogee::ir::math
