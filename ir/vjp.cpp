// Expressions in graph ops, and the cotangents that rules give.
#include "ir/vjp.h"

#include "ir/dialect.h"
#include "ir/mixed.h"

namespace ogee::ir {

using namespace mlir;

namespace {

/// A tensor of `like`'s type and dims with one value everywhere.
Value full(ImplicitLocOpBuilder& b, Value like, double number) {
  auto type = cast<RankedTensorType>(like.getType());
  const Type element = type.getElementType();
  const TypedAttr value = isa<FloatType>(element) ? TypedAttr(b.getFloatAttr(element, number))
                                                  : TypedAttr(b.getIntegerAttr(element, static_cast<int64_t>(number)));
  if (type.hasStaticShape()) return b.create<ConstantOp>(DenseElementsAttr::get(type, Attribute(value)));
  Value scalar = b.create<ConstantOp>(DenseElementsAttr::get(type.clone(ArrayRef<int64_t>()), Attribute(value)));
  return b.create<BroadcastOp>(scalar, ArrayRef<int64_t>(), dimsOf(b, b.getLoc(), like));
}

Term compare(Comparison comparison, const Term& x, const Term& y) {
  const Term& typed = x.isNumber() ? y : x;
  auto& b = typed.builder();
  return {b, b.create<CompareOp>(boolTypeLike(typed.value().getType()), comparison, typed.lift(x).value(),
                                 typed.lift(y).value())};
}

} // namespace

Term Term::lift(const Term& number) const {
  return number.isNumber() ? Term(*builder_, full(*builder_, value_, number.number_)) : number;
}

Term operator+(const Term& x, const Term& y) { return apply<AddOp>(x, y); }
Term operator-(const Term& x, const Term& y) { return apply<SubOp>(x, y); }
Term operator*(const Term& x, const Term& y) { return apply<MulOp>(x, y); }
Term operator/(const Term& x, const Term& y) { return apply<DivOp>(x, y); }
Term operator-(const Term& x) { return apply<NegOp>(x); }
Term operator==(const Term& x, const Term& y) { return compare(Comparison::eq, x, y); }
Term operator<(const Term& x, const Term& y) { return compare(Comparison::lt, x, y); }
Term operator<=(const Term& x, const Term& y) { return compare(Comparison::le, x, y); }
Term operator&(const Term& x, const Term& y) { return apply<AndOp>(x, y); }

Term where(const Term& condition, const Term& x, const Term& y) {
  const Term& typed = x.isNumber() ? y : x;
  auto& b = condition.builder();
  return {b, b.create<SelectOp>(condition.value(), typed.lift(x).value(), typed.lift(y).value())};
}

Value zerosLike(ImplicitLocOpBuilder& b, Value like) {
  const Type element = elementOf(like);
  Value zero = b.create<ConstantOp>(
      DenseElementsAttr::get(RankedTensorType::get({}, element), Attribute(b.getFloatAttr(element, 0))));
  return b.create<BroadcastOp>(zero, ArrayRef<int64_t>(), dimsOf(b, b.getLoc(), like));
}

Term Vjp::x(unsigned operand) const { return {b, op_->getOperand(operand)}; }
Term Vjp::y() const { return {b, op_->getResult(0)}; }

void Vjp::give(unsigned operand, Value cotangent) {
  if (!wanted_[operand]) return;
  const Value value = op_->getOperand(operand);
  if (cotangent.getType() != value.getType()) // the same dims, known otherwise
    cotangent = b.create<ReshapeOp>(cotangent, dimsOf(b, b.getLoc(), value));
  given_[operand] = cotangent;
}

void Vjp::refuse(const Twine& why) {
  op_->emitOpError("has no gradient ") << why;
  refused_ = true;
}

} // namespace ogee::ir
