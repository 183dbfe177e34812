// Values with operators, so that the formulas of ir/math_*.cpp read as they stand on paper. Each operation builds one
// op; a plain number becomes a constant (a splat) of the type of the operand beside it.
#pragma once

#include "ir/math.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <type_traits>

namespace ogee::ir::math {

/// A value that ops are being built from, or a number that takes its type from the operand beside it.
class Expr {
public:
  Expr(Builder& builder, Value value) : builder_(&builder), value_(value) {}
  template <typename Number>
    requires std::is_arithmetic_v<Number>
  Expr(Number number) : number_(static_cast<double>(number)) {
    if constexpr (std::is_integral_v<Number>) integer_ = static_cast<int64_t>(number);
  }

  operator Value() const { return value_; }
  Value value() const { return value_; }
  Builder& builder() const { return *builder_; }
  /// The type of one lane.
  Type element() const;
  bool isVector() const;
  bool isFloat() const;
  /// Bits of one lane.
  unsigned width() const;
  /// The type of this shape (scalar or vector) with another element.
  Type like(Type element) const;
  /// `number` made a constant of this type if it is one that has no type yet.
  Expr lift(Expr number) const;
  bool isNumber() const { return builder_ == nullptr; }

private:
  Builder* builder_ = nullptr;
  Value value_;
  double number_ = 0;
  int64_t integer_ = 0;
};

// Floats or integers (which wrap). Comparisons are ordered (false for NaN) except !=, and signed on integers.
Expr operator+(Expr x, Expr y);
Expr operator-(Expr x, Expr y);
Expr operator*(Expr x, Expr y);
Expr operator/(Expr x, Expr y); // floats only
Expr operator-(Expr x);
Expr operator<(Expr x, Expr y);
Expr operator<=(Expr x, Expr y);
Expr operator>(Expr x, Expr y);
Expr operator>=(Expr x, Expr y);
Expr operator==(Expr x, Expr y);
Expr operator!=(Expr x, Expr y);
Expr belowUnsigned(Expr x, Expr y);

// Integers; a count must be less than the width.
Expr operator&(Expr x, Expr y);
Expr operator|(Expr x, Expr y);
Expr operator^(Expr x, Expr y);
Expr operator<<(Expr x, Expr count);
Expr operator>>(Expr x, Expr count); // keeps the sign
Expr shiftRightLogic(Expr x, Expr count);

Expr select(Expr condition, Expr x, Expr y);

// Floats.
Expr fma(Expr x, Expr y, Expr z);
Expr absolute(Expr x);
/// |magnitude| with the sign bit of `sign`.
Expr copySign(Expr magnitude, Expr sign);
/// x rounded towards zero, down.
Expr truncated(Expr x);
Expr floored(Expr x);
Expr isNaN(Expr x);
/// 0 < x < inf, for f32.
Expr isPositiveFinite(Expr x);
/// c[0] + c[1] x + c[2] x^2 + …, one FMA per degree.
Expr horner(Expr x, llvm::ArrayRef<double> c);
/// The same polynomial as even part + x * odd part, each by Horner in x^2: half the latency, for long polynomials.
Expr splitHorner(Expr x, llvm::ArrayRef<double> c);

/// The same bits as the integer, or the float, of the same width.
Expr bits(Expr x);
Expr fromBits(Expr x);
/// Lanes as f64, as f32 (rounded), as i32 or i64 (integers: extended with the sign, or truncated).
Expr toF64(Expr x);
Expr toF32(Expr x);
Expr toI32(Expr x);
Expr toI64(Expr x);
/// The low 32 bits as an unsigned number in i64.
Expr zeroExtend(Expr x);
/// Signed integers as floats, rounded to nearest even.
Expr intToF32(Expr x);
Expr intToF64(Expr x);

/// Scalar i1: any lane is true.
Value anyLane(Expr condition);

using Exprs = llvm::SmallVector<Expr, 2>;
/// Lane by lane `slow()` where `condition` holds, else `fast`; the code of `slow` runs only if some lane needs it.
Exprs selectRare(Expr condition, llvm::function_ref<Exprs()> slow, Exprs fast);
/// Repeats `step` from `initial` on while `proceed` holds for any lane.
Exprs repeatWhile(Exprs initial, llvm::function_ref<Expr(const Exprs&)> proceed,
                  llvm::function_ref<Exprs(const Exprs&)> step);

/// x * scale rounded to the nearest integer n, for |n| < 2^21 (f32) or 2^50 (f64): n as a float, and n + bias as an
/// integer that is right in its low 22 (51) bits.
struct Rounded {
  Expr value, integer;
};
Rounded roundScaled(Expr x, double scale, int bias = 0);

/// A function of f32 by its own body, of f64 by the op that a target's emitter replaces by a call of the C library.
template <typename LibraryOp>
Value ownOrLibrary(Builder& b, Value x, Expr (*own)(const Expr&)) {
  const Type element = Expr(b, x).element();
  if (element.isF64()) return b.create<LibraryOp>(x);
  assert(element.isF32() && "narrower floats are computed in f32");
  return own({b, x});
}

} // namespace ogee::ir::math
