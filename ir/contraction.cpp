// Contractions: the shape rule of the general dot product, its gradient and its canonicalisation.
#include "ir/dialect.h"
#include "ir/fold.h"
#include "ir/rule.h"

#include "mlir/IR/PatternMatch.h"

#include "llvm/ADT/SmallBitVector.h"

namespace ogee::ir {

using namespace mlir;

namespace {

/// The axes of one side that are neither batch nor contracted; fails where an axis is out of range or named twice.
Result<llvm::SmallBitVector> freeAxes(const Rule& rule, size_t rank, Axes batch, Axes contract) {
  llvm::SmallBitVector free(rank, true);
  for (Axes axes : {batch, contract}) {
    if (Status status = rule.axesInRange(axes, rank); !status) return status.failure();
    for (int64_t axis : axes) {
      if (!free.test(axis)) return rule.fail("axis ", axis, " is named twice");
      free.reset(axis);
    }
  }
  return free;
}

} // namespace

Result<Shape> dotShape(std::string_view op, Dims lhs, Dims rhs, const DotAxes& axes, Requirements* requirements) {
  const Rule rule(op, requirements);
  if (axes.lhsBatch.size() != axes.rhsBatch.size() || axes.lhsContract.size() != axes.rhsContract.size())
    return rule.fail("axes do not correspond: batch ", text(axes.lhsBatch), " x ", text(axes.rhsBatch), ", contract ",
                     text(axes.lhsContract), " x ", text(axes.rhsContract));
  Result<llvm::SmallBitVector> lhsFree = freeAxes(rule, lhs.size(), axes.lhsBatch, axes.lhsContract);
  if (!lhsFree) return lhsFree.failure();
  Result<llvm::SmallBitVector> rhsFree = freeAxes(rule, rhs.size(), axes.rhsBatch, axes.rhsContract);
  if (!rhsFree) return rhsFree.failure();

  Shape result;
  auto pair = [&](std::string_view what, int64_t left, int64_t right) {
    auto message = [&] { return runtime::concat(what, " sizes differ: ", text(lhs), " x ", text(rhs)); };
    return rule.equal(lhs[left], rhs[right], message);
  };
  for (size_t i = 0; i < axes.lhsBatch.size(); ++i) {
    const Dim &left = lhs[axes.lhsBatch[i]], &right = rhs[axes.rhsBatch[i]];
    if (Status status = pair("batch", axes.lhsBatch[i], axes.rhsBatch[i]); !status) return status.failure();
    result.push_back(right.is_number() ? right : left);
  }
  for (size_t i = 0; i < axes.lhsContract.size(); ++i)
    if (Status status = pair("inner", axes.lhsContract[i], axes.rhsContract[i]); !status) return status.failure();
  for (unsigned axis : lhsFree->set_bits()) result.push_back(lhs[axis]);
  for (unsigned axis : rhsFree->set_bits()) result.push_back(rhs[axis]);
  return result;
}

Result<Shape> DotOp::shapeRule(Adaptor op, const DimSource& dims, Requirements* requirements) {
  const DotAxes axes{op.getLhsBatch(), op.getRhsBatch(), op.getLhsContract(), op.getRhsContract()};
  return dotShape(ruleName(getOperationName()), dims.shape(op.getLhs()), dims.shape(op.getRhs()), axes, requirements);
}

namespace {

/// One operand of a contraction as the gradient rule sees it.
struct Side {
  Value operand;
  ArrayRef<int64_t> batch, contract;
  SmallVector<int64_t> free;

