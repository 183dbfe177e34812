// Plans a fused function: walks its ops in order, gives values views of buffers, and appends a launch for every nest.
#include "codegen/plan.h"

#include "codegen/cpu/emit.h"
#include "codegen/group_to_nest.h"
#include "codegen/view.h"
#include "ir/dialect.h"
#include "ir/location.h"
#include "ir/signature.h"
#include "passes/kernel_form.h"
#include "runtime/size_table.h"

#include "llvm/ADT/TypeSwitch.h"

namespace ogee::codegen {

using namespace mlir;
using runtime::Slot;

namespace {

/// Of one tensor: costs and sums of sizes stay far from overflow.
constexpr int64_t kMostBytes = int64_t(1) << 56;
/// A launch with fewer units than this leaves threads idle.
constexpr int64_t kBusyUnits = 32;

class Planner {
public:
  Planner(func::FuncOp graph, const ir::DimAnalysis& dims, const TargetInfo& target)
      : graph_(graph), dims_(dims), target_(target) {}

  FailureOr<Plan> run() {
    if (failed(checkSizes())) return failure();
    bindSymbols();
    planArguments();
    Block& body = graph_.getBody().front();
    for (Operation& op : body.without_terminator())
      if (failed(planOp(&op))) return failure();
    planResults(body.getTerminator());
    planChecks();
    finishBuffers();
    program().values = std::move(sizes_).take();
    return std::move(plan_);
  }

private:
  runtime::Program& program() { return plan_.program; }

  /// Every tensor must have a number of bytes that can be told.
  LogicalResult checkSizes() {
    for (BlockArgument argument : graph_.getArguments())
      if (!isMeasurable(argument)) return emitError(argument.getLoc(), "argument is too large");
    const WalkResult walked = graph_.walk([&](Operation* op) {
      if (llvm::all_of(op->getResults(), [&](Value result) { return isMeasurable(result); }))
        return WalkResult::advance();
      op->emitOpError("has a result that is too large, or of a negative size");
      return WalkResult::interrupt();
    });
    return failure(walked.wasInterrupted());
  }

  bool isMeasurable(Value value) const {
    if (!isa<RankedTensorType>(value.getType())) return true;
    const Shape shape = dims_.shape(value);
    Dim bytes = runtime::item_size(*ir::dtypeOf(ir::elementOf(value)));
    for (const Dim& dim : shape) bytes = dim.is_number() && dim.number() < 0 ? Dim::invalid() : bytes * max(dim, 1);
    return bytes.valid() && (!bytes.is_number() || bytes.number() <= kMostBytes);
  }

  // --- signature

  void bindSymbols() {
    for (const ir::SymbolSource& source : dims_.symbols()) {
      runtime::SymbolSource from;
      from.kind = source.kind == ir::SymbolSource::Kind::dim      ? runtime::SymbolSource::Kind::dim
                  : source.kind == ir::SymbolSource::Kind::stride ? runtime::SymbolSource::Kind::stride
                                                                  : runtime::SymbolSource::Kind::index;
      from.arg = numberAmongItsKind(source.argument);
      from.axis = source.axis;
      sizes_.bind(*source.symbol.as_symbol(), from);
    }
  }

  /// Tensor and index arguments are counted apart.
  unsigned numberAmongItsKind(unsigned argument) {
    const bool index = graph_.getArgument(argument).getType().isIndex();
    unsigned number = 0;
    for (unsigned earlier = 0; earlier < argument; ++earlier)
      number += graph_.getArgument(earlier).getType().isIndex() == index;
    return number;
  }

  void planArguments() {
    for (BlockArgument argument : graph_.getArguments()) {
      if (argument.getType().isIndex()) {
        ++program().index_args;
        continue;
      }
      const Shape shape = dims_.shape(argument);
      const Type element = ir::elementOf(argument);
      runtime::ArgSpec spec;
      if (auto name = graph_.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "ogee.name")) spec.name = name.str();
      spec.dtype = *ir::dtypeOf(element);
      spec.location = ir::describe(argument.getLoc());
      spec.dims = slots(shape);
      View view = denseView(addBuffer(runtime::Buffer::Kind::argument, program().args.size()), element, shape);
      if (ArrayRef<Dim> strides = dims_.strides(argument.getArgNumber()); !strides.empty()) {
        spec.strides = slots(strides);
        view.strides.assign(strides.begin(), strides.end());
      }
      program().args.push_back(std::move(spec));
      views_[argument] = view;
    }
  }

  template <class Dims>
  std::vector<Slot> slots(const Dims& dims) {
    std::vector<Slot> list;
    for (const Dim& dim : dims) list.push_back(sizes_.slot(dim));
    return list;
  }

