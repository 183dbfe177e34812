// Canonical forms of `cond`, `while` and `scan`: nothing goes in or out that nobody reads, nothing is carried that
// stays as it is, constants stand where they are read, and a choice that is known is made.
#include "ir/control.h"
#include "ir/fold.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"

#include "llvm/ADT/SetVector.h"

namespace ogee::ir {

using namespace mlir;

namespace {

SmallVector<Region*> regionsOf(Operation* op) {
  return llvm::map_to_vector(op->getRegions(), [](Region& region) { return &region; });
}

/// Drops captures that no region reads, hands each value over once, and moves constants into the regions.
template <class Op>
struct TrimCaptures : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter& rewriter) const override {
    const unsigned count = op.getCaptures().size();
    const unsigned first = op->getRegion(0).getNumArguments() - count;
    llvm::BitVector dropped(count);
    llvm::DenseMap<Value, unsigned> known;
    for (auto [i, capture] : llvm::enumerate(op.getCaptures())) {
      auto [same, isNew] = known.try_emplace(capture, i);
      for (Region* region : regionsOf(op)) {
        BlockArgument argument = region->getArgument(first + i);
        if (argument.use_empty()) continue;
        if (!isNew)
          rewriter.replaceAllUsesWith(argument, region->getArgument(first + same->second));
        else if (Operation* constant = capture.getDefiningOp();
                 constant && constant->hasTrait<OpTrait::ConstantLike>()) {
          rewriter.setInsertionPointToStart(&region->front());
          rewriter.replaceAllUsesWith(argument, rewriter.clone(*constant)->getResult(0));
        }
      }
      if (llvm::all_of(op->getRegions(), [&](Region& region) { return region.getArgument(first + i).use_empty(); }))
        dropped.set(i);
    }
    if (dropped.none()) return failure();
    rewriter.modifyOpInPlace(op, [&] {
      for (unsigned i = count; i-- > 0;) {
        if (!dropped[i]) continue;
        op.getCapturesMutable().erase(i);
        for (Region& region : op->getRegions()) region.front().eraseArgument(first + i);
      }
    });
    return success();
  }
};

/// Moves the regions of `from` to `to`, whose regions are empty.
void moveRegions(PatternRewriter& rewriter, Operation* from, Operation* to) {
  to->setDiscardableAttrs(from->getDiscardableAttrDictionary());
  for (auto [source, target] : llvm::zip_equal(from->getRegions(), to->getRegions()))
    rewriter.inlineRegionBefore(source, target, target.end());
}

template <class Range>
SmallVector<Value> without(const llvm::BitVector& dropped, Range values) {
  SmallVector<Value> rest;
  for (auto [i, value] : llvm::enumerate(values))
    if (!dropped[i]) rest.push_back(value);
  return rest;
}

void eraseYields(PatternRewriter& rewriter, Region& region, const llvm::BitVector& dropped) {
  Operation* yield = region.front().getTerminator();
  rewriter.modifyOpInPlace(yield, [&] { yield->setOperands(without(dropped, yield->getOperands())); });
}

/// Gives the op's place and its results' uses, but those of dropped results, to `next`.
void replaceKept(PatternRewriter& rewriter, Operation* op, Operation* next, const llvm::BitVector& dropped) {
  unsigned kept = 0;
  for (auto [i, result] : llvm::enumerate(op->getResults()))
    if (!dropped[i]) rewriter.replaceAllUsesWith(result, next->getResult(kept++));
  rewriter.eraseOp(op);
}

/// A choice that is known.
struct DecideCond : OpRewritePattern<CondOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(CondOp op, PatternRewriter& rewriter) const override {
    auto known = dyn_cast_or_null<IntegerAttr>(splatElement(op.getPredicate()));
    if (!known) return failure();
    Block& taken = (known.getValue().isZero() ? op.getOtherwise() : op.getThen()).front();
    const SmallVector<Value> yields(taken.getTerminator()->getOperands());
    rewriter.eraseOp(taken.getTerminator());
    const SmallVector<Value> captures(op.getCaptures());
    SmallVector<Value> results;
    for (Value yielded : yields) {
      auto argument = dyn_cast<BlockArgument>(yielded);
      results.push_back(argument ? captures[argument.getArgNumber()] : yielded);
    }
    rewriter.inlineBlockBefore(&taken, op, captures);
    rewriter.replaceOp(op, results);
    return success();
  }
};

/// Results that nobody reads, or that are the same captured value either way.
struct TrimCond : OpRewritePattern<CondOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(CondOp op, PatternRewriter& rewriter) const override {
    llvm::BitVector dropped(op.getNumResults());
    const ValueRange yields = op.getThen().front().getTerminator()->getOperands(),
                     others = op.getOtherwise().front().getTerminator()->getOperands();
    for (auto [i, result] : llvm::enumerate(op.getResults())) {
      auto left = dyn_cast<BlockArgument>(yields[i]), right = dyn_cast<BlockArgument>(others[i]);
      if (left && right && left.getArgNumber() == right.getArgNumber())
        rewriter.replaceAllUsesWith(result, op.getCaptures()[left.getArgNumber()]);
      if (result.use_empty()) dropped.set(i);
    }
    if (dropped.none()) return failure();
    const SmallVector<Value> kept = without(dropped, op.getResults());
    auto trimmed =
        rewriter.create<CondOp>(op.getLoc(), TypeRange(ValueRange(kept)), op.getPredicate(), op.getCaptures());
    moveRegions(rewriter, op, trimmed);
    for (Region& region : trimmed->getRegions()) eraseYields(rewriter, region, dropped);
    replaceKept(rewriter, op, trimmed, dropped);
    return success();
  }
};

