// What stands in one kernel.
#include "passes/kernel_form.h"

namespace ogee::passes {

using namespace mlir;
using ir::Shape;
using runtime::Dim;

namespace {

bool sameShape(const Shape& a, const Shape& b) {
  return a.size() == b.size() &&
         llvm::all_of(llvm::zip_equal(a, b), [](auto p) { return same(std::get<0>(p), std::get<1>(p)); });
}

SmallVector<int64_t> reducedAxes(Operation* op) {
  return llvm::to_vector(cast<ir::ReductionOpInterface>(op).getReducedAxes());
}

bool areAdjacent(ArrayRef<int64_t> axes) {
  return axes.empty() || axes.back() - axes.front() + 1 == static_cast<int64_t>(axes.size());
}

/// Whether a contraction has one free and one contracted axis on each side, of values from outside the group.
bool isPlainProduct(ir::DotOp dot) {
  const int64_t rank = dot.getLhsBatch().size() + 2;
  return isa<BlockArgument>(dot.getLhs()) && isa<BlockArgument>(dot.getRhs()) &&
         dot.getLhs().getType().getRank() == rank && dot.getRhs().getType().getRank() == rank &&
         dot.getLhsContract().size() == 1;
}

} // namespace

bool isCheapConstant(Operation* op) {
  auto constant = dyn_cast_or_null<ir::ConstantOp>(op);
  return constant && constant.getValue().isSplat();
}

std::optional<KernelForm> KernelForm::startingWith(Operation* op, const ir::DimAnalysis& dims) {
  KernelForm form;
  if (isa<ir::ReductionOpInterface>(op)) {
    if (!areAdjacent(reducedAxes(op))) return std::nullopt;
    form.full_ = dims.shape(op->getOperand(0));
  } else if (isa<ir::PointwiseOpInterface, ir::DotOp>(op)) {
    form.full_ = dims.shape(op->getResult(0));
    form.contraction_ = isa<ir::DotOp>(op);
  } else {
    return std::nullopt;
  }
  form.add(op);
  return form;
}

void KernelForm::add(Operation* op) {
  if (isa<ir::ReductionOpInterface>(op)) axes_ = reducedAxes(op);
  iota_ |= isa<ir::IotaOp>(op);
}

/// Whether `shape` is the full shape without the reduced axes, or with them as axes of size 1.
bool KernelForm::isKept(const Shape& shape) const {
  if (axes_.empty()) return false;
  Shape dropped, unit;
  for (auto [axis, dim] : llvm::enumerate(full_)) {
    const bool reduced = llvm::is_contained(axes_, static_cast<int64_t>(axis));
    unit.push_back(reduced ? Dim(1) : dim);
    if (!reduced) dropped.push_back(dim);
  }
  return sameShape(shape, dropped) || sameShape(shape, unit);
}

/// Whether a broadcast leads from the kept shape to the full one along the kept axes.
bool KernelForm::isKeptBroadcast(ir::BroadcastOp op, const ir::DimAnalysis& dims) const {
  if (!sameShape(dims.shape(op.getResult()), full_) || !isKept(dims.shape(op.getOperand()))) return false;
  int64_t next = 0;
  const bool dropped = op.getDims().size() + axes_.size() == full_.size();
  for (int64_t dim : op.getDims()) {
    while (dropped && llvm::is_contained(axes_, next)) ++next;
    if (dim != next++) return false;
  }
  return true;
}

bool KernelForm::accepts(Operation* op, const ir::DimAnalysis& dims) const {
  if (op->getNumResults() != 1 || !isa<RankedTensorType>(op->getResult(0).getType())) return false;
  if (isa<ir::ReductionOpInterface>(op)) {
    const SmallVector<int64_t> axes = reducedAxes(op);
    return !contraction_ && sameShape(dims.shape(op->getOperand(0)), full_) && (axes_.empty() || axes_ == axes) &&
           areAdjacent(axes) && (axes.size() < 2 || !iota_);
  }
  const Shape shape = dims.shape(op->getResult(0));
  if (isa<ir::PointwiseOpInterface>(op))
    return (sameShape(shape, full_) || isKept(shape)) && (axes_.size() < 2 || !isa<ir::IotaOp>(op));
  if (auto broadcast = dyn_cast<ir::BroadcastOp>(op)) return isKeptBroadcast(broadcast, dims);
  if (isa<ir::ReshapeOp>(op)) return isKept(shape) && isKept(dims.shape(op->getOperand(0)));
  return false;
}

bool KernelForm::compatible(const KernelForm& other) const {
  return !contraction_ && !other.contraction_ && sameShape(full_, other.full_) &&
         (axes_.empty() || other.axes_.empty() || axes_ == other.axes_) &&
         (std::max(axes_.size(), other.axes_.size()) < 2 || (!iota_ && !other.iota_));
}

void KernelForm::merge(const KernelForm& other) {
  if (axes_.empty()) axes_ = other.axes_;
  iota_ |= other.iota_;
}

LogicalResult verifyKernel(ir::GroupOp group, const ir::DimAnalysis& dims) {
  Block& body = group.getBody().front();
  if (group.getNumResults() == 0) return group.emitOpError("gives nothing");
  // The reductions, or the contraction, say what the full shape is; without them every op does.
  Operation* first = nullptr;
  for (Operation& op : body.without_terminator()) {
    if (!first && !isCheapConstant(&op)) first = &op;
    if (isa<ir::ReductionOpInterface, ir::DotOp>(op)) {
      first = &op;
      break;
    }
  }
  if (!first) return group.emitOpError("computes nothing");
  const std::optional<KernelForm> form = KernelForm::startingWith(first, dims);
  if (!form) return first->emitOpError("cannot be computed in a group");
  if (auto dot = dyn_cast<ir::DotOp>(first); dot && !isPlainProduct(dot))
    return dot.emitOpError(
        "in a group must have inputs of the group as operands, each with one free and one contracted axis");
  for (Operation& op : body.without_terminator())
    if (&op != first && !isCheapConstant(&op) && !form->accepts(&op, dims))
      return op.emitOpError("cannot be in one group with '") << first->getName() << "'";
  if (llvm::any_of(body.getTerminator()->getOperands(), llvm::IsaPred<BlockArgument>))
    return body.getTerminator()->emitOpError("gives an input of the group back");
  return success();
}

} // namespace ogee::passes
