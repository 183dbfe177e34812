// Differentiates regions, by structure. A cond becomes a cond of its regions' products, which compute again what they
// read. A scan becomes one in the opposite direction over the values that it carried, which a scan in its place stacks.
// A while of at most so many trips is first made such a scan, whose rounds do nothing once the test has failed.
#include "passes/autodiff_control.h"

#include "ir/control.h"
#include "passes/autodiff.h"
#include "passes/derived.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"

namespace ogee::passes {

using namespace mlir;

namespace {

/// Gives the uses of an op's results to the first results of another one.
void takeOver(OpBuilder& builder, Operation* op, Operation* next) {
  const ResultRange results = next->getResults().take_front(op->getNumResults());
  if (auto* listener = dyn_cast_if_present<RewriterBase::Listener>(builder.getListener()))
    listener->notifyOperationReplaced(op, results);
  op->replaceAllUsesWith(results);
}

/// Copies the ops of a region, whose arguments become `arguments`, and gives what it yields.
SmallVector<Value> inlined(OpBuilder& builder, Region& region, ValueRange arguments) {
  IRMapping mapping;
  mapping.map(region.getArguments(), arguments);
  for (Operation& op : region.front().without_terminator()) builder.clone(op, mapping);
  return llvm::map_to_vector(region.front().getTerminator()->getOperands(),
                             [&](Value value) { return mapping.lookup(value); });
}

/// A block for a region, with arguments like some values; the builder goes on in it.
Block* startBlock(OpBuilder& builder, Region& region, ValueRange like) {
  auto* block = new Block();
  region.push_back(block);
  for (Value value : like) block->addArgument(value.getType(), value.getLoc());
  builder.setInsertionPointToEnd(block);
  return block;
}

SmallVector<Value> joined(std::initializer_list<ValueRange> parts) {
  SmallVector<Value> all;
  for (ValueRange part : parts) llvm::append_range(all, part);
  return all;
}

/// The tensors of floats among `values` for which `chosen` holds, by number.
template <class Chosen>
SmallVector<unsigned> floatsOf(ValueRange values, const Chosen& chosen) {
  SmallVector<unsigned> numbers;
  for (auto [i, value] : llvm::enumerate(values))
    if (isFloatTensor(value.getType()) && chosen(i)) numbers.push_back(i);
  return numbers;
}

SmallVector<Value> pick(ValueRange values, ArrayRef<unsigned> numbers) {
  return llvm::map_to_vector(numbers, [&](unsigned number) { return values[number]; });
}

/// Erases the operands from `first` on, but `kept`, that no region reads as the arguments from `argument` on, with
/// these arguments. What a product does not read it must not take: a Jacobian-vector product does not have the
/// cotangents.
void trimOperands(Operation* op, MutableOperandRange operands, unsigned argument, std::optional<unsigned> kept = {}) {
  for (Region& region : op->getRegions())
    for (Operation& inner : llvm::make_early_inc_range(llvm::reverse(region.front())))
      if (isOpTriviallyDead(&inner)) inner.erase();
  for (unsigned i = operands.size(); i-- > 0;) {
    const auto isUnread = [&](Region& region) { return region.getArgument(argument + i).use_empty(); };
    if (i == kept || !llvm::all_of(op->getRegions(), isUnread)) continue;
    operands.erase(i);
    for (Region& region : op->getRegions()) region.front().eraseArgument(argument + i);
  }
}

class ControlReverse {
public:
  ControlReverse(OpBuilder& builder, Operation* op, ArrayRef<Value> cotangents, ArrayRef<bool> wanted)
      : b_(op->getLoc(), builder), op_(op), cotangents_(cotangents), wanted_(wanted), given_(wanted.size()) {
    b_.setListener(builder.getListener());
  }

  FailureOr<SmallVector<Value>> run() {
    LogicalResult done = failure();
    if (auto cond = dyn_cast<ir::CondOp>(op_))
      done = pullBack(cond);
    else if (auto loop = dyn_cast<ir::WhileOp>(op_))
      done = pullBack(loop);
    else
      done = pullBack(cast<ir::ScanOp>(op_));
    if (failed(done)) return failure();
    return std::move(given_);
  }

private:
  Value orZeros(Value cotangent, Value like) { return cotangent ? cotangent : ir::zerosLike(b_, like); }

