// What gradient rules are written with: an op's operands, its result and its cotangent as expressions in graph ops, so
// that a rule reads `dy * (1 - y * y)`.
#pragma once

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Value.h"

#include "llvm/ADT/SmallVector.h"

#include <type_traits>

namespace ogee::ir {

/// A tensor of the graph, or a number that takes its type and dims from the tensor beside it.
class Term {
public:
  Term(mlir::ImplicitLocOpBuilder& builder, mlir::Value value) : builder_(&builder), value_(value) {}
  template <class Number>
    requires std::is_arithmetic_v<Number>
  Term(Number number) : number_(static_cast<double>(number)) {}

  operator mlir::Value() const { return value_; }
  mlir::Value value() const { return value_; }
  mlir::ImplicitLocOpBuilder& builder() const { return *builder_; }
  bool isNumber() const { return builder_ == nullptr; }
  /// `number` as a tensor like this one if it is a number.
  Term lift(const Term& number) const;

private:
  mlir::ImplicitLocOpBuilder* builder_ = nullptr;
  mlir::Value value_;
  double number_ = 0;
};

Term operator+(const Term& x, const Term& y);
Term operator-(const Term& x, const Term& y);
Term operator*(const Term& x, const Term& y);
Term operator/(const Term& x, const Term& y);
Term operator-(const Term& x);
// Tensors of bools.
Term operator==(const Term& x, const Term& y);
Term operator<(const Term& x, const Term& y);
Term operator<=(const Term& x, const Term& y);
Term operator&(const Term& x, const Term& y);
/// `x` where the condition holds, else `y`.
Term where(const Term& condition, const Term& x, const Term& y);

/// One result of an op of one operand or two, of the same type.
template <class Op>
Term apply(const Term& x) {
  return {x.builder(), x.builder().create<Op>(x.value()).getResult()};
}
template <class Op>
Term apply(const Term& x, const Term& y) {
  const Term& typed = x.isNumber() ? y : x;
  return {typed.builder(), typed.builder().create<Op>(typed.lift(x).value(), typed.lift(y).value()).getResult()};
}

/// A tensor of floats of `like`'s dims and type, all 0.
mlir::Value zerosLike(mlir::ImplicitLocOpBuilder& b, mlir::Value like);

/// Where a gradient rule reads what it needs and leaves what it makes.
class Vjp {
public:
  /// `cotangent` is that of the op's result; `wanted` says per operand whether its cotangent is asked for.
  Vjp(mlir::ImplicitLocOpBuilder& builder, mlir::Operation* op, mlir::Value cotangent, llvm::ArrayRef<bool> wanted)
      : b(builder), op_(op), cotangent_(cotangent), wanted_(wanted), given_(wanted.size()) {}

  Term x(unsigned operand = 0) const;
  Term y() const;
  Term dy() const { return {b, cotangent_}; }

  bool wants(unsigned operand) const { return wanted_[operand]; }
  /// The cotangent of an operand, whose shape it has; ignored where it is not wanted.
  void give(unsigned operand, mlir::Value cotangent);
  /// What was given, null where nothing was.
  llvm::ArrayRef<mlir::Value> given() const { return given_; }
  /// Reports that this op has no gradient as it stands, at its line.
  void refuse(const llvm::Twine& why);
  bool refused() const { return refused_; }

  mlir::ImplicitLocOpBuilder& b;

private:
  mlir::Operation* op_;
  mlir::Value cotangent_;
  llvm::ArrayRef<bool> wanted_;
  llvm::SmallVector<mlir::Value> given_;
  bool refused_ = false;
};

} // namespace ogee::ir
