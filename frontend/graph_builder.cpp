// From OpCalls to MLIR: every op is made generically by its name, with the types that the front end has inferred.
#include "frontend/graph_builder.h"

#include "codegen/compile.h"
#include "frontend/mlir_module.h"
#include "ir/dialect.h"
#include "ir/location.h"
#include "ir/mixed.h"
#include "ir/signature.h"
#include "passes/autodiff.h"
#include "passes/rematerialize.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Verifier.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

#include <cassert>

namespace ogee::detail {

using namespace mlir;

namespace {

DialectRegistry dialects() {
  DialectRegistry registry;
  codegen::registerDialects(registry);
  return registry;
}

/// Contexts that nobody holds.
class WaitingContexts {
public:
  static WaitingContexts& get() {
    static auto* waiting = new WaitingContexts; // threads may trace until the process has ended
    return *waiting;
  }
  std::unique_ptr<SharedContext> take() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return nullptr;
    std::unique_ptr<SharedContext> context = std::move(waiting_.back());
    waiting_.pop_back();
    return context;
  }
  void give(std::unique_ptr<SharedContext> context) {
    if (context->used > kMostUsed) return;
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < kMostWaiting) waiting_.push_back(std::move(context));
  }

private:
  static constexpr size_t kMostUsed = 4096, kMostWaiting = 4;
  std::mutex mutex_;
  std::vector<std::unique_ptr<SharedContext>> waiting_;
};

} // namespace

std::shared_ptr<SharedContext> SharedContext::take() {
  std::unique_ptr<SharedContext> context = WaitingContexts::get().take();
  if (!context) context = std::make_unique<SharedContext>();
  return {context.release(),
          [](SharedContext* free) { WaitingContexts::get().give(std::unique_ptr<SharedContext>(free)); }};
}

SharedContext::SharedContext() : context(dialects(), MLIRContext::Threading::DISABLED) {
  context.loadDialect<arith::ArithDialect, func::FuncDialect, ir::OgeeDialect>();
  context.printOpOnDiagnostic(false);
}

struct RecordedRegion {
  Region region;
  llvm::MapVector<Value, Value> sizes; ///< index values from around it, and the arguments that they are
  Block& block() { return region.front(); }
};

struct GraphBuilder::Impl : RewriterBase::Listener {
  explicit Impl(const std::string& name)
      : module(std::make_unique<GraphImpl::Module>()),
        builder(UnknownLoc::get(&module->context()), &module->context()) {
    module->module = ModuleOp::create(builder.getLoc());
    builder.setInsertionPointToEnd(module->module->getBody());
    module->function = builder.create<func::FuncOp>(name, builder.getFunctionType({}, {}));
    entry = module->function.addEntryBlock();
    builder.setInsertionPointToEnd(entry);
  }

  Location location(Loc loc) {
    if (loc.line() == 0) return UnknownLoc::get(&module->context());
    return ir::makeLocation(&module->context(), loc.file_name(), loc.line(), loc.column(), Scope::path());
  }

  /// A Dim as an index value; made once per expression.
  Value index(const Dim& dim);
  /// What an argument says about named sizes; nothing where there are none.
  NamedAttrList sizeAttributes(const Shape& sizes);
  void setAttributes(const OpCall& call, OperationState& state);
  DenseElementsAttr elements(const ConstantData& data, RankedTensorType type);

  /// Gradients put other ops in the place of some.
  void notifyOperationReplaced(Operation* op, ValueRange replacement) override {
    for (auto [result, next] : llvm::zip_equal(op->getResults(), replacement))
      std::replace(values.begin(), values.end(), Value(result), Value(next));
    if (!replacement.empty()) successors[op] = replacement[0].getDefiningOp();
  }
  /// An index value of the function as one of the innermost open region.
  Value inside(Value index);
  void setInsertionPoint() { builder.setInsertionPointToEnd(open.empty() ? entry : &open.back()->block()); }
  /// The arguments of a block anew, in order; those that are values of the region take their place.
  void arrangeArguments(RecordedRegion& region, ArrayRef<Value> arguments, TypeRange types, ArrayRef<Value> sizes);
  void drop(Operation* op) {
    dropped.insert(op);
    if (Operation* next = successors.lookup(op)) dropped.insert(next);
  }
  ValueId remember(Value value) {
    ++module->shared->used;
    values.push_back(value);
    return static_cast<ValueId>(values.size() - 1);
  }