  LogicalResult pullBack(ir::CondOp op) {
    const auto results = floatsOf(op.getResults(), [&](unsigned i) { return cotangents_[i] != nullptr; });
    const auto captures = floatsOf(op.getCaptures(), [&](unsigned i) { return wanted_[i + 1]; });
    const SmallVector<Value> operands = joined({op.getCaptures(), pick(cotangents_, results)});
    auto product =
        b_.create<ir::CondOp>(TypeRange(ValueRange(pick(op.getCaptures(), captures))), op.getPredicate(), operands);
    for (auto [from, to] : llvm::zip_equal(op->getRegions(), product->getRegions())) {
      OpBuilder::InsertionGuard guard(b_);
      Block* block = startBlock(b_, to, operands);
      const ValueRange arguments = block->getArguments();
      const ValueRange inside = arguments.take_front(op.getCaptures().size());
      const SmallVector<Value> given = inlined(b_, from, inside), wrt = pick(inside, captures);
      FailureOr<SmallVector<Value>> gradients =
          differentiateHere(pick(given, results), llvm::to_vector(arguments.drop_front(inside.size())), wrt);
      if (failed(gradients)) return product.erase(), failure();
      b_.create<ir::YieldOp>(*gradients);
    }
    trimOperands(product, product.getCapturesMutable(), 0);
    for (auto [i, capture] : llvm::enumerate(captures)) given_[capture + 1] = product.getResult(i);
    return success();
  }

  LogicalResult pullBack(ir::WhileOp op) {
    if (!op.getMaxTrips())
      return op.emitOpError("has no gradient without max_trips, the number of values to keep; hint: give while_loop "
                            "{.max_trips = n}, or use scan");
    ir::ScanOp scan = asScan(op);
    takeOver(b_, op, scan);
    // Beside the carried and the captured values a scan has the tensor that it goes over.
    const size_t carried = op.getInits().size();
    SmallVector<bool> wanted(wanted_.take_front(carried));
    wanted.push_back(false);
    llvm::append_range(wanted, wanted_.drop_front(carried));
    FailureOr<SmallVector<Value>> given = ControlReverse(b_, scan, cotangents_, wanted).run();
    if (failed(given)) return failure();
    given->erase(given->begin() + carried);
    given_ = std::move(*given);
    return success();
  }

  /// Every trip that there can be, each a choice between the body and what has been reached; in the place of the loop.
  ir::ScanOp asScan(ir::WhileOp op) {
    OpBuilder::InsertionGuard guard(b_);
    b_.setInsertionPoint(op);
    const auto count = static_cast<int64_t>(*op.getMaxTrips());
    Value trips = b_.create<ir::IotaOp>(b_.getI64Type(), 0, OpFoldResult(b_.getIndexAttr(count)));
    auto scan = b_.create<ir::ScanOp>(op.getResultTypes(), op.getInits(), trips, op.getCaptures(), UnitAttr());
    Block* block = startBlock(b_, scan.getBody(), op.getInits());
    block->addArgument(RankedTensorType::get({}, b_.getI64Type()), op.getLoc());
    for (Value capture : op.getCaptures()) block->addArgument(capture.getType(), capture.getLoc());
    const unsigned carried = op.getInits().size();
    const ValueRange arguments = block->getArguments();
    const SmallVector<Value> inside = joined({arguments.take_front(carried), arguments.drop_front(carried + 1)});
    const Value holds = inlined(b_, op.getTest(), inside)[0];
    auto choice = b_.create<ir::CondOp>(op.getResultTypes(), holds, inside);
    {
      OpBuilder::InsertionGuard inner(b_);
      Block* then = startBlock(b_, choice.getThen(), inside);
      b_.create<ir::YieldOp>(inlined(b_, op.getBody(), then->getArguments()));
      Block* otherwise = startBlock(b_, choice.getOtherwise(), inside);
      b_.create<ir::YieldOp>(ValueRange(otherwise->getArguments()).take_front(carried));
    }
    b_.create<ir::YieldOp>(choice.getResults());
    return scan;
  }

