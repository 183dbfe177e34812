// Contractions: each element of the result is a sum of products over the contracted indices.
#include "ir/dialect.h"
#include "tools/reference/families.h"

namespace ogee::reference {

namespace {

using Axes = mlir::ArrayRef<int64_t>;

Index pick(const Index& from, Axes axes) {
  Index picked;
  for (int64_t axis : axes) picked.push_back(from[axis]);
  return picked;
}

/// The axes that are neither batch nor contracted.
Index freeAxes(size_t rank, Axes batch, Axes contract) {
  Index free;
  for (int64_t axis = 0; axis < int64_t(rank); ++axis)
    if (!llvm::is_contained(batch, axis) && !llvm::is_contained(contract, axis)) free.push_back(axis);
  return free;
}

/// index[axes[i]] = part[i]
void place(Index& index, Axes axes, mlir::ArrayRef<int64_t> part) {
  for (size_t i = 0; i < axes.size(); ++i) index[axes[i]] = part[i];
}

template <class T>
Array dot(ir::DotOp op, const Array& lhs, const Array& rhs) {
  const Axes lhsBatch = op.getLhsBatch(), rhsBatch = op.getRhsBatch();
  const Axes lhsContract = op.getLhsContract(), rhsContract = op.getRhsContract();
  const Index lhsFree = freeAxes(lhs.shape.size(), lhsBatch, lhsContract);
  const Index rhsFree = freeAxes(rhs.shape.size(), rhsBatch, rhsContract);
  Index shape = pick(lhs.shape, lhsBatch);
  llvm::append_range(shape, pick(lhs.shape, lhsFree));
  llvm::append_range(shape, pick(rhs.shape, rhsFree));

  Array result(lhs.dtype, shape);
  size_t next = 0;
  forEachIndex(shape, [&](const Index& index) {
    const auto parts = mlir::ArrayRef<int64_t>(index);
    Index left(lhs.shape.size()), right(rhs.shape.size());
    place(left, lhsBatch, parts);
    place(right, rhsBatch, parts);
    place(left, lhsFree, parts.drop_front(lhsBatch.size()));
    place(right, rhsFree, parts.drop_front(lhsBatch.size() + lhsFree.size()));
    Wide<T> sum = 0;
    forEachIndex(pick(lhs.shape, lhsContract), [&](const Index& k) {
      place(left, lhsContract, k);
      place(right, rhsContract, k);
      const Wide<T> a = lhs.as<T>()[offsetOf(left, lhs.shape)], b = rhs.as<T>()[offsetOf(right, rhs.shape)];
      sum = plus(sum, times(a, b));
    });
    result.as<T>()[next++] = T(sum);
  });
  return result;
}

} // namespace

Evaluation evaluateContraction(mlir::Operation* op, const Values& values) {
  auto dotOp = mlir::dyn_cast<ir::DotOp>(op);
  if (!dotOp) return std::nullopt;
  const Array &lhs = values.array(dotOp.getLhs()), &rhs = values.array(dotOp.getRhs());
  for (auto [left, right] :
       {std::pair(dotOp.getLhsBatch(), dotOp.getRhsBatch()), std::pair(dotOp.getLhsContract(), dotOp.getRhsContract())})
    if (pick(lhs.shape, left) != pick(rhs.shape, right))
      return op->emitError("batch or contracted sizes differ: ") << toString(lhs.shape) << " x " << toString(rhs.shape);
  return withType<float, double, int32_t, int64_t>(
      lhs.dtype, [&]<class T>() { return mlir::FailureOr<Array>(dot<T>(dotOp, lhs, rhs)); });
}

} // namespace ogee::reference
