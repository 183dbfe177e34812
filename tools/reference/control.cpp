// Control: regions run as the values say, round by round.
#include "ir/control.h"

#include "tools/reference/families.h"

#include <cstring>

namespace ogee::reference {

using llvm::ArrayRef;
using llvm::SmallVector;
using mlir::failure;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::success;

namespace {

class Control {
public:
  Control(Operation* op, Values& values, RunBlock run) : op_(op), values_(values), run_(run) {}

  LogicalResult evaluate() {
    if (auto cond = mlir::dyn_cast<ir::CondOp>(op_)) return choose(cond);
    if (auto loop = mlir::dyn_cast<ir::WhileOp>(op_)) return repeat(loop);
    return scan(mlir::cast<ir::ScanOp>(op_));
  }

private:
  using Arrays = SmallVector<Array>;

  LogicalResult choose(ir::CondOp op) {
    const bool holds = values_.array(op.getPredicate()).as<bool>()[0];
    Arrays results;
    if (mlir::failed(runRegion(holds ? op.getThen() : op.getOtherwise(), {}, op.getCaptures(), results)))
      return failure();
    return give(std::move(results));
  }

  LogicalResult repeat(ir::WhileOp op) {
    Arrays carried = arrays(op.getInits());
    for (uint64_t trip = 0; !values_.dimsOnly && (!op.getMaxTrips() || trip < *op.getMaxTrips()); ++trip) {
      Arrays holds, next;
      if (mlir::failed(runRegion(op.getTest(), carried, op.getCaptures(), holds))) return failure();
      if (!holds[0].as<bool>()[0]) break;
      if (mlir::failed(runRegion(op.getBody(), carried, op.getCaptures(), next)) ||
          mlir::failed(carry(carried, std::move(next))))
        return failure();
    }
    return give(std::move(carried));
  }

  LogicalResult scan(ir::ScanOp op) {
    const Arrays over = arrays(op.getOver());
    const int64_t count = over[0].shape[0];
    for (const Array& array : over)
      if (array.shape[0] != count)
        return op.emitError("tensors to scan over have ") << count << " and " << array.shape[0] << " parts";
    Arrays carried = arrays(op.getInits()), stacked;
    for (int64_t round = 0; round < count; ++round) {
      const int64_t part = op.getReverse() ? count - 1 - round : round;
      Arrays arguments = carried, next;
      for (const Array& array : over) arguments.push_back(partOf(array, part));
      if (mlir::failed(runRegion(op.getBody(), arguments, op.getCaptures(), next))) return failure();
      const Arrays given(next.begin() + carried.size(), next.end());
      next.truncate(carried.size());
      if (mlir::failed(carry(carried, std::move(next)))) return failure();
      for (size_t i = 0; i < given.size(); ++i) {
        if (round == 0) stacked.push_back(stackLike(given[i], count));
        if (mlir::failed(put(stacked[i], part, given[i]))) return failure();
      }
    }
    if (count == 0 && mlir::failed(stackNothing(op, carried, over, stacked))) return failure();
    carried.append(stacked);
    return give(std::move(carried));
  }

  /// The dims of stacked values without parts: those that the body gives for zeros.
  LogicalResult stackNothing(ir::ScanOp op, ArrayRef<Array> carried, ArrayRef<Array> over, Arrays& stacked) {
    Arrays arguments(carried), given;
    for (const Array& array : over)
      arguments.push_back(Array(array.dtype, Index(array.shape.begin() + 1, array.shape.end())));
    const bool before = std::exchange(values_.dimsOnly, true);
    const LogicalResult ran = runRegion(op.getBody(), arguments, op.getCaptures(), given);
    values_.dimsOnly = before;
    if (mlir::failed(ran)) return failure();
    for (const Array& part : llvm::drop_begin(given, carried.size())) stacked.push_back(stackLike(part, 0));
    return success();
  }

  Arrays arrays(mlir::ValueRange values) {
    return llvm::map_to_vector(values, [&](mlir::Value value) { return values_.array(value); });
  }

  LogicalResult runRegion(mlir::Region& region, ArrayRef<Array> arguments, mlir::ValueRange captures, Arrays& results) {
    for (auto [i, array] : llvm::enumerate(arguments)) values_.set(region.getArgument(i), array);
    for (auto [i, capture] : llvm::enumerate(captures)) {
      mlir::Value argument = region.getArgument(arguments.size() + i);
      if (capture.getType().isIndex())
        values_.setIndex(argument, values_.index(capture));
      else
        values_.set(argument, Array(values_.array(capture)));
    }
    return run_(region.front(), values_, results);
  }

  /// Carried values keep their dims.
  LogicalResult carry(Arrays& carried, Arrays next) {
    for (size_t i = 0; i < carried.size(); ++i)
      if (carried[i].shape != next[i].shape)
        return op_->emitError("carried value ")
               << i << " is " << toString(carried[i].shape) << ", then " << toString(next[i].shape);
    carried = std::move(next);
    return success();
  }

  static Array partOf(const Array& whole, int64_t part) {
    Array result(whole.dtype, Index(whole.shape.begin() + 1, whole.shape.end()));
    std::memcpy(result.bytes.data(), whole.bytes.data() + part * result.bytes.size(), result.bytes.size());
    return result;
  }

  static Array stackLike(const Array& part, int64_t count) {
    Index shape = part.shape;
    shape.insert(shape.begin(), count);
    return {part.dtype, shape};
  }

  LogicalResult put(Array& whole, int64_t part, const Array& value) {
    if (Index(whole.shape.begin() + 1, whole.shape.end()) != value.shape)
      return op_->emitError("stacked values have different dims: ")
             << toString(whole.shape) << ", " << toString(value.shape);
    std::memcpy(whole.bytes.data() + part * value.bytes.size(), value.bytes.data(), value.bytes.size());
    return success();
  }

  LogicalResult give(Arrays results) {
    for (auto [result, array] : llvm::zip_equal(op_->getResults(), results)) {
      if (mlir::failed(checkResultType(result, array))) return failure();
      values_.set(result, std::move(array));
    }
    return success();
  }

  Operation* op_;
  Values& values_;
  RunBlock run_;
};

} // namespace

std::optional<LogicalResult> evaluateControl(Operation* op, Values& values, RunBlock run) {
  if (!ir::isControl(op)) return std::nullopt;
  return Control(op, values, run).evaluate();
}

} // namespace ogee::reference
