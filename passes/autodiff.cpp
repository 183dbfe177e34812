// Differentiates functions. Before: functions of the dialect, before or after simplification; groups are dissolved.
// After: each has a function beside it that gives its vector-Jacobian or Jacobian-vector product.
#include "passes/autodiff.h"

#include "ir/control.h"
#include "ir/dialect.h"
#include "ir/location.h"
#include "ir/signature.h"
#include "ir/vjp.h"
#include "passes/autodiff_control.h"
#include "passes/derived.h"
#include "passes/passes.h"

namespace ogee::passes {

#define GEN_PASS_DEF_AUTODIFFPASS
#include "passes/passes.h.inc"

using namespace mlir;

namespace {

/// The ops of a block that stand before a place in it.
SmallVector<Operation*> opsBefore(OpBuilder& builder) {
  SmallVector<Operation*> ops;
  Block* block = builder.getInsertionBlock();
  for (auto op = block->begin(); op != builder.getInsertionPoint(); ++op) ops.push_back(&*op);
  return ops;
}

/// Whether a tensor is a number, or a size, whatever the arguments' elements are.
bool isNumber(Value value) {
  Operation* op = value.getDefiningOp();
  while (isa_and_nonnull<ir::BroadcastOp, ir::ConvertOp, ir::ReshapeOp>(op)) op = op->getOperand(0).getDefiningOp();
  return isa_and_nonnull<ir::ConstantOp, ir::FromIndexOp>(op);
}

/// Whether the ops of a gradient, from `first` to the end of `builder`, read elements that `op` has taken or given.
bool readsElements(Operation* op, Block::iterator first, OpBuilder& builder) {
  const auto reads = [&](Value value) {
    return (value.getDefiningOp() == op || llvm::is_contained(op->getOperands(), value)) &&
           isa<TensorType>(value.getType()) && !isNumber(value);
  };
  return llvm::any_of(llvm::make_range(first, builder.getInsertionPoint()), [&](Operation& made) {
    return !isa<ir::DimOp>(made) && llvm::any_of(made.getOperands(), reads);
  });
}

/// Carries cotangents from results to operands, op by op.
class Reverse {
public:
  Reverse(OpBuilder& builder, ArrayRef<Value> wrt, const Detours& detours, SmallVectorImpl<Operation*>* readers)
      : builder_(builder), ops_(opsBefore(builder)), detours_(detours), readers_(readers) {
    active_.insert(wrt.begin(), wrt.end());
    for (Operation* op : ops_)
      for (Value result : op->getResults())
        if (isFloatTensor(result.getType()) && dependsOnActive(op, result)) active_.insert(result);
  }

  void seed(Value output, Value cotangent) {
    if (active_.contains(output)) accumulate(output, cotangent, cotangent.getLoc());
  }

  /// Later ops come first: each has the whole of its cotangent when it is reached.
  LogicalResult run() {
    for (Operation* op : llvm::reverse(ops_))
      if (ir::isControl(op)) {
        if (failed(stepControl(op))) return failure();
      } else if (op->getNumResults() == 1)
        if (Value cotangent = cotangents_.lookup(op->getResult(0)); cotangent && failed(step(op, cotangent)))
          return failure();
    return success();
  }

  Value cotangentOf(Value value) const { return cotangents_.lookup(value); }

private:
  bool dependsOnActive(Operation* op, Value result) const {
    if (auto detour = detours_.find(result); detour != detours_.end()) return active_.contains(detour->second);
    if (isa<ir::StopGradientOp>(op)) return false;
    return llvm::any_of(op->getOperands(), [&](Value operand) { return active_.contains(operand); });
  }