  std::unique_ptr<GraphImpl::Module> module;
  ImplicitLocOpBuilder builder;
  Block* entry;
  std::vector<Value> values;
  llvm::StringMap<Value> symbols, indices;
  struct SymbolPlace {
    Value argument;
    int64_t axis;
  };
  llvm::StringMap<SymbolPlace> places;
  std::vector<DictionaryAttr> argumentAttributes;
  std::vector<bool> hosts; ///< per argument: GraphArgument::host
  bool checkpoint = false;
  std::vector<std::shared_ptr<RecordedRegion>> open; ///< regions, the innermost one last
  llvm::DenseSet<Operation*> dropped;                ///< cannot be differentiated again
  llvm::DenseMap<Operation*, Operation*> successors; ///< of ops that gradients have replaced
};

/// Sizes are computed in the function itself, where all regions find them.
Value GraphBuilder::Impl::index(const Dim& dim) {
  const Value known = indices.lookup(dim.to_string());
  if (known) return inside(known);
  builder.setInsertionPointToEnd(entry);
  const Value value = ir::buildIndex(builder, dim, [&](const runtime::DimSymbol& symbol) {
    Value& value = symbols[symbol.name];
    if (!value) {
      const SymbolPlace place = places.at(symbol.name);
      value = builder.create<ir::DimOp>(builder.getIndexType(), place.argument, builder.getI64IntegerAttr(place.axis));
    }
    return value;
  });
  indices[dim.to_string()] = value;
  setInsertionPoint();
  return inside(value);
}

Value GraphBuilder::Impl::inside(Value index) {
  for (const std::shared_ptr<RecordedRegion>& region : open) {
    Value& argument = region->sizes[index];
    if (!argument) argument = region->block().addArgument(index.getType(), index.getLoc());
    index = argument;
  }
  return index;
}

DenseElementsAttr GraphBuilder::Impl::elements(const ConstantData& data, RankedTensorType type) {
  module->shared->used += data.bytes.size();
  const auto* raw = reinterpret_cast<const char*>(data.bytes.data());
  if (!type.getElementType().isInteger(1)) return DenseElementsAttr::getFromRawBuffer(type, {raw, data.bytes.size()});
  SmallVector<bool> bits;
  for (std::byte byte : data.bytes) bits.push_back(byte != std::byte(0));
  return DenseElementsAttr::get(type, bits);
}

NamedAttrList GraphBuilder::Impl::sizeAttributes(const Shape& sizes) {
  SmallVector<mlir::Attribute> names, ranges;
  bool named = false;
  for (const Dim& dim : sizes) {
    const runtime::DimSymbol* symbol = dim.as_symbol();
    named |= symbol != nullptr;
    names.push_back(builder.getStringAttr(symbol ? symbol->name : ""));
    ranges.push_back(symbol ? builder.getI64ArrayAttr({symbol->range.lo, symbol->range.hi}) : builder.getArrayAttr({}));
  }
  NamedAttrList attributes;
  if (!named) return attributes;
  attributes.set(ir::kDimsAttr, builder.getArrayAttr(names));
  attributes.set(ir::kRangesAttr, builder.getArrayAttr(ranges));
  return attributes;
}

void GraphBuilder::Impl::setAttributes(const OpCall& call, OperationState& state) {
  for (const Attribute& attribute : call.attributes) {
    mlir::Attribute value;
    if (auto* number = std::get_if<int64_t>(&attribute.value)) value = builder.getI64IntegerAttr(*number);
    if (auto* list = std::get_if<std::vector<int64_t>>(&attribute.value)) value = builder.getDenseI64ArrayAttr(*list);
    if (auto* data = std::get_if<ConstantData>(&attribute.value))
      value = elements(*data, cast<RankedTensorType>(state.types[0]));
    if (auto* index = std::get_if<int32_t>(&attribute.value))
      value = ir::ComparisonAttr::get(&module->context(), static_cast<ir::Comparison>(*index));
    state.addAttribute(attribute.name, value);
  }
  for (const Dim& dim : call.indices) state.addOperands(index(dim));
  SmallVector<int32_t> segments(call.operands.size(), 1);
  for (const Mixed& mixed : call.mixed) {
    SmallVector<int64_t> numbers;
    int32_t dynamic = 0;
    for (const Dim& dim : mixed.values) {
      numbers.push_back(dim.is_number() ? dim.number() : ShapedType::kDynamic);
      if (dim.is_number()) continue;
      state.addOperands(index(dim));
      ++dynamic;
    }
    state.addAttribute(mixed.static_name, builder.getDenseI64ArrayAttr(numbers));
    segments.push_back(dynamic);
  }
  if (call.mixed.size() > 1) state.addAttribute("operandSegmentSizes", builder.getDenseI32ArrayAttr(segments));
}

