// Plans a fused function: its arguments, checks and results around what its ops become.
#include "codegen/plan.h"

#include "codegen/planner.h"
#include "codegen/size_text.h"
#include "ir/location.h"
#include "ir/signature.h"

#include "llvm/ADT/StringSwitch.h"

namespace ogee::codegen {

using namespace mlir;

namespace {

runtime::Role roleOf(StringRef state) {
  return llvm::StringSwitch<runtime::Role>(state)
      .Case("captured", runtime::Role::captured)
      .Case("optimizer", runtime::Role::optimizer)
      .Case("random", runtime::Role::random)
      .Default(runtime::Role::input);
}

/// Of one tensor: costs and sums of sizes stay far from overflow.
constexpr int64_t kMostBytes = int64_t(1) << 56;

} // namespace

FailureOr<Plan> Planner::run() {
  if (failed(checkSizes())) return failure();
  if (target_.language == TargetInfo::Language::cuda) program().device = runtime::Device::Kind::cuda;
  bindSymbols();
  planArguments();
  list_ = &program().launches;
  Block& body = graph_.getBody().front();
  findOverwrites(body.getTerminator());
  if (failed(planBlock(body))) return failure();
  planResults(body.getTerminator());
  planChecks();
  finishBuffers();
  program().values = std::move(sizes_).take();
  return std::move(plan_);
}

LogicalResult Planner::checkSizes() {
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

bool Planner::isMeasurable(Value value) const {
  if (!isa<RankedTensorType>(value.getType())) return true;
  const Shape shape = dims_.shape(value);
  Dim bytes = runtime::item_size(*ir::dtypeOf(ir::elementOf(value)));
  for (const Dim& dim : shape) bytes = dim.is_number() && dim.number() < 0 ? Dim::invalid() : bytes * max(dim, 1);
  return bytes.valid() && (!bytes.is_number() || bytes.number() <= kMostBytes);
}

void Planner::bindSymbols() {
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

unsigned Planner::numberAmongItsKind(unsigned argument) {
  const bool index = graph_.getArgument(argument).getType().isIndex();
  unsigned number = 0;
  for (unsigned earlier = 0; earlier < argument; ++earlier)
    number += graph_.getArgument(earlier).getType().isIndex() == index;
  return number;
}

void Planner::planArguments() {
  for (BlockArgument argument : graph_.getArguments()) {
    if (argument.getType().isIndex()) {
      ++program().index_args;
      continue;
    }
    const Shape shape = dims_.shape(argument);
    const Type element = ir::elementOf(argument);
    const ir::ArgumentInfo info = ir::argumentInfo(graph_, argument.getArgNumber());
    runtime::ArgSpec spec;
    spec.name = info.name;
    spec.role = roleOf(info.state);
    spec.dtype = *ir::dtypeOf(element);
    spec.location = ir::describe(argument.getLoc());
    spec.host = info.host && program().device != runtime::Device::Kind::cpu;
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

void Planner::planChecks() {
  for (const ir::DimCheck& check : dims_.checks()) {
    const ir::Requirement& need = check.requirement;
    runtime::SizeCheck entry;
    const bool equal = need.kind == ir::Requirement::Kind::equal;
    entry.kind = equal ? runtime::SizeCheck::Kind::equal : runtime::SizeCheck::Kind::less;
    entry.a = sizes_.slot(need.left);
    entry.b = sizes_.slot(equal ? need.right : need.right + 1);
    entry.message = withValues(need.message, dims_, sizes_);
    if (std::string at = ir::describe(check.op->getLoc()); !at.empty()) entry.message += " at " + at;
    program().checks.push_back(std::move(entry));
  }
}

void Planner::findOverwrites(Operation* terminator) {
  // A check that fails leaves arguments as they were.
  if (graph_.walk([](ir::CheckOp) { return WalkResult::interrupt(); }).wasInterrupted()) return;
  for (auto [index, value] : llvm::enumerate(terminator->getOperands()))
    if (std::optional<unsigned> argument = ir::overwrittenArgument(graph_, index))
      if (llvm::count(terminator->getOperands(), value) == 1 && canBeWritten(*argument)) ends_[value] = *argument;
}

void Planner::planResults(Operation* terminator) {
  std::vector<std::pair<View, View>> ends;
  for (auto [index, value] : llvm::enumerate(terminator->getOperands())) {
    View view = views_.lookup(value);
    if (std::optional<unsigned> argument = ir::writtenArgument(graph_, index)) {
      copyTo(view, views_.lookup(graph_.getArgument(*argument)));
      continue;
    }
    // An argument, a constant, a part of a buffer, or a result that was there before: a copy of it.
    if (program().buffers[view.buffer].kind != runtime::Buffer::Kind::arena || !isWhole(view)) view = dense(view);
    runtime::ResultSpec spec;
    spec.name = ir::resultName(graph_, index);
    spec.dtype = *ir::dtypeOf(view.element);
    spec.dims = slots(view.sizes);
    if (std::optional<unsigned> argument = ir::overwrittenArgument(graph_, index)) {
      spec.writes = numberAmongItsKind(*argument);
      spec.in_place = canBeWritten(*argument);
      checkWrite(index, spec);
      if (spec.in_place && !overwriting_.contains(view.buffer))
        view = ends.emplace_back(view, addDense(shapeOf(view), view.element)).second;
    }
    spec.buffer = view.buffer;
    runtime::Buffer& buffer = program().buffers[view.buffer];
    buffer.kind = runtime::Buffer::Kind::result;
    buffer.index = program().results.size();
    program().results.push_back(std::move(spec));
  }
  for (const auto& [value, argument] : ends) copyAtEnd(value, argument);
}

/// What could not be computed in the memory of its argument goes there when nothing reads that any more.
void Planner::copyAtEnd(const View& value, const View& argument) {
  runtime::CopyLaunch copy;
  copy.from = value.buffer;
  copy.to = argument.buffer;
  copy.bytes = program().buffers[value.buffer].bytes;
  use(value.buffer, position_++);
  list_->push_back({copy});
}

bool Planner::canBeWritten(unsigned argument) {
  const runtime::ArgSpec& spec = program().args[numberAmongItsKind(argument)];
  return spec.strides.empty() && !spec.host;
}

/// A result that is written to an argument must have its sizes.
void Planner::checkWrite(size_t result, const runtime::ResultSpec& spec) {
  const runtime::ArgSpec& argument = program().args[spec.writes];
  for (auto [a, b] : llvm::zip_equal(spec.dims, argument.dims))
    if (a != b)
      program().checks.push_back({runtime::SizeCheck::Kind::equal, a, b,
                                  runtime::concat("result ", result, " has a dim of {", a, "}, where ", argument.name,
                                                  ", which it is written to, has {", b, "}")});
}

void Planner::finishBuffers() {
  for (runtime::Buffer& buffer : program().buffers)
    if (buffer.first_use == UINT32_MAX) buffer.first_use = buffer.last_use = 0;
}

FailureOr<Plan> plan(func::FuncOp graph, const TargetInfo& target) {
  if (failed(ir::verifySignature(graph))) return failure();
  FailureOr<ir::DimAnalysis> dims = ir::DimAnalysis::run(graph);
  if (failed(dims)) return failure();
  return Planner(graph, *dims, target).run();
}

} // namespace ogee::codegen
