// Puts checks behind every op that can make a NaN of numbers or an infinity of finite ones. Before: any function.
// After: the same, which ends with an Error at the first op that does so, or that divides an integer by zero. What
// computes the conditions has a mark.
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

/// Why an op makes a NaN of numbers, and an infinity of finite ones, as a rule; "" where there is no rule, nothing
/// where it never does.
struct Causes {
  std::optional<StringRef> nan, infinity;
};

constexpr StringLiteral kTooLarge = "the result is too large for its dtype; scale or clamp the inputs";

Causes causesOf(Operation* op) {
  return llvm::TypeSwitch<Operation*, Causes>(op)
      .Case<ir::LogOp, ir::Log2Op, ir::Log10Op>([](auto) {
        return Causes{"a negative number has no logarithm; clamp the input",
                      "the logarithm of 0 is -inf; add a small number to the input"};
      })
      .Case<ir::Log1pOp>([](auto) {
        return Causes{"a number below -1 has no log1p; clamp the input", "log1p of -1 is -inf; clamp the input"};
      })
      .Case<ir::SqrtOp>([](auto) { return Causes{"a negative number has no root; clamp the input at 0", {}}; })
      .Case<ir::RsqrtOp>([](auto) {
        return Causes{"a negative number has no root; clamp the input at 0",
                      "1 / sqrt(0); add a small number to the input"};
      })
      .Case<ir::PowOp>([](auto) {
        return Causes{"a negative number has whole powers only; clamp the base at 0",
                      "the result is too large for its dtype, or 0 has a negative power; clamp the base"};
      })
      .Case<ir::ExpOp, ir::Expm1Op>([](auto) {
        return Causes{{}, "the result is too large for its dtype; clamp the input, or subtract the largest one first"};
      })
      .Case<ir::DivOp>([](auto) {
        return Causes{"0 / 0, or inf / inf; add a small number to the divisor",
                      "the divisor is 0, or too small; add a small number to it"};
      })
      .Case<ir::RemOp>([](auto) { return Causes{"there is no remainder by 0, nor of inf", {}}; })
      .Case<ir::AddOp, ir::SubOp, ir::SumOp>([](auto) {
        return Causes{"inf - inf: an input is infinite; use a large finite number in its place", kTooLarge};
      })
      .Case<ir::MulOp, ir::ProdOp>([](auto) {
        return Causes{"0 * inf: an input is infinite; use a large finite number in its place", kTooLarge};
      })
      .Case<ir::DotOp>([](auto) {
        return Causes{"0 * inf or inf - inf: an input is infinite, or a sum in it overflowed", kTooLarge};
      })
      .Case<ir::SinOp, ir::CosOp, ir::TanOp>([](auto) { return Causes{"an angle is infinite; clamp the input", {}}; })
      .Case<ir::ConvertOp>([](auto) { return Causes{{}, kTooLarge}; })
      .Case<ir::BitcastConvertOp>([](auto) { return Causes{"", ""}; })
      .Default([](Operation* other) {
        // The other ops of these kinds give NaN for NaN alone, and inf for inf; creation and movement compute nothing.
        const bool never = isa<ir::PointwiseOpInterface, ir::ReductionOpInterface, ir::ConstantOp, ir::ReshapeOp,
                               ir::TransposeOp, ir::BroadcastOp, ir::SliceOp, ir::PadOp, ir::ConcatenateOp,
                               ir::ReverseOp, ir::DynamicSliceOp, ir::DynamicUpdateOp>(other);
        return never ? Causes{} : Causes{"", ""};
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
    const Causes causes = causesOf(op_);
    for (Value result : op_->getResults()) {
      if (!isFloats(result)) continue;
      if (causes.nan) check(result, &Checker::isNumber, "NaN", *causes.nan);
      if (causes.infinity && !convertsIntegers()) check(result, &Checker::isFinite, "inf", *causes.infinity);
    }
  }

private:
  template <class Op, class... Args>
  Value part(Args&&... args) {
    Op op = b_.create<Op>(std::forward<Args>(args)...);
    op->setDiscardableAttr(kCheckPartAttr, b_.getUnitAttr());
    return op;
  }

  Value isNumber(Value x) { return part<ir::CompareOp>(ir::Comparison::eq, x, x); }
  Value isFinite(Value x) { return part<ir::IsFiniteOp>(ir::boolTypeLike(x.getType()), x); }
  Value no(Value x) { return part<ir::NotOp>(x); }
  bool convertsIntegers() const { return isa<ir::ConvertOp>(op_) && !isFloats(op_->getOperand(0)); }
  Value any(Value x) {
    SmallVector<int64_t> axes(cast<RankedTensorType>(x.getType()).getRank());
    std::iota(axes.begin(), axes.end(), 0);
    return axes.empty() ? x : part<ir::AnyOp>(x, axes);
  }

  /// Ends the call where the result has what is not `good`, made of operands all of which are. An infinity is looked
  /// for where there is no NaN any more.
  void check(Value result, Value (Checker::*good)(Value), const std::string& made, StringRef cause) {
    SmallVector<Value> inputs = llvm::to_vector(llvm::make_filter_range(op_->getOperands(), isFloats));
    Value bad = no((this->*good)(result));
    if (isa<ir::PointwiseOpInterface>(op_)) { // element by element
      for (Value input : inputs)
        if (cast<RankedTensorType>(input.getType()).getShape() == cast<RankedTensorType>(result.getType()).getShape())
          bad = part<ir::AndOp>(bad, (this->*good)(input));
      bad = any(bad);
    } else {
      bad = any(bad);
      for (Value input : inputs) bad = part<ir::AndOp>(bad, no(any(no((this->*good)(input)))));
    }
    const std::string inGradient = causeInGradient(ir::gradientOf(op_->getLoc()));
    create(bad, "makes " + made + (inputs.empty() ? "" : " of " + places(inputs.size())), inputs,
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
    checkBlock(function.getBody().front());
  }

private:
  void checkBlock(Block& block) {
    for (Operation& op : llvm::make_early_inc_range(block.without_terminator())) {
      if (!isa<ir::CondOp, ir::WhileOp, ir::ScanOp>(op)) {
        Checker(&op, within, lines).run();
        continue;
      }
      for (Region& region : op.getRegions()) checkBlock(region.front());
    }
  }
};

} // namespace
} // namespace ogee::passes