/// Parts that nobody reads, where the number of parts is known from another tensor.
struct TrimOver : OpRewritePattern<ScanOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScanOp op, PatternRewriter& rewriter) const override {
    for (unsigned i = op.getOver().size(); i-- > 0 && op.getOver().size() > 1;) {
      const int64_t count = partsOf(op.getOver()[i]), other = partsOf(op.getOver()[i == 0 ? 1 : 0]);
      const unsigned argument = op.getNumCarried() + i;
      if (ShapedType::isDynamic(count) || count != other || !op.getBody().getArgument(argument).use_empty()) continue;
      rewriter.modifyOpInPlace(op, [&] {
        op.getOverMutable().erase(i);
        op.getBody().front().eraseArgument(argument);
      });
      return success();
    }
    return failure();
  }

  static int64_t partsOf(Value over) { return cast<RankedTensorType>(over.getType()).getDimSize(0); }
};

WhileOp rebuilt(PatternRewriter& rewriter, WhileOp op, TypeRange types, ValueRange inits) {
  return rewriter.create<WhileOp>(op.getLoc(), types, inits, op.getCaptures(), op.getMaxTripsAttr());
}
ScanOp rebuilt(PatternRewriter& rewriter, ScanOp op, TypeRange types, ValueRange inits) {
  return rewriter.create<ScanOp>(op.getLoc(), types, inits, op.getOver(), op.getCaptures(), op.getReverseAttr());
}

/// Carried values and stacked results that have no influence on what is read after the loop, and carried values that
/// stay what they are.
template <class Loop>
struct TrimLoop : OpRewritePattern<Loop> {
  using OpRewritePattern<Loop>::OpRewritePattern;

  LogicalResult matchAndRewrite(Loop op, PatternRewriter& rewriter) const override {
    const unsigned carried = op.getInits().size();
    llvm::BitVector dropped = idle(op);
    for (unsigned i = 0; i < carried; ++i)
      if (!dropped[i] && stays(op, i)) {
        rewriter.replaceAllUsesWith(op->getResult(i), op.getInits()[i]);
        capture(op, i, rewriter);
        dropped.set(i);
      }
    if (dropped.none()) return failure();
    const SmallVector<Value> kept = without(dropped, op->getResults());
    const SmallVector<Value> inits = without(dropped, op.getInits());
    Loop trimmed = rebuilt(rewriter, op, TypeRange(ValueRange(kept)), inits);
    moveRegions(rewriter, op, trimmed);
    eraseYields(rewriter, trimmed.getBody(), dropped);
    for (Operation& dead : llvm::make_early_inc_range(llvm::reverse(trimmed.getBody().front())))
      if (isOpTriviallyDead(&dead)) rewriter.eraseOp(&dead);
    for (Region& region : trimmed->getRegions())
      for (unsigned i = carried; i-- > 0;)
        if (dropped[i]) region.front().eraseArgument(i);
    replaceKept(rewriter, op, trimmed, dropped);
    return success();
  }

private:
  static bool stays(Loop op, unsigned i) {
    return op.getBody().front().getTerminator()->getOperand(i) == op.getBody().getArgument(i);
  }

  /// Lets the regions read carried value `i`, which stays, as a captured one.
  static void capture(Loop op, unsigned i, PatternRewriter& rewriter) {
    const Value init = op.getInits()[i];
    rewriter.modifyOpInPlace(op, [&] { op.getCapturesMutable().append(init); });
    for (Region& region : op->getRegions()) {
      BlockArgument argument = region.front().addArgument(init.getType(), init.getLoc());
      rewriter.replaceAllUsesWith(region.getArgument(i), argument);
    }
  }

  /// The results that can go: the body's ops that make them, and the carried values that these alone read, with them.
  static llvm::BitVector idle(Loop op) {
    Block& body = op.getBody().front();
    const unsigned carried = op.getInits().size();
    llvm::BitVector live(op->getNumResults());
    for (auto [i, result] : llvm::enumerate(op->getResults()))
      if (!result.use_empty()) live.set(i);
    for (Region& region : op->getRegions()) // what the test reads
      for (unsigned i = 0; &region != &op.getBody() && i < carried; ++i)
        if (!region.getArgument(i).use_empty()) live.set(i);
    for (bool changed = true; changed;) {
      changed = false;
      llvm::SetVector<Value> needed;
      for (Operation& op : body.without_terminator()) // what has effects stays
        if (!isMemoryEffectFree(&op)) needed.insert(op.operand_begin(), op.operand_end());
      for (unsigned i = 0; i < live.size(); ++i)
        if (live[i]) needed.insert(body.getTerminator()->getOperand(i));
      for (size_t next = 0; next < needed.size(); ++next) {
        if (auto argument = dyn_cast<BlockArgument>(needed[next])) {
          if (argument.getArgNumber() >= carried || live[argument.getArgNumber()]) continue;
          live.set(argument.getArgNumber());
          changed = true;
        } else {
          Operation* maker = needed[next].getDefiningOp();
          needed.insert(maker->operand_begin(), maker->operand_end());
        }
      }
    }
    return live.flip();
  }
};

} // namespace

void CondOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext* context) {
  patterns.add<TrimCaptures<CondOp>, DecideCond, TrimCond>(context);
}

void WhileOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext* context) {
  patterns.add<TrimCaptures<WhileOp>, TrimLoop<WhileOp>>(context);
}

void ScanOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext* context) {
  patterns.add<TrimCaptures<ScanOp>, TrimOver, TrimLoop<ScanOp>>(context);
}

} // namespace ogee::ir
