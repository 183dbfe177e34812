// Movement: folds and canonicalisation. A rewrite never changes the type of a result.
#include "ir/fold.h"
#include "ir/mixed.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/PatternMatch.h"

#include "llvm/ADT/TypeSwitch.h"

namespace ogee::ir {

using namespace mlir;

namespace {

RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// The strides of a row-major tensor of static dims.
SmallVector<int64_t> rowMajor(RankedTensorType type) {
  SmallVector<int64_t> strides(type.getRank(), 1);
  for (int64_t axis = type.getRank() - 1; axis > 0; --axis) strides[axis - 1] = strides[axis] * type.getDimSize(axis);
  return strides;
}

/// Whether two tensors of one type that hold equally many elements have the same dims: one dim at most is unknown, and
/// the others are not 0.
bool dimsFollowFromCount(RankedTensorType type) {
  return type.getNumDynamicDims() <= 1 && !llvm::is_contained(type.getShape(), 0);
}

/// The place that strides give to coordinates.
int64_t dot(ArrayRef<int64_t> place, ArrayRef<int64_t> strides) {
  int64_t sum = 0;
  for (auto [coordinate, stride] : llvm::zip_equal(place, strides)) sum += coordinate * stride;
  return sum;
}

bool isIota(ArrayRef<int64_t> numbers) {
  for (auto [i, number] : llvm::enumerate(numbers))
    if (std::cmp_not_equal(i, number)) return false;
  return true;
}

bool all(ArrayRef<int64_t> numbers, int64_t value) {
  return llvm::all_of(numbers, [value](int64_t number) { return number == value; });
}

/// Whether `size` is known to be dim `axis` of `tensor`.
bool isDimOf(OpFoldResult size, Value tensor, int64_t axis) {
  const int64_t dim = typeOf(tensor).getDimSize(axis);
  if (std::optional<int64_t> number = getConstantIntValue(size)) return *number == dim;
  auto op = dyn_cast<Value>(size).getDefiningOp<DimOp>();
  return op && op.getOperand() == tensor && static_cast<int64_t>(op.getAxis()) == axis;
}

} // namespace

// --- reshape ---------------------------------------------------------------------------------------------------------

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getOperand().getType() == getType() && dimsFollowFromCount(getType())) return getOperand();
  if (auto inner = getOperand().getDefiningOp<ReshapeOp>()) {
    getOperandMutable().assign(inner.getOperand());
    return getResult();
  }
  if (!adaptor.getOperand() || !getType().hasStaticShape()) return {};
  const SmallVector<int64_t> strides = rowMajor(getType());
  return foldMoved(adaptor.getOperand(), getType(), [&](ArrayRef<int64_t> place) { return dot(place, strides); });
}

// --- transpose -------------------------------------------------------------------------------------------------------

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  const ArrayRef<int64_t> perm = getPerm();
  if (isIota(perm)) return getOperand();
  if (auto inner = getOperand().getDefiningOp<TransposeOp>()) {
    SmallVector<int64_t> composed;
    for (int64_t axis : perm) composed.push_back(inner.getPerm()[axis]);
    setPerm(composed);
    getOperandMutable().assign(inner.getOperand());
    return getResult();
  }
  if (!adaptor.getOperand()) return {};
  const SmallVector<int64_t> strides = rowMajor(getOperand().getType());
  return foldMoved(adaptor.getOperand(), getType(), [&](ArrayRef<int64_t> place) {
    SmallVector<int64_t> source(place);
    for (auto [i, axis] : llvm::enumerate(perm)) source[axis] = place[i];
    return dot(source, strides);
  });
}

// --- broadcast -------------------------------------------------------------------------------------------------------

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  const ArrayRef<int64_t> dims = getDims();
  if (getOperand().getType() == getType() && isIota(dims)) return getOperand();
  if (auto inner = getOperand().getDefiningOp<BroadcastOp>()) {
    SmallVector<int64_t> composed;
    for (int64_t dim : inner.getDims()) composed.push_back(dims[dim]);
    setDims(composed);
    getOperandMutable().assign(inner.getOperand());
    return getResult();
  }
  if (!adaptor.getOperand() || !getType().hasStaticShape()) return {};
  const RankedTensorType from = getOperand().getType();
  const SmallVector<int64_t> strides = rowMajor(from);
  return foldMoved(adaptor.getOperand(), getType(), [&](ArrayRef<int64_t> place) {
    SmallVector<int64_t> source;
    for (auto [i, dim] : llvm::enumerate(dims)) source.push_back(from.getDimSize(i) == 1 ? 0 : place[dim]);
    return dot(source, strides);
  });
}