  Side(Value operand, ArrayRef<int64_t> batch, ArrayRef<int64_t> contract)
      : operand(operand), batch(batch), contract(contract) {
    for (int64_t axis = 0; axis < cast<RankedTensorType>(operand.getType()).getRank(); ++axis)
      if (!llvm::is_contained(batch, axis) && !llvm::is_contained(contract, axis)) free.push_back(axis);
  }
};

/// The cotangent of `self`: that of the product, contracted with `other` along the free axes of `other`, which begin at
/// `otherFree` in it. Of the two orders of operands the one that gives the axes in their order, if there is one.
Value contractBack(Vjp& v, const Side& self, const Side& other, int64_t otherFree) {
  const auto batch = llvm::to_vector(llvm::seq<int64_t>(0, self.batch.size()));
  const auto contracted = llvm::to_vector(llvm::seq<int64_t>(otherFree, otherFree + other.free.size()));
  SmallVector<int64_t> ascending(other.contract);
  llvm::sort(ascending);
  // Where each axis of `self` stands in the product: batch, then the free axes and the contracted ones, in the order of
  // `other`'s axes, either way round.
  const auto positions = [&](int64_t free, int64_t contract) {
    SmallVector<int64_t> perm(self.batch.size() + self.free.size() + self.contract.size());
    for (auto [i, axis] : llvm::enumerate(self.batch)) perm[axis] = i;
    for (auto [i, axis] : llvm::enumerate(self.free)) perm[axis] = free + i;
    for (auto [i, axis] : llvm::enumerate(self.contract))
      perm[axis] = contract + (llvm::find(ascending, other.contract[i]) - ascending.begin());
    return perm;
  };
  const int64_t first = self.batch.size();
  const SmallVector<int64_t> otherFirst = positions(first + self.contract.size(), first);
  if (llvm::is_sorted(otherFirst))
    return v.b.create<DotOp>(other.operand, v.dy().value(), other.batch, batch, other.free, contracted);
  Value product = v.b.create<DotOp>(v.dy().value(), other.operand, batch, other.batch, contracted, other.free);
  return v.b.create<TransposeOp>(product, positions(first, first + self.free.size()));
}

} // namespace

void DotOp::buildVjp(Vjp& v) {
  const Side lhs(getLhs(), getLhsBatch(), getLhsContract()), rhs(getRhs(), getRhsBatch(), getRhsContract());
  const int64_t lhsFree = lhs.batch.size(), rhsFree = lhsFree + lhs.free.size();
  if (v.wants(0)) v.give(0, contractBack(v, lhs, rhs, rhsFree));
  if (v.wants(1)) v.give(1, contractBack(v, rhs, lhs, lhsFree));
}

namespace {

/// One side of a dot product whose operand is a transpose: the axes of what is transposed. Null where that would
/// reorder the free dims.
struct Untransposed {
  Untransposed(Value operand, ArrayRef<int64_t> batch, ArrayRef<int64_t> contract) {
    auto transpose = operand.getDefiningOp<TransposeOp>();
    if (!transpose) return;
    const ArrayRef<int64_t> perm = transpose.getPerm();
    int64_t before = -1;
    for (int64_t axis = 0; axis < static_cast<int64_t>(perm.size()); ++axis) {
      if (llvm::is_contained(batch, axis) || llvm::is_contained(contract, axis)) continue;
      if (perm[axis] < before) return;
      before = perm[axis];
    }
    for (int64_t axis : batch) this->batch.push_back(perm[axis]);
    for (int64_t axis : contract) this->contract.push_back(perm[axis]);
    source = transpose.getOperand();
  }

  Value source;
  SmallVector<int64_t> batch, contract;
};

} // namespace

/// Transposed operands are read in place, through other axes.
static LogicalResult dotOfTranspose(DotOp op, PatternRewriter& rewriter) {
  if (Untransposed lhs(op.getLhs(), op.getLhsBatch(), op.getLhsContract()); lhs.source) {
    replaceMarked<DotOp>(rewriter, op, op.getType(), lhs.source, op.getRhs(), lhs.batch, op.getRhsBatch(), lhs.contract,
                         op.getRhsContract());
    return success();
  }
  if (Untransposed rhs(op.getRhs(), op.getRhsBatch(), op.getRhsContract()); rhs.source) {
    replaceMarked<DotOp>(rewriter, op, op.getType(), op.getLhs(), rhs.source, op.getLhsBatch(), rhs.batch,
                         op.getLhsContract(), rhs.contract);
    return success();
  }
  return failure();
}

void DotOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext*) { patterns.add(dotOfTranspose); }

} // namespace ogee::ir
