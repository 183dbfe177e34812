// Brings contractions and reductions into the forms that code generation knows. Before: any function of the dialect.
// After: every dot is [batch…, m, k] x [batch…, k, n] with more than one row and column, and the axes of every
// reduction are adjacent; a `while` counts its trips itself.
#include "passes/passes.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <numeric>

namespace ogee::passes {

#define GEN_PASS_DEF_DECOMPOSEPASS
#include "passes/passes.h.inc"

using namespace mlir;

namespace {

using Sizes = SmallVector<OpFoldResult>;

int64_t rankOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getRank(); }

OpFoldResult sizeOf(ImplicitLocOpBuilder& b, Value tensor, int64_t axis) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(axis)) return b.getIndexAttr(type.getDimSize(axis));
  return b.create<ir::DimOp>(tensor, axis).getResult();
}

/// The product of sizes, a number where all are.
OpFoldResult productOf(ImplicitLocOpBuilder& b, ArrayRef<OpFoldResult> sizes) {
  int64_t number = 1;
  Value product;
  for (OpFoldResult size : sizes)
    if (std::optional<int64_t> known = getConstantIntValue(size))
      number *= *known;
    else
      product = product ? b.create<arith::MulIOp>(product, cast<Value>(size)).getResult() : cast<Value>(size);
  if (!product) return b.getIndexAttr(number);
  if (number == 1) return product;
  return b.create<arith::MulIOp>(product, b.create<arith::ConstantIndexOp>(number)).getResult();
}

// --- reductions

/// A reduction over axes that are apart reduces the last run of adjacent axes first.
struct SplitReduction : OpInterfaceRewritePattern<ir::ReductionOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(ir::ReductionOpInterface op, PatternRewriter& rewriter) const override {
    const SmallVector<int64_t> axes = llvm::to_vector(op.getReducedAxes());
    size_t first = axes.empty() ? 0 : axes.size() - 1;
    while (first > 0 && axes[first - 1] + 1 == axes[first]) --first;
    if (first == 0) return failure();
    Value inner = reduceAxes(rewriter, op, op->getOperand(0), ArrayRef(axes).drop_front(first));
    rewriter.replaceOp(op, reduceAxes(rewriter, op, inner, ArrayRef(axes).take_front(first)));
    return success();
  }

  static Value reduceAxes(PatternRewriter& rewriter, Operation* like, Value operand, ArrayRef<int64_t> axes) {
    auto type = cast<RankedTensorType>(operand.getType());
    SmallVector<int64_t> kept;
    for (auto [axis, size] : llvm::enumerate(type.getShape()))
      if (!llvm::is_contained(axes, static_cast<int64_t>(axis))) kept.push_back(size);
    OperationState state(like->getLoc(), like->getName());
    state.addOperands(operand);
    state.addTypes(RankedTensorType::get(kept, cast<RankedTensorType>(like->getResult(0).getType()).getElementType()));
    state.addAttributes(like->getAttrs());
    state.attributes.set("axes", rewriter.getDenseI64ArrayAttr(axes));
    return rewriter.create(state)->getResult(0);
  }
};

// --- contractions

/// The axes of a dot's operand that are neither batch nor contracted.
SmallVector<int64_t> freeAxes(Value operand, ArrayRef<int64_t> batch, ArrayRef<int64_t> contract) {
  SmallVector<int64_t> free;
  for (int64_t axis = 0; axis < rankOf(operand); ++axis)
    if (!llvm::is_contained(batch, axis) && !llvm::is_contained(contract, axis)) free.push_back(axis);
  return free;
}

bool isIdentity(ArrayRef<int64_t> perm) {
  return llvm::all_of(llvm::enumerate(perm),
                      [](auto entry) { return static_cast<int64_t>(entry.index()) == entry.value(); });
}