  LogicalResult step(Operation* op, Value cotangent) {
    if (auto detour = detours_.find(op->getResult(0)); detour != detours_.end()) {
      if (active_.contains(detour->second)) accumulate(detour->second, cotangent, op->getLoc());
      return success();
    }
    const auto wanted =
        llvm::map_to_vector(op->getOperands(), [&](Value operand) { return active_.contains(operand); });
    if (llvm::none_of(wanted, [](bool wants) { return wants; })) return success(); // asked for itself
    auto differentiable = dyn_cast<ir::DifferentiableOpInterface>(op);
    if (!differentiable) return op->emitOpError("has no gradient");
    const Location loc = ir::gradientLocation(op->getLoc(), op->getName().stripDialect());
    ImplicitLocOpBuilder b(loc, builder_);
    ir::Vjp vjp(b, op, cotangent, wanted);
    const Block::iterator last = std::prev(builder_.getInsertionPoint());
    differentiable.buildVjp(vjp);
    if (vjp.refused()) return failure();
    if (readers_ && readsElements(op, std::next(last), builder_)) readers_->push_back(op);
    for (auto [operand, given] : llvm::zip_equal(op->getOperands(), vjp.given()))
      if (given) accumulate(operand, given, loc);
    return success();
  }

  LogicalResult stepControl(Operation* op) {
    const auto cotangents =
        llvm::map_to_vector(op->getResults(), [&](Value value) { return cotangents_.lookup(value); });
    const auto wanted = llvm::map_to_vector(op->getOperands(), [&](Value operand) {
      return isFloatTensor(operand.getType()) && active_.contains(operand);
    });
    if (llvm::none_of(cotangents, [](Value value) { return value != nullptr; }) ||
        llvm::none_of(wanted, [](bool wants) { return wants; }))
      return success();
    FailureOr<SmallVector<Value>> given = pullBackControl(builder_, op, cotangents, wanted);
    if (failed(given)) return failure();
    if (readers_) readers_->push_back(op);
    for (auto [operand, cotangent] : llvm::zip_equal(op->getOperands(), *given))
      if (cotangent) accumulate(operand, cotangent, op->getLoc());
    return success();
  }

  void accumulate(Value value, Value cotangent, Location loc) {
    Value& sum = cotangents_[value];
    sum = sum ? builder_.create<ir::AddOp>(loc, sum, cotangent).getResult() : cotangent;
  }