  LogicalResult pullBack(ir::ScanOp op) {
    const unsigned carried = op.getNumCarried(), over = op.getOver().size();
    const SmallVector<Value> saved = savedCarries(op);
    const auto all = [](unsigned) { return true; };
    const auto states = floatsOf(op.getInits(), all);
    const auto parts = floatsOf(op.getOver(), [&](unsigned i) { return wanted_[carried + i]; });
    const auto captures = floatsOf(op.getCaptures(), [&](unsigned i) { return wanted_[carried + over + i]; });
    const auto stacked = floatsOf(op.getStacked(), [&](unsigned i) { return cotangents_[carried + i] != nullptr; });

    SmallVector<Value> inits;
    for (unsigned i : states) inits.push_back(orZeros(cotangents_[i], op.getInits()[i]));
    for (unsigned i : captures) inits.push_back(ir::zerosLike(b_, op.getCaptures()[i]));
    const SmallVector<Value> overs =
        joined({saved, op.getOver(), pick(ValueRange(cotangents_.drop_front(carried)), stacked)});
    SmallVector<Type> types = llvm::to_vector(TypeRange(ValueRange(inits)));
    llvm::append_range(types, TypeRange(ValueRange(pick(op.getOver(), parts))));
    auto product =
        b_.create<ir::ScanOp>(types, inits, overs, op.getCaptures(), op.getReverse() ? UnitAttr() : b_.getUnitAttr());
    {
      OpBuilder::InsertionGuard guard(b_);
      Block* block = startBlock(b_, product.getBody(), inits);
      for (Value whole : overs) {
        auto type = cast<RankedTensorType>(whole.getType());
        block->addArgument(RankedTensorType::get(type.getShape().drop_front(), type.getElementType()), whole.getLoc());
      }
      for (Value capture : op.getCaptures()) block->addArgument(capture.getType(), capture.getLoc());
      const ValueRange arguments = block->getArguments(), inner = arguments.drop_front(inits.size());
      const ValueRange before = inner.take_front(carried), part = inner.slice(carried, over);
      const ValueRange cotangents = inner.slice(carried + over, stacked.size()),
                       captured = arguments.take_back(op.getCaptures().size());
      const SmallVector<Value> given = inlined(b_, op.getBody(), joined({before, part, captured}));
      const SmallVector<Value> outputs =
          joined({pick(given, states), pick(ValueRange(given).drop_front(carried), stacked)});
      const SmallVector<Value> wrt = joined({pick(before, states), pick(captured, captures), pick(part, parts)});
      FailureOr<SmallVector<Value>> gradients =
          differentiateHere(outputs, joined({arguments.take_front(states.size()), cotangents}), wrt);
      if (failed(gradients)) return product.erase(), failure();
      for (unsigned i = 0; i < captures.size(); ++i) { // what earlier rounds gave is added
        Value& sum = (*gradients)[states.size() + i];
        sum = b_.create<ir::AddOp>(arguments[states.size() + i], sum);
      }
      b_.create<ir::YieldOp>(*gradients);
    }
    trimOperands(product, product.getCapturesMutable(), inits.size() + overs.size());
    trimOperands(product, product.getOverMutable(), inits.size(), carried); // a scan needs one
    unsigned next = 0;
    for (unsigned i : states) give(i, product.getResult(next++));
    for (unsigned i : captures) give(carried + over + i, product.getResult(next++));
    for (unsigned i : parts) give(carried + i, product.getResult(next++));
    return success();
  }

  void give(unsigned operand, Value cotangent) {
    if (wanted_[operand]) given_[operand] = cotangent;
  }

  /// What each round was given as carried values, stacked: by the scan itself, or by one that takes its place.
  SmallVector<Value> savedCarries(ir::ScanOp op) {
    const unsigned carried = op.getNumCarried();
    const SmallVector<Value> yields(op.getBody().front().getTerminator()->getOperands());
    SmallVector<Value> saved(carried);
    SmallVector<unsigned> missing;
    for (unsigned i = 0; i < carried; ++i) {
      const auto* known = std::find(yields.begin() + carried, yields.end(), Value(op.getBody().getArgument(i)));
      if (known != yields.end())
        saved[i] = op.getResult(known - yields.begin());
      else
        missing.push_back(i);
    }
    if (missing.empty()) return saved;
    OpBuilder::InsertionGuard guard(b_);
    b_.setInsertionPoint(op);
    SmallVector<Type> types(op.getResultTypes());
    const int64_t count = cast<RankedTensorType>(op.getOver()[0].getType()).getDimSize(0);
    for (unsigned i : missing) {
      auto type = cast<RankedTensorType>(op.getInits()[i].getType());
      SmallVector<int64_t> dims{count};
      llvm::append_range(dims, type.getShape());
      types.push_back(RankedTensorType::get(dims, type.getElementType()));
    }
    auto saving = b_.create<ir::ScanOp>(types, op.getInits(), op.getOver(), op.getCaptures(), op.getReverseAttr());
    IRMapping mapping;
    op.getBody().cloneInto(&saving.getBody(), mapping);
    Operation* yield = saving.getBody().front().getTerminator();
    SmallVector<Value> all(yield->getOperands());
    for (unsigned i : missing) all.push_back(saving.getBody().getArgument(i));
    yield->setOperands(all);
    takeOver(b_, op, saving);
    for (unsigned i = 0; i < carried; ++i)
      if (saved[i]) saved[i] = saving.getResult(cast<OpResult>(saved[i]).getResultNumber());
    for (auto [next, i] : llvm::enumerate(missing)) saved[i] = saving.getResult(op.getNumResults() + next);
    return saved;
  }

  /// The cotangents of `wrt`, zeros where there are none, in the block that is being built.
  FailureOr<SmallVector<Value>> differentiateHere(ArrayRef<Value> outputs, ArrayRef<Value> cotangents,
                                                  ArrayRef<Value> wrt) {
    FailureOr<SmallVector<Value>> gradients = differentiate(b_, outputs, cotangents, wrt);
    if (failed(gradients)) return failure();
    for (auto [gradient, value] : llvm::zip_equal(*gradients, wrt)) gradient = orZeros(gradient, value);
    return gradients;
  }

  ImplicitLocOpBuilder b_;
  Operation* op_;
  ArrayRef<Value> cotangents_;
  ArrayRef<bool> wanted_;
  SmallVector<Value> given_;
};

} // namespace

FailureOr<SmallVector<Value>> pullBackControl(OpBuilder& builder, Operation* op, ArrayRef<Value> cotangents,
                                              ArrayRef<bool> wanted) {
  return ControlReverse(builder, op, cotangents, wanted).run();
}

} // namespace ogee::passes
