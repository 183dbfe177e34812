// Regions: choices and loops become structured entries of the launch list, with their regions' launches inside. A
// carried value has a buffer that each round reads and writes; a stacked result is written part by part.
#include "codegen/planner.h"
#include "ir/control.h"

namespace ogee::codegen {

using namespace mlir;

namespace {

/// Of regions in each other; programs hold a few levels more.
constexpr unsigned kMostLevels = 48;

/// Whether two views of one shape show the same memory.
bool isSameView(const View& a, const View& b) {
  return a.buffer == b.buffer && a.starts.empty() && b.starts.empty() && same(a.offset, b.offset) &&
         llvm::all_of(llvm::zip_equal(a.strides, b.strides),
                      [](auto pair) { return same(std::get<0>(pair), std::get<1>(pair)); });
}

/// Part `index` along the first dim.
View partOf(const View& whole, const Dim& index) {
  View part = whole;
  part.offset = whole.offset + index * whole.strides.front();
  part.sizes.erase(part.sizes.begin());
  part.strides.erase(part.strides.begin());
  return part;
}

} // namespace

LogicalResult Planner::planControl(Operation* op) {
  if (auto cond = dyn_cast<ir::CondOp>(op)) return planCond(cond);
  if (auto loop = dyn_cast<ir::WhileOp>(op)) return planWhile(loop);
  return planScan(cast<ir::ScanOp>(op));
}

/// Index values have no view.
SmallVector<View> Planner::viewsOf(ValueRange values) {
  return llvm::map_to_vector(values, [&](Value value) { return views_.lookup(value); });
}

/// The byte at the start of a buffer.
runtime::Condition Planner::conditionOn(const View& predicate) {
  const View bit = predicate.isDense() ? predicate : dense(predicate);
  use(bit.buffer, position_);
  return {runtime::Condition::Kind::buffer, bit.buffer};
}

LogicalResult Planner::planRegion(Region& region, const RegionPlan& how) {
  if (levels_ == kMostLevels)
    return region.getParentOp()->emitOpError("stands in ") << levels_ << " others: that is too deep";
  ++levels_;
  const auto list = std::exchange(list_, &how.list);
  Values views = std::exchange(views_, Values()), targets = std::exchange(targets_, Values());
  const unsigned firstOwn = std::exchange(firstOwn_, program().buffers.size());
  auto carried = std::exchange(carried_, decltype(carried_)());
  Block& block = region.front();
  for (auto [argument, view] : llvm::zip_equal(block.getArguments(), how.arguments))
    if (isa<RankedTensorType>(argument.getType())) views_[argument] = view;
  for (const View& view : how.carried) carried_.insert(view.buffer);
  // The place of a stacked result is free; that of a carried value may have to wait.
  for (auto [value, target] : llvm::reverse(llvm::zip(block.getTerminator()->getOperands(), how.targets)))
    if (value.getDefiningOp()) targets_.try_emplace(value, target);
  const LogicalResult planned = planBlock(block);
  if (succeeded(planned)) how.finish(viewsOf(block.getTerminator()->getOperands()));
  --levels_;
  list_ = list;
  views_ = std::move(views);
  targets_ = std::move(targets);
  firstOwn_ = firstOwn;
  carried_ = std::move(carried);
  return planned;
}

LogicalResult Planner::planCond(ir::CondOp op) {
  SmallVector<View> results;
  for (Value result : op.getResults()) results.push_back(addDense(dims_.shape(result), ir::elementOf(result)));
  runtime::IfEntry entry;
  entry.condition = conditionOn(views_.lookup(op.getPredicate()));
  ++position_; // the structured entry's own
  const SmallVector<View> captures = viewsOf(op.getCaptures());
  const auto finish = [&](ArrayRef<View> given) {
    for (auto [from, to] : llvm::zip_equal(given, results))
      if (!isSameView(from, to)) copyTo(from, to);
  };
  if (failed(planRegion(op.getThen(), {entry.then, captures, results, {}, finish})) ||
      failed(planRegion(op.getOtherwise(), {entry.otherwise, captures, results, {}, finish})))
    return failure();
  list_->push_back({std::move(entry)});
  for (auto [result, view] : llvm::zip_equal(op.getResults(), results)) views_[result] = view;
  return success();
}

SmallVector<View> Planner::carryBuffers(Operation* op, ValueRange inits) {
  SmallVector<View> carried;
  for (Value init : inits) {
    const View view = views_.lookup(init);
    View own = isTakenOver(view, op) ? view : dense(view);
    const Shape shape = dims_.shape(init);
    own.sizes.assign(shape.begin(), shape.end());
    carried.push_back(own);
  }
  return carried;
}

void Planner::carryOn(ArrayRef<View> from, ArrayRef<View> to) {
  const auto isIn = [](const View& view, ArrayRef<View> list) {
    return llvm::any_of(list, [&](const View& other) { return reads(view, other.buffer); });
  };
  SmallVector<View> apart(from);
  for (auto [view, target] : llvm::zip_equal(apart, to)) // before any of them is overwritten
    if (!isSameView(view, target) && isIn(view, to)) view = dense(view);
  for (auto [view, target] : llvm::zip_equal(apart, to))
    if (!isSameView(view, target)) copyTo(view, target);
}

void Planner::spanLoop(uint32_t start, size_t buffersBefore) {
  for (size_t buffer = 0; buffer < buffersBefore; ++buffer) {
    const runtime::Buffer& used = program().buffers[buffer];
    if (used.first_use == UINT32_MAX || used.last_use < start) continue;
    use(buffer, start);
    use(buffer, position_ - 1);
  }
}

LogicalResult Planner::planWhile(ir::WhileOp op) {
  if (op.getMaxTrips()) return op.emitOpError("counts trips: decompose has to write that out first");
  const SmallVector<View> carried = carryBuffers(op, op.getInits());
  SmallVector<View> arguments = carried;
  arguments.append(viewsOf(op.getCaptures()));
  const size_t buffersBefore = program().buffers.size();
  const uint32_t start = position_++; // the structured entry's own
  runtime::WhileEntry entry;
  const auto decide = [&](ArrayRef<View> given) { entry.condition = conditionOn(given[0]); };
  const auto carry = [&](ArrayRef<View> given) { carryOn(given, carried); };
  if (failed(planRegion(op.getTest(), {entry.before, arguments, {}, {}, decide})) ||
      failed(planRegion(op.getBody(), {entry.body, arguments, carried, carried, carry})))
    return failure();
  ++position_; // that of the condition's last reading, if the body has no launch
  list_->push_back({std::move(entry)});
  spanLoop(start, buffersBefore);
  for (auto [result, view] : llvm::zip_equal(op.getResults(), carried)) views_[result] = view;
  return success();
}

LogicalResult Planner::planScan(ir::ScanOp op) {
  const Dim count = dims_.shape(op.getOver()[0])[0];
  const SmallVector<View> carried = carryBuffers(op, op.getInits());
  SmallVector<View> stacked;
  for (Value result : op.getStacked()) stacked.push_back(addDense(dims_.shape(result), ir::elementOf(result)));
  const std::string name = "%i" + std::to_string(loops_++);
  runtime::ForEntry entry;
  entry.count = sizes_.slot(count);
  entry.induction = sizes_.begin_loop(name);
  const Dim round = Dim::symbol(name, 0), index = op.getReverse() ? count - 1 - round : round;

  SmallVector<View> arguments = carried, targets = carried;
  for (const View& over : viewsOf(op.getOver())) arguments.push_back(partOf(over, index));
  arguments.append(viewsOf(op.getCaptures()));
  for (const View& whole : stacked) targets.push_back(partOf(whole, index));
  const size_t buffersBefore = program().buffers.size();
  const uint32_t start = position_++; // the structured entry's own
  const auto finish = [&](ArrayRef<View> given) {
    for (auto [from, to] : llvm::drop_begin(llvm::zip_equal(given, targets), carried.size()))
      if (!isSameView(from, to)) copyTo(from, to);
    carryOn(given.take_front(carried.size()), carried);
  };
  if (failed(planRegion(op.getBody(), {entry.body, arguments, targets, carried, finish}))) return failure();
  entry.steps = sizes_.end_loop();
  list_->push_back({std::move(entry)});
  spanLoop(start, buffersBefore);
  for (auto [result, view] : llvm::zip_equal(op.getCarried(), carried)) views_[result] = view;
  for (auto [result, view] : llvm::zip_equal(op.getStacked(), stacked)) views_[result] = view;
  return success();
}

} // namespace ogee::codegen