/// The axes of `reshape`'s result that are those of its operand, where all others are inserted 1s.
static std::optional<SmallVector<int64_t>> keptAxes(ReshapeOp reshape) {
  const RankedTensorType from = reshape.getOperand().getType(), to = reshape.getType();
  if (llvm::is_contained(from.getShape(), 1)) return std::nullopt;
  SmallVector<int64_t> kept;
  const SmallVector<OpFoldResult> sizes = reshape.getMixedSizes();
  for (int64_t axis = 0; axis < to.getRank(); ++axis)
    if (to.getDimSize(axis) != 1) kept.push_back(axis);
  if (static_cast<int64_t>(kept.size()) != from.getRank()) return std::nullopt;
  const bool single = from.getNumDynamicDims() <= 1 && to.getNumDynamicDims() <= 1 && dimsFollowFromCount(from);
  for (auto [i, axis] : llvm::enumerate(kept)) {
    const bool equal =
        single ? from.getDimSize(i) == to.getDimSize(axis) : isDimOf(sizes[axis], reshape.getOperand(), i);
    if (!equal) return std::nullopt;
  }
  return kept;
}

/// Axes of size 1 that are only inserted to be broadcast need no reshape.
static LogicalResult broadcastOfInsertedAxes(BroadcastOp op, PatternRewriter& rewriter) {
  auto reshape = op.getOperand().getDefiningOp<ReshapeOp>();
  if (!reshape) return failure();
  std::optional<SmallVector<int64_t>> kept = keptAxes(reshape);
  if (!kept) return failure();
  SmallVector<int64_t> dims;
  for (int64_t axis : *kept) dims.push_back(op.getDims()[axis]);
  replaceMarked<BroadcastOp>(rewriter, op, op.getType(), reshape.getOperand(), dims, op.getSizes(),
                             op.getStaticSizes());
  return success();
}

void BroadcastOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext*) {
  patterns.add(broadcastOfInsertedAxes);
}

// --- slice -----------------------------------------------------------------------------------------------------------

/// Whether the slice takes all of its operand.
static bool isWhole(SliceOp op) {
  if (!op.getOffsets().empty() || !op.getStrides().empty() || !all(op.getStaticOffsets(), 0) ||
      !all(op.getStaticStrides(), 1))
    return false;
  for (auto [axis, size] : llvm::enumerate(op.getMixedSizes()))
    if (!isDimOf(size, op.getOperand(), axis)) return false;
  return true;
}

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  if (getOperand().getType() == getType() && isWhole(*this)) return getOperand();
  if (!adaptor.getOperand() || !getOffsets().empty() || !getStrides().empty() || !getType().hasStaticShape()) return {};
  const SmallVector<int64_t> strides = rowMajor(getOperand().getType());
  return foldMoved(adaptor.getOperand(), getType(), [&](ArrayRef<int64_t> place) {
    SmallVector<int64_t> source(place);
    for (size_t i = 0; i < source.size(); ++i) source[i] = getStaticOffsets()[i] + place[i] * getStaticStrides()[i];
    return dot(source, strides);
  });
}

/// Index values that are constants as numbers, but for the one that stands for "no number".
static SmallVector<OpFoldResult> withNumbers(SmallVector<OpFoldResult> entries) {
  for (OpFoldResult& entry : entries)
    if (std::optional<int64_t> number = getConstantIntValue(entry); number && !ShapedType::isDynamic(*number))
      entry = Builder(entry.getContext()).getIndexAttr(*number);
  return entries;
}

