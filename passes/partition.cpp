// Takes a function and its gradient apart. Both are built as one joint function first, and simplified together, so that
// what both directions compute is found.
#include "passes/partition.h"

#include "ir/dialect.h"
#include "ir/dims.h"
#include "ir/signature.h"
#include "passes/derived.h"
#include "passes/passes.h"
#include "passes/pipelines.h"
#include "passes/rematerialize.h"

#include "mlir/Pass/PassManager.h"

#include "llvm/ADT/DenseSet.h"

namespace ogee::passes {

#define GEN_PASS_DEF_PARTITIONPASS
#include "passes/passes.h.inc"

using namespace mlir;

namespace {

/// (arguments, a cotangent for each result of floats) -> (results, gradients).
struct Joint {
  func::FuncOp function;
  unsigned arguments = 0, results = 0; ///< of the function itself
  SmallVector<unsigned> cotangents;    ///< the results that the further arguments belong to
  SmallVector<bool> hasGradient;       ///< per argument of `wrt`: whether a further result is its gradient
};

FailureOr<Joint> makeJoint(func::FuncOp function, ArrayRef<unsigned> wrt) {
  Derived derived(function, function.getSymName() + "_backward");
  const Outputs outputs = addCotangents(derived, function);
  OpBuilder builder = derived.builderAtEnd();
  FailureOr<SmallVector<Value>> gradients =
      differentiate(builder, outputs.values, outputs.cotangents, derived.arguments(wrt));
  if (failed(gradients)) return derived.discard(), failure();
  Joint joint{{}, function.getNumArguments(), function.getNumResults(), outputs.results, {}};
  SmallVector<Value> results = derived.results();
  for (Value gradient : *gradients) {
    joint.hasGradient.push_back(gradient != nullptr);
    if (gradient) results.push_back(gradient);
  }
  joint.function = derived.finish(results);
  PassManager simplify(function.getContext(), func::FuncOp::getOperationName());
  addSimplify(simplify);
  if (failed(simplify.run(joint.function))) return joint.function.erase(), failure();
  return joint;
}

Block& bodyOf(func::FuncOp function) { return function.getBody().front(); }

/// The ops that some values depend on.
llvm::DenseSet<Operation*> opsBehind(ValueRange values) {
  llvm::DenseSet<Operation*> ops;
  SmallVector<Value> open(values);
  while (!open.empty()) {
    Operation* op = open.pop_back_val().getDefiningOp();
    if (op && ops.insert(op).second) llvm::append_range(open, op->getOperands());
  }
  return ops;
}

/// Values of the forward part, other than arguments and results, that are kept rather than computed again.
FailureOr<SmallVector<Value>> chooseHidden(Joint& joint) {
  FailureOr<ir::DimAnalysis> dims = ir::DimAnalysis::run(joint.function);
  if (failed(dims)) return failure();
  Block& body = bodyOf(joint.function);
  const auto results = body.getTerminator()->getOperands().take_front(joint.results);
  const auto forward = opsBehind(results);
  llvm::DenseSet<Operation*> backward;
  for (Operation& op : body.without_terminator())
    if (!forward.contains(&op)) backward.insert(&op);
  const SmallVector<Value> cotangents(body.getArguments().drop_front(joint.arguments));
  SmallVector<Value> hidden;
  for (Value value : chooseSaved(joint.function, backward, cotangents, *dims).saved)
    if (value.getDefiningOp() && !llvm::is_contained(results, value)) hidden.push_back(value);
  return hidden;
}

/// A joint function on its way to becoming the backward one.
class Backward {
public:
  explicit Backward(Joint& joint) : joint_(joint), derived_(joint.function, joint.function.getSymName()) {
    const SmallVector<Value> values = derived_.results();
    results_.assign(values.begin(), values.begin() + joint.results);
    gradients_.assign(values.begin() + joint.results, values.end());
    for (unsigned i = 0; i < joint.arguments; ++i) {
      const bool isIndex = derived_.body().getArgument(i).getType().isIndex();
      inputs_.push_back({isIndex ? BackwardInput::Kind::index : BackwardInput::Kind::argument, i});
    }
    for (unsigned result : joint.cotangents) inputs_.push_back({BackwardInput::Kind::cotangent, result});
  }

  ArrayRef<Value> results() const { return results_; }

  /// Reads `value`, which is result `number` of the forward function, instead of computing it.
  void read(Value value, unsigned number) {
    if (isa<BlockArgument>(value) || isa<ir::ConstantOp>(value.getDefiningOp())) return;
    const Value argument = derived_.addArgument(value, "", "");
    inputs_.push_back({BackwardInput::Kind::result, number});
    value.replaceAllUsesWith(argument);
    std::ranges::replace(gradients_, value, argument);
  }

  std::pair<func::FuncOp, BackwardSignature> finish();

private:
  void readSizes(Value argument, const BackwardInput& input);