GraphBuilder::GraphBuilder(const std::string& name, bool trusted) : impl_(std::make_unique<Impl>(name)) {
  impl_->module->trusted = trusted;
}
GraphBuilder::~GraphBuilder() = default;

ValueId GraphBuilder::argument(const GraphArgument& argument, Loc loc, std::optional<size_t> position) {
  Impl& impl = *impl_;
  const auto type = ir::tensorType(argument.shape, ir::elementType(&impl.module->context(), argument.dtype));
  const size_t at = position.value_or(impl.entry->getNumArguments());
  const Value value = impl.entry->insertArgument(at, type, impl.location(loc));
  for (auto [axis, dim] : llvm::enumerate(argument.shape))
    if (const runtime::DimSymbol* symbol = dim.as_symbol())
      impl.places.try_emplace(symbol->name, Impl::SymbolPlace{value, static_cast<int64_t>(axis)});
  NamedAttrList attributes = impl.sizeAttributes(argument.shape);
  if (!argument.name.empty()) attributes.set(ir::kNameAttr, impl.builder.getStringAttr(argument.name));
  if (argument.state) attributes.set(ir::kStateAttr, impl.builder.getStringAttr(argument.state));
  if (!argument.strides.empty()) attributes.set(ir::kStridesAttr, impl.builder.getDenseI64ArrayAttr(argument.strides));
  impl.argumentAttributes.insert(impl.argumentAttributes.begin() + at,
                                 attributes.getDictionary(&impl.module->context()));
  impl.hosts.insert(impl.hosts.begin() + at, argument.host);
  impl.values.push_back(value);
  return static_cast<ValueId>(impl.values.size() - 1);
}

Dim GraphBuilder::index_argument(const std::string& name, Loc loc) {
  Impl& impl = *impl_;
  const Dim dim = Dim::symbol(name);
  impl.symbols[name] = impl.entry->addArgument(impl.builder.getIndexType(), impl.location(loc));
  impl.argumentAttributes.push_back(impl.sizeAttributes({dim}).getDictionary(&impl.module->context()));
  impl.hosts.push_back(false);
  return dim;
}

ValueId GraphBuilder::add(const OpCall& call) {
  Impl& impl = *impl_;
  impl.builder.setLoc(impl.location(call.loc));
  OperationState state(impl.builder.getLoc(), "ogee." + std::string(call.name));
  state.addTypes(ir::tensorType(call.shape, ir::elementType(&impl.module->context(), call.dtype)));
  for (ValueId operand : call.operands) state.addOperands(impl.values[operand]);
  impl.setAttributes(call, state);
  if (impl.checkpoint) state.addAttribute(passes::kCheckpointAttr, impl.builder.getUnitAttr());
  impl.values.push_back(impl.builder.create(state)->getResult(0));
  return static_cast<ValueId>(impl.values.size() - 1);
}

void GraphBuilder::open_region() {
  auto region = std::make_shared<RecordedRegion>();
  region->region.emplaceBlock();
  impl_->open.push_back(std::move(region));
  impl_->setInsertionPoint();
}

ValueId GraphBuilder::region_argument(size_t level, DType dtype, const Shape& shape, Loc loc) {
  const auto type = ir::tensorType(shape, ir::elementType(&impl_->module->context(), dtype));
  return impl_->remember(impl_->open[level]->block().addArgument(type, impl_->location(loc)));
}

ValueId GraphBuilder::region_argument(size_t level, ValueId like) {
  const Value value = impl_->values[like];
  return impl_->remember(impl_->open[level]->block().addArgument(value.getType(), value.getLoc()));
}