/// Offsets and strides that are constants become numbers, if they are valid ones. (A size would change the type.)
static LogicalResult constantOffsets(SliceOp op, PatternRewriter& rewriter) {
  const Split offsets(withNumbers(op.getMixedOffsets())), strides(withNumbers(op.getMixedStrides()));
  if (offsets.dynamics.size() == op.getOffsets().size() && strides.dynamics.size() == op.getStrides().size())
    return failure();
  const std::string_view name = ruleName(op.getOperationName());
  const TypeDims dims;
  if (!sliceShape(name, dims.shape(op.getOperand()), *dims.mixed(name, offsets.dynamics, offsets.statics),
                  *dims.mixed(name, op.getSizes(), op.getStaticSizes()),
                  *dims.mixed(name, strides.dynamics, strides.statics)))
    return failure();
  replaceMarked<SliceOp>(rewriter, op, op.getType(), op.getOperand(), offsets.dynamics, op.getSizes(), strides.dynamics,
                         offsets.statics, op.getStaticSizes(), strides.statics);
  return success();
}

/// A slice of a slice is a slice, where the numbers are known.
static LogicalResult sliceOfSlice(SliceOp op, PatternRewriter& rewriter) {
  auto inner = op.getOperand().getDefiningOp<SliceOp>();
  if (!inner) return failure();
  for (SliceOp slice : {op, inner})
    if (!slice.getOffsets().empty() || !slice.getStrides().empty()) return failure();
  SmallVector<int64_t> offsets, strides;
  for (size_t i = 0; i < op.getStaticOffsets().size(); ++i) {
    const runtime::Checked stride = inner.getStaticStrides()[i];
    const runtime::Checked offset = inner.getStaticOffsets()[i] + op.getStaticOffsets()[i] * stride;
    const runtime::Checked step = op.getStaticStrides()[i] * stride;
    if (!offset.valid() || !step.valid()) return failure();
    offsets.push_back(offset.value());
    strides.push_back(step.value());
  }
  replaceMarked<SliceOp>(rewriter, op, op.getType(), inner.getOperand(), ValueRange(), op.getSizes(), ValueRange(),
                         offsets, op.getStaticSizes(), strides);
  return success();
}

void SliceOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext*) {
  patterns.add(constantOffsets);
  patterns.add(sliceOfSlice);
}

// --- pad, concatenate, reverse ---------------------------------------------------------------------------------------

OpFoldResult PadOp::fold(FoldAdaptor) {
  const bool addsNothing = getLow().empty() && getHigh().empty() && all(getStaticLow(), 0) && all(getStaticHigh(), 0) &&
                           all(getInterior(), 0);
  return addsNothing ? getOperand() : Value();
}

OpFoldResult ConcatenateOp::fold(FoldAdaptor) { return getOperands().size() == 1 ? getOperands().front() : Value(); }

/// Operands without elements add nothing, and those of a concatenation along the same axis can stand for themselves.
static LogicalResult flattenConcatenation(ConcatenateOp op, PatternRewriter& rewriter) {
  const int64_t axis = op.getAxis();
  SmallVector<Value> operands;
  for (Value operand : op.getOperands()) {
    auto inner = operand.getDefiningOp<ConcatenateOp>();
    if (inner && static_cast<int64_t>(inner.getAxis()) == axis)
      llvm::append_range(operands, inner.getOperands());
    else if (typeOf(operand).getDimSize(axis) != 0)
      operands.push_back(operand);
  }
  if (operands.empty() || llvm::equal(operands, op.getOperands())) return failure();
  // An operand that goes may be the one that made a dim a number.
  auto flat = rewriter.create<ConcatenateOp>(op.getLoc(), operands, axis);
  if (flat.getType() != op.getType()) {
    rewriter.eraseOp(flat);
    return failure();
  }
  flat->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  rewriter.replaceOp(op, flat);
  return success();
}

void ConcatenateOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext*) {
  patterns.add(flattenConcatenation);
}

OpFoldResult ReverseOp::fold(FoldAdaptor adaptor) {
  const RankedTensorType type = getType();
  SmallVector<int64_t> axes;
  for (int64_t axis : getAxes())
    if (type.isDynamicDim(axis) || type.getDimSize(axis) > 1) axes.push_back(axis);
  if (axes.empty()) return getOperand();
  if (auto inner = getOperand().getDefiningOp<ReverseOp>(); inner && inner.getAxes() == getAxes())
    return inner.getOperand();
  if (axes.size() != getAxes().size()) {
    setAxes(axes);
    return getResult();
  }
  if (!adaptor.getOperand()) return {};
  const SmallVector<int64_t> strides = rowMajor(type);
  return foldMoved(adaptor.getOperand(), type, [&](ArrayRef<int64_t> place) {
    SmallVector<int64_t> source(place);
    for (int64_t axis : axes) source[axis] = type.getDimSize(axis) - 1 - place[axis];
    return dot(source, strides);
  });
}