  void planChecks() {
    for (const ir::DimCheck& check : dims_.checks()) {
      const ir::Requirement& need = check.requirement;
      runtime::SizeCheck entry;
      const bool equal = need.kind == ir::Requirement::Kind::equal;
      entry.kind = equal ? runtime::SizeCheck::Kind::equal : runtime::SizeCheck::Kind::less;
      entry.a = sizes_.slot(need.left);
      entry.b = sizes_.slot(equal ? need.right : need.right + 1);
      entry.message = withValues(need.message);
      if (std::string at = ir::describe(check.op->getLoc()); !at.empty()) entry.message += " at " + at;
      program().checks.push_back(std::move(entry));
    }
  }

  /// A message about sizes with their values: in place of names that no user gave, behind it for the others.
  std::string withValues(const std::string& message) {
    std::string text, more;
    for (StringRef rest = message; !rest.empty();) {
      const ir::SymbolSource* symbol = nullptr;
      const StringRef word = rest.take_while([](char c) { return llvm::isAlnum(c) || StringRef("_.%").contains(c); });
      for (const ir::SymbolSource& source : dims_.symbols())
        if (source.symbol.as_symbol()->name == word) symbol = &source;
      const std::string value = symbol ? "{" + std::to_string(sizes_.slot(symbol->symbol)) + "}" : "";
      const bool isOurs = word.contains('.');
      text += symbol && isOurs ? value : word.str();
      const std::string known = word.str() + " = " + value;
      if (symbol && !isOurs && !StringRef(more).contains(known)) more += (more.empty() ? "" : ", ") + known;
      rest = rest.drop_front(word.size());
      if (word.empty()) {
        text += rest.front();
        rest = rest.drop_front();
      }
    }
    return more.empty() ? text : text + " (" + more + ")";
  }

  // --- buffers

  unsigned addBuffer(runtime::Buffer::Kind kind, size_t index, Slot bytes = runtime::kNoSlot) {
    runtime::Buffer buffer;
    buffer.kind = kind;
    buffer.index = index;
    buffer.bytes = bytes;
    buffer.first_use = UINT32_MAX;
    program().buffers.push_back(buffer);
    return program().buffers.size() - 1;
  }

  unsigned addArena(const Dim& elements, Type element) {
    const Dim bytes = elements * Dim(runtime::item_size(*ir::dtypeOf(element)));
    return addBuffer(runtime::Buffer::Kind::arena, 0, sizes_.slot(bytes));
  }

  View addDense(const Shape& shape, Type element) {
    return denseView(addArena(shape.numel(), element), element, shape);
  }

  /// Uses so far decide lifetimes; a buffer that nothing uses lives at no position.
  void finishBuffers() {
    for (runtime::Buffer& buffer : program().buffers)
      if (buffer.first_use == UINT32_MAX) buffer.first_use = buffer.last_use = 0;
  }

  // --- ops

  LogicalResult planOp(Operation* op) {
    if (isa<ir::DimOp>(op) || op->getName().getDialectNamespace() == "arith")
      return success(); // index values: the dim analysis has them
    if (auto group = dyn_cast<ir::GroupOp>(op)) {
      return failed(passes::verifyKernel(group, dims_)) ? failure() : planGroup(group);
    }
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
    if (isa<ir::ReshapeOp, ir::TransposeOp, ir::BroadcastOp, ir::SliceOp, ir::ReverseOp>(op)) {
      const View operand = views_.lookup(op->getOperand(0));
      std::optional<View> view = viewThrough(op, operand, dims_);
      views_[op->getResult(0)] = view ? *view : *viewThrough(op, dense(operand), dims_);
      return success();
    }
    return op->emitError("no kernel computes this op: it has to be in an ogee.group");
  }