std::shared_ptr<RecordedRegion> GraphBuilder::close_region() {
  std::shared_ptr<RecordedRegion> region = std::move(impl_->open.back());
  impl_->open.pop_back();
  impl_->setInsertionPoint();
  return region;
}

void GraphBuilder::Impl::arrangeArguments(RecordedRegion& region, ArrayRef<Value> arguments, TypeRange types,
                                          ArrayRef<Value> sizes) {
  Block& block = region.block();
  const unsigned before = block.getNumArguments();
  for (auto [given, type] : llvm::zip_equal(arguments, types)) {
    Value argument = given;
    const Value next = block.addArgument(type, argument ? argument.getLoc() : builder.getLoc());
    if (!argument) continue;
    for (Value& value : values)
      if (value == argument) value = next;
    argument.replaceAllUsesWith(next);
  }
  for (Value size : sizes) {
    const Value next = block.addArgument(size.getType(), size.getLoc());
    if (Value known = region.sizes.lookup(size)) known.replaceAllUsesWith(next);
  }
  block.eraseArguments(0, before);
}

std::vector<ValueId> GraphBuilder::add_control(ControlCall call) {
  Impl& impl = *impl_;
  impl.builder.setLoc(impl.location(call.loc));
  OperationState state(impl.builder.getLoc(), "ogee." + std::string(call.name));
  const auto typeOf = [&](DType dtype, const Shape& shape) {
    return ir::tensorType(shape, ir::elementType(&impl.module->context(), dtype));
  };
  for (const ControlCall::Result& result : call.results) state.addTypes(typeOf(result.dtype, result.shape));
  SmallVector<int32_t> segments;
  for (const std::vector<ValueId>& segment : call.operands) {
    for (ValueId operand : segment) state.addOperands(impl.values[operand]);
    segments.push_back(static_cast<int32_t>(segment.size()));
  }
  llvm::SetVector<Value> sizes;
  for (const ControlRegion& region : call.regions)
    for (auto& [size, argument] : region.region->sizes) sizes.insert(size);
  state.addOperands(sizes.getArrayRef());
  segments.back() += static_cast<int32_t>(sizes.size());
  if (std::string_view(call.name) != "cond")
    state.addAttribute("operandSegmentSizes", impl.builder.getDenseI32ArrayAttr(segments));
  if (impl.checkpoint) state.addAttribute(passes::kCheckpointAttr, impl.builder.getUnitAttr());
  if (call.max_trips) state.addAttribute("maxTrips", impl.builder.getI64IntegerAttr(*call.max_trips));

  for (ControlRegion& region : call.regions) {
    SmallVector<Value> arguments;
    SmallVector<Type> types;
    size_t operand = std::string_view(call.name) == "cond" ? 1 : 0; // the predicate is handed to no region
    for (std::optional<ValueId> argument : region.arguments) {
      arguments.push_back(argument ? impl.values[*argument] : Value());
      types.push_back(argument ? arguments.back().getType() : state.operands[operand].getType());
      ++operand;
    }
    impl.arrangeArguments(*region.region, arguments, types, sizes.getArrayRef());
    SmallVector<Value> results;
    for (size_t i = 0; i < region.results.size(); ++i)
      results.push_back(region.results[i] ? impl.values[*region.results[i]]
                                          : region.region->block().getArgument(region.passed[i]));
    impl.builder.setInsertionPointToEnd(&region.region->block());
    impl.builder.create<ir::YieldOp>(results);
    state.addRegion()->takeBody(region.region->region);
  }
  impl.setInsertionPoint();
  Operation* op = impl.builder.create(state);
  std::vector<ValueId> results;
  for (Value result : op->getResults()) results.push_back(impl.remember(result));
  return results;
}

namespace {
/// As the tape says it for its nodes.
[[noreturn]] void fail_dropped(const std::string& place, Loc loc) {
  std::string message = "backward: what was saved has been dropped by an earlier backward";
  if (!place.empty()) message += " at " + place;
  message += "; hint: retain_graph";
  if (!place.empty()) throw runtime::Error(ErrorCode::state, message);
  fail_with(ErrorCode::state, std::move(message), loc);
}
} // namespace

