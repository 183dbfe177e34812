// Puts a check behind every op that can make a NaN of numbers. Before: any function. After: the same, which ends with
// an Error at the first op that does so, or that divides an integer by zero. What computes the conditions has a mark.
#include "passes/check_numbers.h"

#include "ir/location.h"
#include "ir/mixed.h"
#include "passes/passes.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

#include "llvm/ADT/TypeSwitch.h"

#include <numeric>

namespace ogee::passes {

#define GEN_PASS_DEF_CHECKNUMBERSPASS
#include "passes/passes.h.inc"

using namespace mlir;

namespace {

bool isTensorOf(Value value, bool (*holds)(Type)) {
  return isa<RankedTensorType>(value.getType()) && holds(ir::elementOf(value));
}
bool isFloats(Value value) {
  return isTensorOf(value, [](Type element) { return isa<FloatType>(element); });
}
bool isIntegers(Value value) {
  return isTensorOf(value, [](Type element) { return element.isInteger() && !element.isInteger(1); });
}

/// Why an op makes a NaN of numbers, as a rule; "" where there is no rule, nothing for an op that never does.
std::optional<StringRef> causeOf(Operation* op) {
  using Cause = std::optional<StringRef>;
  return llvm::TypeSwitch<Operation*, Cause>(op)
      .Case<ir::LogOp, ir::Log2Op, ir::Log10Op, ir::Log1pOp>(
          [](auto) { return Cause("a negative number has no logarithm; clamp the input"); })
      .Case<ir::SqrtOp, ir::RsqrtOp>([](auto) { return Cause("a negative number has no root; clamp the input at 0"); })
      .Case<ir::PowOp>([](auto) { return Cause("a negative number has whole powers only; clamp the base at 0"); })
      .Case<ir::DivOp>(
          [](auto) { return Cause("0 / 0, or inf / inf after an overflow; add a small number to the divisor"); })
      .Case<ir::RemOp>([](auto) { return Cause("there is no remainder by 0, nor of inf"); })
      .Case<ir::AddOp, ir::SubOp, ir::SumOp>([](auto) { return Cause("inf - inf: an earlier operation overflowed"); })
      .Case<ir::MulOp, ir::ProdOp>([](auto) { return Cause("0 * inf: an earlier operation overflowed"); })
      .Case<ir::DotOp>([](auto) { return Cause("0 * inf or inf - inf: it, or an earlier operation, overflowed"); })
      .Case<ir::SinOp, ir::CosOp, ir::TanOp>(
          [](auto) { return Cause("an angle is infinite: an earlier operation overflowed"); })
      .Case<ir::BitcastConvertOp>([](auto) { return Cause(""); })
      .Default([](Operation* other) {
        // The other ops of these kinds give NaN for NaN alone; creation and movement compute nothing.
        const bool never =
            isa<ir::PointwiseOpInterface, ir::ReductionOpInterface, ir::ConstantOp, ir::ReshapeOp, ir::TransposeOp,
                ir::BroadcastOp, ir::SliceOp, ir::PadOp, ir::ConcatenateOp, ir::ReverseOp>(other);
        return never ? std::nullopt : Cause("");
      });
}

/// Why one in the gradient of `op` does; "" where the rule is its own.
std::string causeInGradient(StringRef op) {
  if (!StringRef("sqrt rsqrt cbrt log log2 log10 pow").contains(op) || op.empty()) return "";
  return ("the derivative of " + op +
          " is infinite at 0; add a small number to its input, or mask that (a mask on the result comes too late)")
      .str();
}

class Checker {
public:
  Checker(Operation* op, const std::string& within, bool lines)
      : op_(op), within_(within), b_(lines ? op->getLoc() : UnknownLoc::get(op->getContext()), op->getContext()) {
    b_.setInsertionPointAfter(op);
  }

  void run() {
    if (isa<ir::DivOp, ir::RemOp>(op_) && isIntegers(op_->getOperand(0))) return checkDivision();
    const std::optional<StringRef> cause = causeOf(op_);
    if (!cause) return;
    for (Value result : op_->getResults())
      if (isFloats(result)) checkNaN(result, *cause);
  }

private:
  template <class Op, class... Args>
  Value part(Args&&... args) {
    Op op = b_.create<Op>(std::forward<Args>(args)...);
    op->setDiscardableAttr(kCheckPartAttr, b_.getUnitAttr());
    return op;
  }