  View constantView(ir::ConstantOp op) {
    const DenseElementsAttr value = op.getValue();
    const Type element = value.getElementType();
    const bool splat = value.isSplat();
    std::vector<uint8_t> bytes;
    if (element.isInteger(1)) {
      for (bool bit : llvm::make_range(value.value_begin<bool>(),
                                       value.value_begin<bool>() + (splat ? 1 : value.getNumElements())))
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

  LogicalResult planGroup(ir::GroupOp group) {
    SmallVector<View> inputs, outputs;
    for (Value input : group.getInputs())
      inputs.push_back(isa<RankedTensorType>(input.getType()) ? views_.lookup(input) : View());
    for (Value output : group.getOutputs()) {
      const Shape shape = dims_.shape(output);
      std::optional<unsigned> dying = dyingInput(group, inputs, output, outputs);
      outputs.push_back(dying ? denseView(*dying, ir::elementOf(output), shape)
                              : addDense(shape, ir::elementOf(output)));
    }
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

  /// The buffer of an input that nothing reads after `group` and that `output`, of equal shape, can take the place of:
  /// the group reads and writes each of its elements at the same point.
  std::optional<unsigned> dyingInput(ir::GroupOp group, ArrayRef<View> inputs, Value output, ArrayRef<View> taken) {
    for (Operation& op : group.getBody().front())
      if (isa<ir::ReductionOpInterface, ir::DotOp>(op)) return std::nullopt;
    for (auto [value, view] : llvm::zip_equal(group.getInputs(), inputs)) {
      if (value.getType() != output.getType() || program().buffers[view.buffer].kind != runtime::Buffer::Kind::arena ||
          !isWhole(view) ||
          llvm::any_of(taken, [&, buffer = view.buffer](const View& other) { return other.buffer == buffer; }))
        continue;
      const bool dies = llvm::all_of(views_, [&, buffer = view.buffer](const auto& entry) {
        return entry.second.buffer != buffer || llvm::all_of(entry.first.getUsers(), [&](Operation* user) {
                 return user == group || user->isBeforeInBlock(group);
               });
      });
      const bool readOnce =
          llvm::count_if(inputs, [&, buffer = view.buffer](const View& other) { return other.buffer == buffer; }) == 1;
      if (dies && readOnce) return view.buffer;
    }
    return std::nullopt;
  }

  /// The same elements in a buffer of their own, without gaps.
  View dense(const View& view) {
    View copy = addDense(Shape(std::span<const Dim>(view.sizes.data(), view.sizes.size())), view.element);
    copyTo(view, copy);
    return copy;
  }

  void copyTo(const View& from, const View& to) {
    Nest nest = copyNest(from, to);
    unsigned unused = 0;
    canonicalize(nest, unused);
    launch(std::move(nest));
  }

  void planPad(ir::PadOp op) {
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

  void planConcatenate(ir::ConcatenateOp op) {
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

  // --- launches

  /// Appends a launch of `nest`: two where there are so few kept points that the chunks of the reduced dim have to keep
  /// the threads busy.
  void launch(Nest nest) {
    if (!canSplit(nest)) {
      launchIn(program().launches, std::move(nest));
      return;
    }
    const Slot units = sizes_.slot(cpu::launchFacts(nest, target_).units);
    const Slot chunks = sizes_.slot(ceil_div(nest.extents[nest.reducedDim()], Dim(cpu::chunkSize(nest))));
    const Slot split =
        sizes_.apply(runtime::SizeOp::mul, sizes_.apply(runtime::SizeOp::lt, units, sizes_.slot(Dim(kBusyUnits))),
                     sizes_.apply(runtime::SizeOp::lt, sizes_.slot(Dim(1)), chunks));
    if (std::optional<int64_t> known = sizes_.constant(split)) {
      *known ? launchSplit(program().launches, nest) : launchIn(program().launches, std::move(nest));
      return;
    }
    ++position_; // the structured entry's own
    runtime::IfEntry entry;
    entry.condition = {runtime::Condition::Kind::size, split};
    launchSplit(entry.then, nest);
    launchIn(entry.otherwise, std::move(nest));
    program().launches.push_back({std::move(entry)});
  }

  /// A product with its right operand packed before it; or read in place, where that is faster: for few rows. Where
  /// their number is known at run time only, the call chooses.
  void launchContraction(Nest nest) {
    chooseTile(nest, target_);
    if (!nest.contraction->packed) {
      launchIn(program().launches, std::move(nest));
      return;
    }
    const Dim rows = nest.extents[nest.rank() - 2];
    if (rows.range().lo > kFewRows || !canReadInPlace(nest)) {
      launchPacked(program().launches, std::move(nest));
      return;
    }
    ++position_; // the structured entry's own
    runtime::IfEntry entry;
    const Slot few = sizes_.apply(runtime::SizeOp::lt, sizes_.slot(rows), sizes_.slot(Dim(kFewRows + 1)));
    entry.condition = {runtime::Condition::Kind::size, few};
    Nest inPlace = nest;
    inPlace.contraction->packed = false;
    inPlace.name += "_few_rows";
    launchIn(entry.then, std::move(inPlace));
    launchPacked(entry.otherwise, std::move(nest));
    program().launches.push_back({std::move(entry)});
  }

  void launchPacked(runtime::LaunchList& list, Nest nest) {
    const Type element = nest.buffers[nest.contraction->rhs.buffer].element;
    Nest pack = splitPack(nest, addArena(packedElements(nest), element));
    launchIn(list, std::move(pack));
    launchIn(list, std::move(nest));
  }

  /// Whether the nest only reduces, perhaps more than one chunk: one pass, and stores once per kept point.
  static bool canSplit(const Nest& nest) {
    if (nest.contraction || nest.pack || nest.reducedDim() < 0) return false;
    if (nest.extents[nest.reducedDim()].range().hi <= cpu::chunkSize(nest)) return false;
    return llvm::none_of(nest.stores, [](const Store& store) { return store.perPoint; }) && cpu::passesOver(nest) == 1;
  }

  void launchSplit(runtime::LaunchList& list, const Nest& nest) {
    Nest partials = nest, combine = nest;
    partials.chunks = Chunks::partials;
    partials.name += "_partials";
    partials.stores.clear();
    combine.chunks = Chunks::combine;
    combine.name += "_combine";
    Dim states = ceil_div(nest.extents[nest.reducedDim()], Dim(cpu::chunkSize(nest)));
    for (unsigned dim = 0; dim < nest.rank(); ++dim) states = nest.reduced[dim] ? states : states * nest.extents[dim];
    for (const Node& node : nest.nodes) {
      if (node.kind != Node::Kind::reduce) continue;
      for (TypedAttr value : cast<ir::ReductionOpInterface>(node.op).getNeutral(nest.nodes[node.args[0]].element)) {
        const unsigned buffer = addArena(states, value.getType());
        for (Nest* half : {&partials, &combine}) {
          half->partials.push_back(half->buffers.size());
          half->buffers.push_back({buffer, value.getType()});
        }
      }
    }
    launchIn(list, std::move(partials));
    launchIn(list, std::move(combine));
  }

  void launchIn(runtime::LaunchList& list, Nest nest) {
    const uint32_t position = position_++;
    const cpu::LaunchFacts facts = cpu::launchFacts(nest, target_);
    runtime::KernelLaunch launch;
    launch.image = plan_.nests.size();
    launch.name = nest.name;
    for (const NestBuffer& buffer : nest.buffers) {
      launch.buffers.push_back(buffer.value);
      runtime::Buffer& used = program().buffers[buffer.value];
      used.first_use = std::min(used.first_use, position);
      used.last_use = std::max(used.last_use, position);
    }
    launch.sizes = slots(runtimeSizes(nest));
    launch.units = sizes_.slot(facts.units);
    launch.unit_cost = sizes_.slot(facts.unitCost);
    if (!facts.scratchBytes.is_number() || facts.scratchBytes.number() != 0)
      launch.scratch_bytes = sizes_.slot(facts.scratchBytes);
    list.push_back({std::move(launch)});
    plan_.nests.push_back(std::move(nest));
  }

  /// Whether the view is all of its arena buffer, in row-major order.
  bool isWhole(const View& view) {
    const Dim elements = Shape(std::span<const Dim>(view.sizes.data(), view.sizes.size())).numel();
    const Dim bytes = elements * Dim(runtime::item_size(*ir::dtypeOf(view.element)));
    return view.isDense() && sizes_.slot(bytes) == program().buffers[view.buffer].bytes;
  }

  // --- results

  void planResults(Operation* terminator) {
    for (auto [index, value] : llvm::enumerate(terminator->getOperands())) {
      View view = views_.lookup(value);
      // An argument, a constant, a part of a buffer, or a result that was there before: a copy of it.
      if (program().buffers[view.buffer].kind != runtime::Buffer::Kind::arena || !isWhole(view)) view = dense(view);
      runtime::Buffer& buffer = program().buffers[view.buffer];
      runtime::ResultSpec spec;
      if (auto name = graph_.getResultAttrOfType<StringAttr>(index, "ogee.name")) spec.name = name.str();
      spec.dtype = *ir::dtypeOf(view.element);
      spec.dims = slots(view.sizes);
      spec.buffer = view.buffer;
      buffer.kind = runtime::Buffer::Kind::result;
      buffer.index = index;
      program().results.push_back(std::move(spec));
    }
  }

  func::FuncOp graph_;
  const ir::DimAnalysis& dims_;
  const TargetInfo& target_;
  Plan plan_;
  runtime::SizeTable sizes_;
  uint32_t position_ = 0; ///< of the next entry in the flattened launch list
  llvm::DenseMap<Value, View> views_;
};

} // namespace

FailureOr<Plan> plan(func::FuncOp graph, const TargetInfo& target) {
  if (failed(ir::verifySignature(graph))) return failure();
  FailureOr<ir::DimAnalysis> dims = ir::DimAnalysis::run(graph);
  if (failed(dims)) return failure();
  return Planner(graph, *dims, target).run();
}

} // namespace ogee::codegen