std::vector<std::optional<ValueId>>
GraphBuilder::differentiate(std::span<const ValueId> outputs, std::span<const ValueId> cotangents,
                            std::span<const ValueId> wrt,
                            const std::unordered_map<ValueId, std::optional<ValueId>>& detours, Tape tape, Loc loc) {
  Impl& impl = *impl_;
  const auto valuesOf = [&](std::span<const ValueId> ids) {
    SmallVector<Value> values;
    for (ValueId id : ids) values.push_back(impl.values[id]);
    return values;
  };
  passes::Detours known;
  for (const auto& [value, other] : detours) known[impl.values[value]] = other ? impl.values[*other] : Value();
  const DiagnosticCatcher diagnostics(impl.module->context());
  Block& block = *impl.builder.getInsertionBlock();
  Operation* const last = block.empty() ? nullptr : &block.back();
  impl.builder.setListener(&impl);
  SmallVector<Operation*> readers;
  const FailureOr<SmallVector<Value>> gradients =
      passes::differentiate(impl.builder, valuesOf(outputs), valuesOf(cotangents), valuesOf(wrt), known, &readers);
  impl.builder.setListener(nullptr);
  if (failed(gradients)) diagnostics.raise(loc);
  for (Operation* op : readers) {
    if (tape != Tape::apart && impl.dropped.contains(op)) fail_dropped(ir::describe(op->getLoc()), loc);
    if (tape == Tape::dropped) impl.drop(op);
  }
  for (Operation* op = last ? last->getNextNode() : nullptr; op; op = op->getNextNode())
    op->setAttr(passes::kBackwardAttr, impl.builder.getUnitAttr());
  std::vector<std::optional<ValueId>> ids;
  for (Value gradient : *gradients) {
    if (gradient) impl.values.push_back(gradient);
    ids.push_back(gradient ? std::optional(static_cast<ValueId>(impl.values.size() - 1)) : std::nullopt);
  }
  return ids;
}

void GraphBuilder::set_checkpoint(bool on) { impl_->checkpoint = on; }

void GraphBuilder::stop_gradient(ValueId id) {
  Value value = impl_->values[id];
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  const Value stop = builder.create<ir::StopGradientOp>(value.getLoc(), value.getType(), value);
  value.replaceAllUsesExcept(stop, stop.getDefiningOp());
  std::ranges::replace(impl_->values, value, stop);
}

Graph GraphBuilder::finish(std::span<const ValueId> results, Device device, Loc loc,
                           std::span<const std::pair<size_t, ValueId>> ends,
                           const std::map<size_t, std::string>& names) {
  Impl& impl = *impl_;
  impl.builder.setLoc(impl.location(loc));
  SmallVector<Value> values;
  for (ValueId result : results) values.push_back(impl.values[result]);
  impl.builder.create<func::ReturnOp>(values);
  const auto types = TypeRange(ValueRange(values));
  func::FuncOp function = impl.module->function;
  function.setType(impl.builder.getFunctionType(impl.entry->getArgumentTypes(), types));
  function->setLoc(impl.builder.getLoc());
  SmallVector<mlir::Attribute> attributes(impl.argumentAttributes.begin(), impl.argumentAttributes.end());
  if (!attributes.empty()) function.setArgAttrsAttr(impl.builder.getArrayAttr(attributes));
  for (const auto& [result, name] : names)
    function.setResultAttr(result, ir::kNameAttr, impl.builder.getStringAttr(name));
  for (const auto& [result, argument] : ends) {
    auto value = cast<BlockArgument>(impl.values[argument]);
    if (value.getType() == function.getResultTypes()[result])
      function.setResultAttr(result, impl.module->trusted ? ir::kIntoAttr : ir::kOverwritesAttr,
                             impl.builder.getI64IntegerAttr(value.getArgNumber()));
  }
  impl.module->device = device;
  for (size_t argument = 0; argument < impl.hosts.size(); ++argument)
    if (impl.hosts[argument] && !device.is_cpu())
      function.setArgAttr(argument, ir::kHostAttr, impl.builder.getUnitAttr());
  assert(succeeded(verify(impl.module->module->getOperation())) && "the front end made an ill-formed graph");
  return Graph(std::make_shared<GraphImpl>(std::move(impl.module)));
}

} // namespace ogee::detail
