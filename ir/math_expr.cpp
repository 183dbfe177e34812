// The operators of ir/math_expr.h: each builds one arith, math or vector op.
#include "ir/math_expr.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVectorExtras.h"

namespace ogee::ir::math {

namespace arith = mlir::arith;

namespace {

/// Gives a number on either side the type of the other side.
void unify(Expr& x, Expr& y) {
  assert(!(x.isNumber() && y.isNumber()) && "two numbers have no type: lift one");
  if (x.isNumber()) x = y.lift(x);
  y = x.lift(y);
}

template <typename Op, typename... Args>
Expr build(const Expr& like, Args&&... args) {
  return {like.builder(), like.builder().create<Op>(std::forward<Args>(args)...)};
}

template <typename FloatOp, typename IntOp>
Expr arithmetic(Expr x, Expr y) {
  unify(x, y);
  return x.isFloat() ? build<FloatOp>(x, x.value(), y.value()) : build<IntOp>(x, x.value(), y.value());
}

template <typename Op>
Expr integer(Expr x, Expr y) {
  unify(x, y);
  return build<Op>(x, x.value(), y.value());
}

Expr compare(arith::CmpFPredicate forFloat, arith::CmpIPredicate forInt, Expr x, Expr y) {
  unify(x, y);
  if (x.isFloat()) return build<arith::CmpFOp>(x, forFloat, x.value(), y.value());
  return build<arith::CmpIOp>(x, forInt, x.value(), y.value());
}

template <typename Op>
Expr cast(Expr x, Type element) {
  return build<Op>(x, x.like(element), x.value());
}

/// Integers to integers of another width.
Expr resize(Expr x, Type element) {
  if (x.element() == element) return x;
  return x.width() < element.getIntOrFloatBitWidth() ? cast<arith::ExtSIOp>(x, element)
                                                     : cast<arith::TruncIOp>(x, element);
}

} // namespace

Type Expr::element() const { return mlir::getElementTypeOrSelf(value_.getType()); }
bool Expr::isVector() const { return mlir::isa<mlir::VectorType>(value_.getType()); }
bool Expr::isFloat() const { return mlir::isa<mlir::FloatType>(element()); }
unsigned Expr::width() const { return element().getIntOrFloatBitWidth(); }

Type Expr::like(Type element) const {
  auto vector = mlir::dyn_cast<mlir::VectorType>(value_.getType());
  return vector ? vector.clone(element) : element;
}

Expr Expr::lift(Expr number) const {
  if (!number.isNumber()) return number;
  mlir::TypedAttr attribute;
  if (isFloat())
    attribute = mlir::FloatAttr::get(element(), number.number_);
  else
    attribute = mlir::IntegerAttr::get(element(), llvm::APInt(width(), number.integer_, /*isSigned=*/true));
  if (auto vector = mlir::dyn_cast<mlir::VectorType>(value_.getType()))
    attribute = mlir::DenseElementsAttr::get(vector, mlir::Attribute(attribute));
  return {*builder_, builder_->create<arith::ConstantOp>(attribute)};
}

Expr operator+(Expr x, Expr y) { return arithmetic<arith::AddFOp, arith::AddIOp>(x, y); }
Expr operator-(Expr x, Expr y) { return arithmetic<arith::SubFOp, arith::SubIOp>(x, y); }
Expr operator*(Expr x, Expr y) { return arithmetic<arith::MulFOp, arith::MulIOp>(x, y); }
Expr operator/(Expr x, Expr y) { return integer<arith::DivFOp>(x, y); }
Expr operator-(Expr x) { return x.isFloat() ? build<arith::NegFOp>(x, x.value()) : 0 - x; }

Expr operator<(Expr x, Expr y) { return compare(arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt, x, y); }
Expr operator<=(Expr x, Expr y) { return compare(arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle, x, y); }
Expr operator>(Expr x, Expr y) { return compare(arith::CmpFPredicate::OGT, arith::CmpIPredicate::sgt, x, y); }
Expr operator>=(Expr x, Expr y) { return compare(arith::CmpFPredicate::OGE, arith::CmpIPredicate::sge, x, y); }
Expr operator==(Expr x, Expr y) { return compare(arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq, x, y); }
Expr operator!=(Expr x, Expr y) { return compare(arith::CmpFPredicate::UNE, arith::CmpIPredicate::ne, x, y); }
Expr isNaN(Expr x) { return build<arith::CmpFOp>(x, arith::CmpFPredicate::UNO, x.value(), x.value()); }

Expr belowUnsigned(Expr x, Expr y) {
  unify(x, y);
  return build<arith::CmpIOp>(x, arith::CmpIPredicate::ult, x.value(), y.value());
}

Expr isPositiveFinite(Expr x) {
  // Of two comparisons of floats LLVM would make a class test, several times as long.
  return belowUnsigned(bits(x) - 1, 0x7f7fffff);
}

Expr operator&(Expr x, Expr y) { return integer<arith::AndIOp>(x, y); }
Expr operator|(Expr x, Expr y) { return integer<arith::OrIOp>(x, y); }
Expr operator^(Expr x, Expr y) { return integer<arith::XOrIOp>(x, y); }
Expr operator<<(Expr x, Expr count) { return integer<arith::ShLIOp>(x, count); }
Expr operator>>(Expr x, Expr count) { return integer<arith::ShRSIOp>(x, count); }
Expr shiftRightLogic(Expr x, Expr count) { return integer<arith::ShRUIOp>(x, count); }

Expr select(Expr condition, Expr x, Expr y) {
  unify(x, y);
  return build<arith::SelectOp>(x, condition.value(), x.value(), y.value());
}

Expr fma(Expr x, Expr y, Expr z) {
  const Expr typed = !x.isNumber() ? x : !y.isNumber() ? y : z;
  return build<mlir::math::FmaOp>(typed, typed.lift(x).value(), typed.lift(y).value(), typed.lift(z).value());
}

Expr absolute(Expr x) { return build<mlir::math::AbsFOp>(x, x.value()); }

Expr truncated(Expr x) { return build<mlir::math::TruncOp>(x, x.value()); }
Expr floored(Expr x) { return build<mlir::math::FloorOp>(x, x.value()); }

Expr copySign(Expr magnitude, Expr sign) {
  return build<mlir::math::CopySignOp>(sign, sign.lift(magnitude).value(), sign.value());
}

Expr horner(Expr x, llvm::ArrayRef<double> c) {
  Expr result = x.lift(c.back());
  for (const double coefficient : llvm::reverse(c.drop_back())) result = fma(result, x, coefficient);
  return result;
}

Expr splitHorner(Expr x, llvm::ArrayRef<double> c) {
  llvm::SmallVector<double> parts[2];
  for (const auto [i, coefficient] : llvm::enumerate(c)) parts[i % 2].push_back(coefficient);
  const Expr square = x * x, even = horner(square, parts[0]), odd = horner(square, parts[1]);
  return fma(odd, x, even);
}

Expr bits(Expr x) { return cast<arith::BitcastOp>(x, x.builder().getIntegerType(x.width())); }
Expr fromBits(Expr x) {
  return cast<arith::BitcastOp>(x, x.width() == 64 ? Type(x.builder().getF64Type()) : x.builder().getF32Type());
}

Expr toF64(Expr x) { return cast<arith::ExtFOp>(x, x.builder().getF64Type()); }
Expr toF32(Expr x) { return cast<arith::TruncFOp>(x, x.builder().getF32Type()); }
Expr toI32(Expr x) { return resize(x, x.builder().getI32Type()); }
Expr toI64(Expr x) { return resize(x, x.builder().getI64Type()); }
Expr zeroExtend(Expr x) { return cast<arith::ExtUIOp>(toI32(x), x.builder().getI64Type()); }
Expr intToF32(Expr x) { return cast<arith::SIToFPOp>(x, x.builder().getF32Type()); }
Expr intToF64(Expr x) { return cast<arith::SIToFPOp>(x, x.builder().getF64Type()); }

Value anyLane(Expr condition) {
  if (!condition.isVector()) return condition;
  return condition.builder().create<mlir::vector::ReductionOp>(mlir::vector::CombiningKind::OR, condition.value());
}

namespace {

llvm::SmallVector<Value> values(const Exprs& exprs) {
  return llvm::map_to_vector(exprs, [](Expr x) { return x.value(); });
}

Exprs wrap(Builder& b, mlir::ValueRange values) {
  return llvm::map_to_vector<2>(values, [&](Value value) { return Expr(b, value); });
}

} // namespace

Exprs selectRare(Expr condition, llvm::function_ref<Exprs()> slow, Exprs fast) {
  Builder& b = condition.builder();
  const llvm::SmallVector<Value> fastValues = values(fast);
  auto branch = b.create<mlir::scf::IfOp>(mlir::TypeRange(fastValues), anyLane(condition), /*withElseRegion=*/true);
  mlir::OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  Exprs chosen;
  for (auto [rare, usual] : llvm::zip_equal(slow(), fast)) chosen.push_back(select(condition, rare, usual));
  b.create<mlir::scf::YieldOp>(values(chosen));
  b.setInsertionPointToStart(branch.elseBlock());
  b.create<mlir::scf::YieldOp>(fastValues);
  return wrap(b, branch.getResults());
}

Exprs repeatWhile(Exprs initial, llvm::function_ref<Expr(const Exprs&)> proceed,
                  llvm::function_ref<Exprs(const Exprs&)> step) {
  Builder& b = initial.front().builder();
  const llvm::SmallVector<Value> start = values(initial);
  auto loop = b.create<mlir::scf::WhileOp>(
      mlir::TypeRange(start), start,
      [&](mlir::OpBuilder&, mlir::Location, mlir::ValueRange state) {
        const Value condition = anyLane(proceed(wrap(b, state)));
        b.create<mlir::scf::ConditionOp>(condition, state);
      },
      [&](mlir::OpBuilder&, mlir::Location, mlir::ValueRange state) {
        b.create<mlir::scf::YieldOp>(values(step(wrap(b, state))));
      });
  return wrap(b, loop.getResults());
}

Rounded roundScaled(Expr x, double scale, int bias) {
  // In a sum near 1.5 * 2^(mantissa bits) the last place is 1: the addition rounds to nearest even, and the low bits of
  // the sum hold the integer.
  const double shift = (x.width() == 64 ? 0x1.8p52 : 0x1.8p23) + bias;
  const Expr sum = fma(x, scale, shift);
  return {sum - shift, bits(sum)};
}

} // namespace ogee::ir::math