  Value isNaN(Value x) { return part<ir::CompareOp>(ir::Comparison::ne, x, x); }
  Value isNumber(Value x) { return part<ir::CompareOp>(ir::Comparison::eq, x, x); }
  Value any(Value x) {
    SmallVector<int64_t> axes(cast<RankedTensorType>(x.getType()).getRank());
    std::iota(axes.begin(), axes.end(), 0);
    return axes.empty() ? x : part<ir::AnyOp>(x, axes);
  }

  void checkNaN(Value result, StringRef cause) {
    SmallVector<Value> inputs = llvm::to_vector(llvm::make_filter_range(op_->getOperands(), isFloats));
    Value bad = isNaN(result);
    if (isa<ir::PointwiseOpInterface>(op_)) { // element by element
      for (Value input : inputs)
        if (cast<RankedTensorType>(input.getType()).getShape() == cast<RankedTensorType>(result.getType()).getShape())
          bad = part<ir::AndOp>(bad, isNumber(input));
      bad = any(bad);
    } else {
      bad = any(bad);
      for (Value input : inputs) bad = part<ir::AndOp>(bad, part<ir::NotOp>(any(isNaN(input))));
    }
    const StringRef of = ir::gradientOf(op_->getLoc());
    const std::string inGradient = causeInGradient(of);
    create(bad, inputs.empty() ? "makes NaN" : "makes NaN of " + places(inputs.size()), inputs,
           inGradient.empty() ? cause.str() : inGradient);
  }

  void checkDivision() {
    Value dividend = op_->getOperand(0), divisor = op_->getOperand(1);
    Value bad = part<ir::CompareOp>(ir::Comparison::eq, divisor, filled(divisor, 0));
    if (isa<ir::DivOp>(op_)) {
      const int64_t least = llvm::minIntN(ir::elementBits(dividend));
      Value overflows = part<ir::AndOp>(part<ir::CompareOp>(ir::Comparison::eq, dividend, filled(dividend, least)),
                                        part<ir::CompareOp>(ir::Comparison::eq, divisor, filled(divisor, -1)));
      bad = part<ir::OrOp>(bad, overflows);
    }
    create(any(bad), "divides " + std::string(isa<ir::RemOp>(op_) ? "with remainder " : "") + "{0} by {1}",
           {dividend, divisor}, "integers have no quotient by 0, nor the least one by -1; mask the divisor");
  }

  /// A number in the form of x.
  Value filled(Value x, int64_t number) {
    const Type element = ir::elementOf(x);
    Value one = part<ir::ConstantOp>(
        DenseElementsAttr::get(RankedTensorType::get({}, element), Attribute(b_.getIntegerAttr(element, number))));
    return part<ir::BroadcastOp>(one, ArrayRef<int64_t>(), ir::dimsOf(b_, b_.getLoc(), x));
  }

  static std::string places(size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i)
      text += (i == 0 ? "{" : i + 1 == count ? " and {" : ", {") + std::to_string(i) + "}";
    return text;
  }

  void create(Value bad, const std::string& what, ArrayRef<Value> values, const std::string& hint) {
    const StringRef name = op_->getName().stripDialect(), of = ir::gradientOf(op_->getLoc());
    std::string text = name.str();
    if (!of.empty()) text += (" in the gradient of " + of).str();
    if (!within_.empty() && within_ != name) text += " in " + within_;
    b_.create<ir::CheckOp>(bad, text + ": " + what, values, hint.empty() ? StringAttr() : b_.getStringAttr(hint));
  }

  Operation* op_;
  const std::string& within_;
  ImplicitLocOpBuilder b_;
};

struct CheckNumbersPass : impl::CheckNumbersPassBase<CheckNumbersPass> {
  using CheckNumbersPassBase::CheckNumbersPassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal()) return;
    for (Operation& op : llvm::make_early_inc_range(function.getBody().front().without_terminator()))
      Checker(&op, within, lines).run();
  }
};

} // namespace
} // namespace ogee::passes