  const Joint& joint_;
  Derived derived_;
  SmallVector<Value> results_, gradients_;
  SmallVector<BackwardInput> inputs_;
};

/// Gives sizes of an argument that nothing else is read of as arguments of their own.
void Backward::readSizes(Value argument, const BackwardInput& input) {
  const auto isSize = [](Operation* user) { return isa<ir::DimOp>(user); };
  if (input.kind != BackwardInput::Kind::argument || !llvm::all_of(argument.getUsers(), isSize)) return;
  llvm::SmallDenseMap<uint64_t, Value> sizes;
  for (Operation* user : llvm::make_early_inc_range(argument.getUsers())) {
    auto dim = cast<ir::DimOp>(user);
    Value& size = sizes[dim.getAxis()];
    if (!size) {
      size = derived_.addIndexArgument(dim.getLoc());
      inputs_.push_back({BackwardInput::Kind::size, input.index, static_cast<unsigned>(dim.getAxis())});
    }
    dim.getResult().replaceAllUsesWith(size);
    dim.erase();
  }
}

std::pair<func::FuncOp, BackwardSignature> Backward::finish() {
  BackwardSignature signature;
  SmallVector<Value> computed;
  auto gradient = gradients_.begin();
  for (bool has : joint_.hasGradient) {
    if (!has) {
      signature.gradients.push_back({});
      continue;
    }
    auto argument = dyn_cast<BlockArgument>(*gradient);
    if (argument && inputs_[argument.getArgNumber()].kind == BackwardInput::Kind::cotangent) {
      signature.gradients.push_back({BackwardGradient::Kind::cotangent, inputs_[argument.getArgNumber()].index});
    } else {
      signature.gradients.push_back({BackwardGradient::Kind::result, static_cast<unsigned>(computed.size())});
      computed.push_back(*gradient);
    }
    ++gradient;
  }
  Block& body = derived_.body();
  body.getTerminator()->setOperands(computed);
  eraseDeadOps(body);
  for (unsigned i = 0, n = inputs_.size(); i < n; ++i) readSizes(body.getArgument(i), inputs_[i]);
  llvm::BitVector unread(body.getNumArguments());
  for (auto [i, argument] : llvm::enumerate(body.getArguments())) {
    if (argument.use_empty())
      unread.set(i);
    else
      signature.inputs.push_back(inputs_[i]);
  }
  return {derived_.finish(computed, unread), std::move(signature)};
}

/// The forward function: results, then what is saved.
func::FuncOp makeForward(const Joint& joint, StringRef name, ArrayRef<Value> saved) {
  SmallVector<Value> results(bodyOf(joint.function).getTerminator()->getOperands().take_front(joint.results));
  llvm::append_range(results, saved);
  Block& body = bodyOf(joint.function);
  const SmallVector<Value> before(body.getTerminator()->getOperands());
  body.getTerminator()->setOperands(results); // the copy is to have these
  Derived derived(joint.function, name);
  body.getTerminator()->setOperands(before);
  llvm::BitVector cotangents(body.getNumArguments());
  cotangents.set(joint.arguments, body.getNumArguments());
  return derived.finish(derived.results(), cotangents);
}

} // namespace

FailureOr<Partition> partition(func::FuncOp function, ArrayRef<unsigned> wrt, Saved saved) {
  if (failed(ir::verifySignature(function))) return failure();
  FailureOr<Joint> joint = makeJoint(function, wrt);
  if (failed(joint)) return failure();
  Partition result;
  SmallVector<Value> hidden;
  if (saved == Saved::chosen) {
    FailureOr<SmallVector<Value>> chosen = chooseHidden(*joint);
    if (failed(chosen)) return joint->function.erase(), failure();
    hidden = *chosen;
    result.forward = makeForward(*joint, (function.getSymName() + "_forward").str(), hidden);
  }
  // The saved values become results of the joint function, so that its copy knows them.
  Block& body = bodyOf(joint->function);
  SmallVector<Value> operands(body.getTerminator()->getOperands());
  operands.insert(operands.begin() + joint->results, hidden.begin(), hidden.end());
  body.getTerminator()->setOperands(operands);
  joint->results += hidden.size();
  Backward backward(*joint);
  for (auto [i, value] : llvm::enumerate(backward.results())) backward.read(value, i);
  joint->function.erase();
  std::tie(result.backward, result.signature) = backward.finish();
  return result;
}

namespace {

struct PartitionPass : impl::PartitionPassBase<PartitionPass> {
  using PartitionPassBase::PartitionPassBase;

  void runOnOperation() override {
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      const StringRef name = function.getSymName();
      if (function.isExternal() || getOperation().lookupSymbol((name + "_backward").str()) ||
          getOperation().lookupSymbol((name + "_forward").str()))
        continue;
      SmallVector<unsigned> floats;
      for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
        if (isFloatTensor(type)) floats.push_back(i);
      if (failed(partition(function, floats, forward ? Saved::chosen : Saved::results))) return signalPassFailure();
    }
  }
};

} // namespace

} // namespace ogee::passes