/// An operand with its axes in the order of `groups`, those of all groups but the first (batch) merged into one dim
/// each.
Value arrange(ImplicitLocOpBuilder& b, Value operand, ArrayRef<SmallVector<int64_t>> groups) {
  SmallVector<int64_t> perm;
  for (const auto& group : groups) perm.append(group.begin(), group.end());
  if (!isIdentity(perm)) operand = b.create<ir::TransposeOp>(operand, perm);
  if (llvm::all_of(groups.drop_front(), [](const auto& group) { return group.size() == 1; })) return operand;
  Sizes sizes;
  int64_t axis = 0;
  for (const auto& [index, group] : llvm::enumerate(groups)) {
    Sizes merged;
    for (size_t i = 0; i < group.size(); ++i) merged.push_back(sizeOf(b, operand, axis++));
    if (index == 0)
      sizes = merged;
    else
      sizes.push_back(productOf(b, merged));
  }
  return b.create<ir::ReshapeOp>(operand, sizes);
}

/// A dot whose operands are not [batch…, m, k] x [batch…, k, n].
struct ArrangeDot : OpRewritePattern<ir::DotOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ir::DotOp op, PatternRewriter& rewriter) const override {
    const ArrayRef<int64_t> lhsBatch = op.getLhsBatch(), rhsBatch = op.getRhsBatch();
    const ArrayRef<int64_t> lhsContract = op.getLhsContract(), rhsContract = op.getRhsContract();
    const SmallVector<int64_t> lhsFree = freeAxes(op.getLhs(), lhsBatch, lhsContract),
                               rhsFree = freeAxes(op.getRhs(), rhsBatch, rhsContract);
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    const int64_t batch = lhsBatch.size();
    auto list = [](ArrayRef<int64_t> axes) { return llvm::to_vector(axes); };
    const SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, batch + 2));
    auto inOrder = [&](ArrayRef<int64_t> x, ArrayRef<int64_t> y, ArrayRef<int64_t> z) {
      return y.size() == 1 && z.size() == 1 && x == ArrayRef(order).take_front(batch) && y[0] == batch &&
             z[0] == batch + 1;
    };
    if (inOrder(lhsBatch, lhsFree, lhsContract) && inOrder(rhsBatch, rhsContract, rhsFree)) return failure();
    Sizes resultSizes;
    for (int64_t axis : lhsBatch) resultSizes.push_back(sizeOf(b, op.getLhs(), axis));
    for (int64_t axis : lhsFree) resultSizes.push_back(sizeOf(b, op.getLhs(), axis));
    for (int64_t axis : rhsFree) resultSizes.push_back(sizeOf(b, op.getRhs(), axis));
    Value lhs = arrange(b, op.getLhs(), {list(lhsBatch), lhsFree, list(lhsContract)});
    Value rhs = arrange(b, op.getRhs(), {list(rhsBatch), list(rhsContract), rhsFree});
    const ArrayRef<int64_t> batchAxes = ArrayRef(order).take_front(batch);
    Value product =
        b.create<ir::DotOp>(lhs, rhs, batchAxes, batchAxes, ArrayRef<int64_t>{batch + 1}, ArrayRef<int64_t>{batch});
    product.getDefiningOp()->setDiscardableAttrs(op->getDiscardableAttrDictionary()); // marks
    if (product.getType() != op.getType()) product = b.create<ir::ReshapeOp>(product, resultSizes);
    rewriter.replaceOp(op, product);
    return success();
  }
};