// --- dim -------------------------------------------------------------------------------------------------------------

/// The list of sizes that `op` gives its result, if it has one.
static SmallVector<OpFoldResult> sizesOf(Operation* op) {
  return llvm::TypeSwitch<Operation*, SmallVector<OpFoldResult>>(op)
      .Case<ReshapeOp, BroadcastOp, SliceOp, DynamicSliceOp, IotaOp, RandomUniformOp, RandomNormalOp, RandomIntegersOp>(
          [](auto sized) { return sized.getMixedSizes(); })
      .Default([](Operation*) { return SmallVector<OpFoldResult>(); });
}

/// The operand and axis that gives dim `axis` of a contraction: batch axes come first, then the free ones of lhs, then
/// of rhs.
static std::pair<Value, int64_t> dimOfProduct(DotOp dot, int64_t axis) {
  const auto batch = static_cast<int64_t>(dot.getLhsBatch().size());
  if (axis < batch) return {dot.getLhs(), dot.getLhsBatch()[axis]};
  axis -= batch;
  for (auto [operand, batchAxes, contracted] : {std::tuple(dot.getLhs(), dot.getLhsBatch(), dot.getLhsContract()),
                                                std::tuple(dot.getRhs(), dot.getRhsBatch(), dot.getRhsContract())})
    for (int64_t free = 0; free < typeOf(operand).getRank(); ++free)
      if (!llvm::is_contained(batchAxes, free) && !llvm::is_contained(contracted, free) && axis-- == 0)
        return {operand, free};
  return {};
}

/// The tensor and axis whose dim is, for every input, dim `axis` of a result; the tensor is null where there is
/// none.
static std::pair<Value, int64_t> sameDim(OpResult value, int64_t axis) {
  Operation* op = value.getOwner();
  const unsigned result = value.getResultNumber();
  if (auto transpose = dyn_cast<TransposeOp>(op)) return {transpose.getOperand(), transpose.getPerm()[axis]};
  if (isa<ReverseOp, DynamicUpdateOp>(op)) return {op->getOperand(0), axis};
  if (auto loop = dyn_cast<WhileOp>(op)) return {loop.getInits()[result], axis};
  if (auto scan = dyn_cast<ScanOp>(op); scan && result < scan.getNumCarried()) return {scan.getInits()[result], axis};
  if (auto scan = dyn_cast<ScanOp>(op); scan && axis == 0) return {scan.getOver()[0], 0};
  if (isa<PointwiseOpInterface>(op) && op->getNumOperands() > 0 && sizesOf(op).empty())
    return {op->getOperand(0), axis};
  if (auto concatenate = dyn_cast<ConcatenateOp>(op);
      concatenate && static_cast<int64_t>(concatenate.getAxis()) != axis)
    return {op->getOperand(0), axis};
  if (auto dot = dyn_cast<DotOp>(op)) return dimOfProduct(dot, axis);
  if (auto reduction = dyn_cast<ReductionOpInterface>(op)) {
    for (int64_t reduced : reduction.getReducedAxes()) axis += reduced <= axis;
    return {op->getOperand(0), axis};
  }
  return {};
}

OpFoldResult DimOp::fold(FoldAdaptor) {
  const int64_t axis = getAxis();
  const int64_t size = getOperand().getType().getDimSize(axis);
  if (!ShapedType::isDynamic(size)) return IntegerAttr::get(IndexType::get(getContext()), size);
  Operation* op = getOperand().getDefiningOp();
  if (!op) return {};
  if (SmallVector<OpFoldResult> sizes = sizesOf(op); !sizes.empty()) return sizes[axis];
  auto [tensor, source] = sameDim(cast<OpResult>(getOperand()), axis);
  if (!tensor) return {};
  getOperandMutable().assign(tensor);
  setAxis(source);
  return getResult();
}

} // namespace ogee::ir