  OpBuilder& builder_;
  const SmallVector<Operation*> ops_;
  const Detours& detours_;
  SmallVectorImpl<Operation*>* const readers_;
  llvm::DenseSet<Value> active_; ///< depends on what is asked for, through floats
  llvm::DenseMap<Value, Value> cotangents_;
};

/// The given cotangents, zeros where there is none.
SmallVector<Value> orZeros(OpBuilder& builder, ArrayRef<Value> cotangents, ArrayRef<Value> values) {
  SmallVector<Value> all;
  for (auto [cotangent, value] : llvm::zip_equal(cotangents, values)) {
    ImplicitLocOpBuilder b(value.getLoc(), builder);
    all.push_back(cotangent ? cotangent : ir::zerosLike(b, value));
  }
  return all;
}

/// Checks that a function can be differentiated with respect to some arguments.
LogicalResult check(func::FuncOp function, ArrayRef<unsigned> wrt) {
  if (failed(ir::verifySignature(function))) return failure();
  for (unsigned argument : wrt) {
    if (argument >= function.getNumArguments())
      return function.emitOpError("has no argument ") << argument << " to differentiate with respect to";
    if (!isFloatTensor(function.getArgumentTypes()[argument]))
      return emitError(function.getArgument(argument).getLoc())
             << "argument " << argument << " is " << function.getArgumentTypes()[argument]
             << ": only floats have gradients";
  }
  return success();
}

} // namespace

FailureOr<SmallVector<Value>> differentiate(OpBuilder& builder, ArrayRef<Value> outputs, ArrayRef<Value> cotangents,
                                            ArrayRef<Value> wrt, const Detours& detours,
                                            SmallVectorImpl<Operation*>* readers) {
  Reverse reverse(builder, wrt, detours, readers);
  for (auto [output, cotangent] : llvm::zip_equal(outputs, cotangents)) reverse.seed(output, cotangent);
  if (failed(reverse.run())) return failure();
  return llvm::map_to_vector(wrt, [&](Value value) { return reverse.cotangentOf(value); });
}

FailureOr<func::FuncOp> buildVjp(func::FuncOp function, ArrayRef<unsigned> wrt) {
  if (failed(check(function, wrt))) return failure();
  Derived derived(function, function.getSymName() + "_vjp");
  const Outputs outputs = addCotangents(derived, function);
  const SmallVector<Value> arguments = derived.arguments(wrt);
  OpBuilder builder = derived.builderAtEnd();
  FailureOr<SmallVector<Value>> gradients = differentiate(builder, outputs.values, outputs.cotangents, arguments);
  if (failed(gradients)) return derived.discard(), failure();
  return derived.finish(orZeros(builder, *gradients, arguments));
}

FailureOr<func::FuncOp> buildJvp(func::FuncOp function, ArrayRef<unsigned> wrt) {
  if (failed(check(function, wrt))) return failure();
  Derived derived(function, function.getSymName() + "_jvp");
  const Outputs outputs = addCotangents(derived, function);
  const SmallVector<Value> arguments = derived.arguments(wrt);
  OpBuilder builder = derived.builderAtEnd();
  Operation* const lastForward = derived.body().getTerminator()->getPrevNode();
  FailureOr<SmallVector<Value>> gradients = differentiate(builder, outputs.values, outputs.cotangents, arguments);
  if (failed(gradients)) return derived.discard(), failure();
  SmallVector<Value> influenced, tangents;
  for (auto [number, argument, gradient] : llvm::zip_equal(wrt, arguments, *gradients)) {
    Value tangent = derived.addArgument(argument, "t", ir::argumentInfo(function, number).name);
    if (!gradient) continue;
    influenced.push_back(gradient);
    tangents.push_back(tangent);
  }
  builder = derived.builderAtEnd();
  FailureOr<SmallVector<Value>> products = differentiate(builder, influenced, tangents, outputs.cotangents);
  if (failed(products)) return derived.discard(), failure();
  // Where the product asks a cotangent for its dims, zeros like the result have them too.
  builder.setInsertionPointToStart(&derived.body());
  if (lastForward) builder.setInsertionPointAfter(lastForward);
  for (auto [value, cotangent] : llvm::zip_equal(outputs.values, outputs.cotangents)) {
    ImplicitLocOpBuilder b(value.getLoc(), builder);
    Value(cotangent).replaceAllUsesWith(ir::zerosLike(b, value));
  }
  builder = derived.builderAtEnd();
  llvm::BitVector unread(derived.body().getNumArguments());
  unread.set(function.getNumArguments(), function.getNumArguments() + outputs.cotangents.size());
  return derived.finish(orZeros(builder, *products, outputs.values), unread);
}

namespace {

struct AutodiffPass : impl::AutodiffPassBase<AutodiffPass> {
  using AutodiffPassBase::AutodiffPassBase;

  void runOnOperation() override {
    if (mode != "vjp" && mode != "jvp") {
      emitError(UnknownLoc::get(&getContext())) << "autodiff: the mode is vjp or jvp, not " << mode;
      return signalPassFailure();
    }
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      if (function.isExternal() || getOperation().lookupSymbol((function.getSymName() + "_" + mode).str())) continue;
      const SmallVector<unsigned> arguments = argumentsOf(function);
      if (failed(mode == "vjp" ? buildVjp(function, arguments) : buildJvp(function, arguments)))
        return signalPassFailure();
    }
  }

  /// Those that the option names, or all of floats.
  SmallVector<unsigned> argumentsOf(func::FuncOp function) {
    if (!wrt.empty()) return SmallVector<unsigned>(wrt.begin(), wrt.end());
    SmallVector<unsigned> floats;
    for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
      if (isFloatTensor(type)) floats.push_back(i);
    return floats;
  }
};

} // namespace
} // namespace ogee::passes