/// One row or one column: a product and a sum. Requires the order that ArrangeDot leaves.
struct SumSingleRow : OpRewritePattern<ir::DotOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ir::DotOp op, PatternRewriter& rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    const int64_t batch = op.getLhsBatch().size();
    if (rankOf(op.getLhs()) != batch + 2 || rankOf(op.getRhs()) != batch + 2 ||
        op.getLhsContract() != ArrayRef<int64_t>{batch + 1} || op.getRhsContract() != ArrayRef<int64_t>{batch})
      return failure();
    const bool oneColumn = cast<RankedTensorType>(op.getRhs().getType()).getDimSize(batch + 1) == 1;
    const bool oneRow = cast<RankedTensorType>(op.getLhs().getType()).getDimSize(batch) == 1;
    if (!oneColumn && !oneRow) return failure();
    // The matrix stays as it is; the vector loses its axis of size 1 and is repeated along the matrix's free axis.
    Value matrix = oneColumn ? op.getLhs() : op.getRhs(), vector = oneColumn ? op.getRhs() : op.getLhs();
    const int64_t kAxis = oneColumn ? batch + 1 : batch;
    Sizes sizes, vectorSizes, resultSizes;
    SmallVector<int64_t> dims;
    for (int64_t axis = 0; axis < batch + 2; ++axis) {
      sizes.push_back(sizeOf(b, matrix, axis));
      resultSizes.push_back(axis < batch ? sizes.back() : OpFoldResult(b.getIndexAttr(1)));
      if (axis < batch || axis == kAxis) {
        vectorSizes.push_back(sizes.back());
        dims.push_back(axis);
      }
    }
    resultSizes[oneColumn ? batch : batch + 1] = sizes[oneColumn ? batch : batch + 1];
    vector = b.create<ir::ReshapeOp>(vector, vectorSizes);
    Value repeated = b.create<ir::BroadcastOp>(vector, dims, sizes);
    if (repeated.getType() != matrix.getType()) return failure();
    auto products = b.create<ir::MulOp>(matrix, repeated);
    Value sum = b.create<ir::SumOp>(products, ArrayRef<int64_t>{kAxis});
    for (Operation* part : {products.getOperation(), sum.getDefiningOp()})
      part->setDiscardableAttrs(op->getDiscardableAttrDictionary()); // marks
    rewriter.replaceOp(op, b.create<ir::ReshapeOp>(sum, resultSizes).getResult());
    return success();
  }
};

// --- loops

/// A loop of at most so many trips carries their number, which its test reads too.
struct CountTrips : OpRewritePattern<ir::WhileOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ir::WhileOp op, PatternRewriter& rewriter) const override {
    if (!op.getMaxTrips()) return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    const unsigned carried = op.getInits().size();
    SmallVector<Value> inits(op.getInits());
    inits.push_back(number(b, 0));
    SmallVector<Type> types(op.getResultTypes());
    types.push_back(inits.back().getType());
    auto counting = b.create<ir::WhileOp>(types, inits, op.getCaptures(), IntegerAttr());
    rewriter.inlineRegionBefore(op.getTest(), counting.getTest(), counting.getTest().end());
    rewriter.inlineRegionBefore(op.getBody(), counting.getBody(), counting.getBody().end());

    auto renew = [&](Region& region, auto yields) {
      Block& block = region.front();
      Value trips = block.insertArgument(carried, inits.back().getType(), op.getLoc());
      Operation* yield = block.getTerminator();
      b.setInsertionPoint(yield);
      SmallVector<Value> values = yields(trips, yield->getOperands());
      rewriter.modifyOpInPlace(yield, [&] { yield->setOperands(values); });
    };
    renew(counting.getTest(), [&](Value trips, ValueRange holds) -> SmallVector<Value> {
      Value more = b.create<ir::CompareOp>(holds[0].getType(), ir::Comparison::lt, trips,
                                           number(b, static_cast<int64_t>(*op.getMaxTrips())));
      return {b.create<ir::AndOp>(holds[0], more)};
    });
    renew(counting.getBody(), [&](Value trips, ValueRange next) {
      SmallVector<Value> values(next);
      values.push_back(b.create<ir::AddOp>(trips, number(b, 1)));
      return values;
    });
    rewriter.replaceOp(op, counting.getResults().drop_back());
    return success();
  }

  static Value number(ImplicitLocOpBuilder& b, int64_t value) {
    return b.create<ir::ConstantOp>(
        DenseElementsAttr::get(RankedTensorType::get({}, b.getI64Type()), b.getI64IntegerAttr(value)));
  }
};

struct DecomposePass : impl::DecomposePassBase<DecomposePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SplitReduction, ArrangeDot, SumSingleRow, CountTrips>(&getContext());
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns)))) signalPassFailure();
  }
};

} // namespace
} // namespace ogee::passes
