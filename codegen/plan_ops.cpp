// Which buffer each value lies in: ops that only look at memory differently are views, groups and copies are launches.
#include "codegen/group_to_nest.h"
#include "codegen/planner.h"
#include "ir/control.h"
#include "ir/location.h"
#include "passes/kernel_form.h"

namespace ogee::codegen {

using namespace mlir;
using runtime::Slot;

// --- buffers ---------------------------------------------------------------------------------------------------------

unsigned Planner::addBuffer(runtime::Buffer::Kind kind, size_t index, Slot bytes) {
  runtime::Buffer buffer;
  buffer.kind = kind;
  buffer.index = index;
  buffer.bytes = bytes;
  buffer.first_use = UINT32_MAX;
  program().buffers.push_back(buffer);
  return program().buffers.size() - 1;
}

unsigned Planner::addArena(const Dim& elements, Type element) {
  const Dim bytes = elements * Dim(runtime::item_size(*ir::dtypeOf(element)));
  return addBuffer(runtime::Buffer::Kind::arena, 0, sizes_.slot(bytes));
}

View Planner::addDense(const Shape& shape, Type element) {
  return denseView(addArena(shape.numel(), element), element, shape);
}

void Planner::use(unsigned buffer, uint32_t position) {
  runtime::Buffer& used = program().buffers[buffer];
  used.first_use = std::min(used.first_use, position);
  used.last_use = std::max(used.last_use, position);
}

bool Planner::isWhole(const View& view) {
  const Dim elements = shapeOf(view).numel();
  const Dim bytes = elements * Dim(runtime::item_size(*ir::dtypeOf(view.element)));
  return view.isDense() && sizes_.slot(bytes) == program().buffers[view.buffer].bytes;
}

bool Planner::mayOverwrite(unsigned buffer) {
  return program().buffers[buffer].kind == runtime::Buffer::Kind::arena &&
         (buffer >= firstOwn_ || carried_.contains(buffer));
}

bool Planner::dies(unsigned buffer, Operation* op, bool strictly) const {
  return llvm::all_of(views_, [&](const auto& entry) {
    return !reads(entry.second, buffer) || llvm::all_of(entry.first.getUsers(), [&](Operation* user) {
      return (user == op && !strictly) || user->isBeforeInBlock(op);
    });
  });
}

bool Planner::isTakenOver(const View& view, Operation* op) {
  const auto isRead = [&](Value operand) {
    return isa<RankedTensorType>(operand.getType()) && reads(views_.lookup(operand), view.buffer);
  };
  return mayOverwrite(view.buffer) && isWhole(view) && llvm::count_if(op->getOperands(), isRead) == 1 &&
         dies(view.buffer, op);
}

View Planner::dense(const View& view) {
  View copy = addDense(shapeOf(view), view.element);
  copyTo(view, copy);
  return copy;
}

void Planner::copyTo(const View& from, const View& to) {
  Nest nest = copyNest(from, to);
  unsigned unused = 0;
  canonicalize(nest, unused);
  launch(std::move(nest));
}

// --- ops -------------------------------------------------------------------------------------------------------------

LogicalResult Planner::planBlock(Block& block) {
  for (Operation& op : block.without_terminator())
    if (failed(planOp(&op))) return failure();
  return success();
}

LogicalResult Planner::planOp(Operation* op) {
  planned_ = op;
  if (isa<ir::DimOp>(op) || op->getName().getDialectNamespace() == "arith")
    return success(); // index values: the dim analysis has them
  if (auto group = dyn_cast<ir::GroupOp>(op)) {
    return failed(passes::verifyKernel(group, dims_)) ? failure() : planGroup(group);
  }
  if (ir::isControl(op)) return planControl(op);
  if (auto constant = dyn_cast<ir::ConstantOp>(op)) {
    views_[constant.getResult()] = constantView(constant);
    return success();
  }
  if (auto pad = dyn_cast<ir::PadOp>(op)) {
    planPad(pad);
    return success();
  }
  if (auto concatenate = dyn_cast<ir::ConcatenateOp>(op)) {
    planConcatenate(concatenate);
    return success();
  }
  if (auto slice = dyn_cast<ir::DynamicSliceOp>(op)) {
    views_[slice.getResult()] =
        partAt(views_.lookup(slice.getOperand()), slice.getStarts(), dims_.shape(slice.getResult()));
    return success();
  }
  if (auto update = dyn_cast<ir::DynamicUpdateOp>(op)) {
    planUpdate(update);
    return success();
  }
  if (auto check = dyn_cast<ir::CheckOp>(op)) {
    planCheck(check);
    return success();
  }
  if (isa<ir::ReshapeOp, ir::TransposeOp, ir::BroadcastOp, ir::SliceOp, ir::ReverseOp>(op)) {
    const View operand = views_.lookup(op->getOperand(0));
    std::optional<View> view = viewThrough(op, operand, dims_);
    views_[op->getResult(0)] = view ? *view : *viewThrough(op, dense(operand), dims_);
    return success();
  }
  return op->emitError("no kernel computes this op: it has to be in an ogee.group");
}

View Planner::constantView(ir::ConstantOp op) {
  const DenseElementsAttr value = op.getValue();
  const Type element = value.getElementType();
  const bool splat = value.isSplat();
  std::vector<uint8_t> bytes;
  if (element.isInteger(1)) {
    for (bool bit :
         llvm::make_range(value.value_begin<bool>(), value.value_begin<bool>() + (splat ? 1 : value.getNumElements())))
      bytes.push_back(bit);
  } else {
    ArrayRef<char> raw = value.getRawData();
    bytes.assign(raw.begin(), raw.end());
  }
  program().constants.push_back(std::move(bytes));
  View view = denseView(addBuffer(runtime::Buffer::Kind::constant, program().constants.size() - 1), element,
                        dims_.shape(op.getResult()));
  if (splat) view.strides.assign(view.strides.size(), Dim(0));
  return view;
}

LogicalResult Planner::planGroup(ir::GroupOp group) {
  SmallVector<View> inputs, outputs;
  for (Value input : group.getInputs())
    inputs.push_back(isa<RankedTensorType>(input.getType()) ? views_.lookup(input) : View());
  for (Value output : group.getOutputs()) outputs.push_back(outputView(group, inputs, output, outputs));
  for (auto [output, view] : llvm::zip_equal(group.getOutputs(), outputs)) views_[output] = view;
  unsigned blocking = 0;
  Nest nest = nestOf(group, inputs, outputs, dims_);
  for (size_t tries = 0; !canonicalize(nest, blocking);
       ++tries) { // an input that keeps reduced dims apart becomes dense
    if (tries > inputs.size()) return group.emitOpError("reduces axes that no layout of its inputs makes one");
    const unsigned buffer = nest.buffers[blocking].value;
    for (View& input : inputs)
      if (input.buffer == buffer && !input.isDense() && !input.sizes.empty()) input = dense(input);
    nest = nestOf(group, inputs, outputs, dims_);
  }
  if (nest.contraction)
    launchContraction(std::move(nest));
  else
    launch(std::move(nest));
  return success();
}

bool Planner::overwrites(ir::GroupOp group, ArrayRef<View> inputs, const View& argument) {
  if (!dies(argument.buffer, group)) return false;
  const auto isRead = [&](const View& view) { return reads(view, argument.buffer); };
  if (llvm::none_of(inputs, isRead)) return true;
  // Read and written at the same point, once.
  const auto* input = llvm::find_if(inputs, isRead);
  if (llvm::count_if(inputs, isRead) > 1 || !input->isDense() || input->sizes != argument.sizes) return false;
  BlockArgument read = group.getBody().getArgument(input - inputs.begin());
  const bool isReduced =
      llvm::any_of(group.getBody().front(), [](Operation& op) { return isa<ir::ReductionOpInterface>(op); });
  return !isReduced && llvm::none_of(read.getUsers(), [](Operation* user) { return isa<ir::DotOp>(user); });
}

View Planner::outputView(ir::GroupOp group, ArrayRef<View> inputs, Value output, ArrayRef<View> taken) {
  if (auto target = targets_.find(output); target != targets_.end() && dies(target->second.buffer, group, true))
    return target->second;
  const Shape shape = dims_.shape(output);
  const Type element = ir::elementOf(output);
  if (auto end = ends_.find(output); end != ends_.end())
    if (overwrites(group, inputs, views_.lookup(graph_.getArgument(end->second)))) {
      const View view = addDense(shape, element);
      overwriting_[view.buffer] = end->second;
      return view;
    }
  if (std::optional<unsigned> dying = dyingInput(group, inputs, output, taken))
    return denseView(*dying, element, shape);
  return addDense(shape, element);
}

std::optional<unsigned> Planner::dyingInput(ir::GroupOp group, ArrayRef<View> inputs, Value output,
                                            ArrayRef<View> taken) {
  for (Operation& op : group.getBody().front())
    if (isa<ir::ReductionOpInterface, ir::DotOp>(op)) return std::nullopt;
  for (auto [value, view] : llvm::zip_equal(group.getInputs(), inputs)) {
    const auto isRead = [&, buffer = view.buffer](const View& other) { return reads(other, buffer); };
    if (value.getType() == output.getType() && mayOverwrite(view.buffer) && isWhole(view) &&
        llvm::none_of(taken, isRead) && llvm::count_if(inputs, isRead) == 1 && dies(view.buffer, group))
      return view.buffer;
  }
  return std::nullopt;
}

void Planner::planPad(ir::PadOp op) {
  const Shape shape = dims_.shape(op.getResult());
  const View operand = views_.lookup(op.getOperand()), value = views_.lookup(op.getValue());
  View whole = addDense(shape, operand.element);
  views_[op.getResult()] = whole;
  View filling = value;
  filling.sizes = whole.sizes;
  filling.strides.assign(shape.size(), Dim(0));
  copyTo(filling, whole);
  View source = operand, target = whole;
  for (auto [axis, lowSize] : llvm::enumerate(op.getMixedLow())) {
    // Element i goes to low + i * step; those from `first` to before `end` land inside.
    const Dim low = dimOf(lowSize, dims_), step = op.getInterior()[axis] + 1;
    const Dim first = ceil_div(max(0, Dim(0) - low), step);
    const Dim end = min(operand.sizes[axis], (shape[axis] - 1 - low) / step + 1);
    source.sizes[axis] = target.sizes[axis] = max(0, end - first);
    source.offset = source.offset + first * source.strides[axis];
    target.offset = target.offset + (low + first * step) * target.strides[axis];
    target.strides[axis] = target.strides[axis] * step;
  }
  copyTo(source, target);
}

void Planner::planConcatenate(ir::ConcatenateOp op) {
  const View whole = addDense(dims_.shape(op.getResult()), ir::elementOf(op.getResult()));
  views_[op.getResult()] = whole;
  Dim offset = 0;
  for (Value operand : op.getOperands()) {
    const View part = views_.lookup(operand);
    View target = whole;
    target.sizes = part.sizes;
    target.offset = offset * whole.strides[op.getAxis()];
    offset = offset + part.sizes[op.getAxis()];
    copyTo(part, target);
  }
}

View Planner::partAt(const View& whole, ValueRange starts, const Shape& part) {
  View view = whole;
  view.sizes.assign(part.begin(), part.end());
  for (auto [axis, start] : llvm::enumerate(starts)) {
    const Dim most = whole.sizes[axis] - part[axis];
    if (most.is_number() && most.number() == 0) continue;
    View at = views_.lookup(start);
    if (!at.starts.empty()) at = dense(at);
    view.starts.push_back({at.buffer, at.offset, most, whole.strides[axis]});
  }
  return view;
}

/// In place where nothing else reads the operand.
void Planner::planUpdate(ir::DynamicUpdateOp op) {
  View whole = views_.lookup(op.getOperand());
  const View part = views_.lookup(op.getPart());
  if (!isTakenOver(whole, op)) whole = dense(whole);
  views_[op.getResult()] = whole;
  copyTo(part, partAt(whole, op.getStarts(), dims_.shape(op.getPart())));
}

void Planner::planCheck(ir::CheckOp op) {
  runtime::CheckLaunch check;
  View condition = views_.lookup(op.getFailed());
  if (!condition.isDense() || !condition.starts.empty()) condition = dense(condition);
  check.failed = condition.buffer;
  SmallVector<View> values;
  for (Value value : op.getValues()) {
    const View view = views_.lookup(value);
    values.push_back(view.starts.empty() ? view : dense(view));
  }
  use(check.failed, position_);
  for (const View& view : values) {
    use(view.buffer, position_);
    check.values.push_back(
        {view.buffer, *ir::dtypeOf(view.element), sizes_.slot(view.offset), slots(view.sizes), slots(view.strides)});
  }
  check.message = op.getMessage();
  check.location = ir::describe(op.getLoc());
  check.hint = op.getHint().value_or("");
  ++position_;
  list_->push_back({std::move(check)});
}

} // namespace ogee::codegen
