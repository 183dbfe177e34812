// The plot of an ahead-of-time compilation, top to bottom.
#include "codegen/aot/compile.h"

#include "codegen/aot/describe.h"
#include "codegen/aot/header.h"
#include "codegen/aot/object.h"
#include "codegen/compile.h"
#include "codegen/cost.h"
#include "ir/dims.h"
#include "ir/signature.h"
#include "runtime/hash.h"

#include "mlir/IR/OwningOpRef.h"

#include "llvm/ADT/StringSet.h"

#include <algorithm>
#include <cstring>

namespace ogee::codegen::aot {

using namespace mlir;

namespace {

constexpr size_t kMostEntries = 253; ///< a status has 8 bits for the number of one, or of what is no entry

class Compilation {
public:
  Compilation(ArrayRef<Source> sources, const Options& options) : sources_(sources), options_(options) {
    library_.name = options.name;
    library_.embedded = options.embed;
  }

  FailureOr<Library> run() {
    std::vector<NamedTarget> targets = options_.targets;
    // The one that asks for most of the CPU comes first: it is chosen where it runs.
    llvm::sort(targets, [](const NamedTarget& a, const NamedTarget& b) {
      return std::tuple(b.info.vectorBits, b.info.features.size(), a.name) <
             std::tuple(a.info.vectorBits, a.info.features.size(), b.name);
    });
    if (failed(check(targets))) return failure();
    for (const NamedTarget& target : targets)
      if (failed(plan(target.info))) return failure();
    if (failed(layOut(targets))) return failure();
    for (auto [variant, target, entries] : llvm::zip_equal(library_.variants, targets, plans_))
      if (failed(makeVariant(variant, target.info, entries))) return failure();
    return std::move(library_);
  }

private:
  Location location() const { return func::FuncOp(sources_.front().graph).getLoc(); }

  LogicalResult checkNames(ArrayRef<NamedTarget> targets) {
    const std::string& library = options_.name;
    if (identifierOf(library) != library)
      return emitError(location()) << "'" << library << "' is no name that C can use for a library";
    if (StringRef(library).upper() == library)
      return emitError(location()) << "the library " << library << " needs a lower-case letter in its name: macros are "
                                   << library << "_…, and functions would be, too";
    llvm::StringSet<> taken{"embedded_state"}, macros;
    for (const NamedTarget& target : targets) taken.insert("code_" + identifierOf(target.name));
    for (const Source& source : sources_)
      for (const char* function : {"sizes_", "conditions_"}) taken.insert(function + source.name);
    for (const Source& source : sources_) {
      if (identifierOf(source.name) != source.name)
        return emitError(location()) << "'" << source.name << "' is no name that C can use for an entry";
      if (isTaken(source.name) || taken.contains(source.name))
        return emitError(location()) << "the header has a use for the name " << library << "_" << source.name
                                     << " itself: call the entry something else";
      if (!macros.insert(StringRef(source.name).upper()).second)
        return emitError(location()) << "two entries have the name " << source.name << ", for macros in capitals";
    }
    return success();
  }

  LogicalResult check(ArrayRef<NamedTarget> targets) {
    if (sources_.size() > kMostEntries)
      return emitError(location()) << "a library has at most " << kMostEntries << " entries";
    if (failed(checkNames(targets))) return failure();
    llvm::StringSet<> names;
    for (const NamedTarget& target : targets) {
      if (!names.insert(target.name).second) return emitError(location()) << "target " << target.name << " twice";
      if (std::string error = targetError(target.info); !error.empty())
        return emitError(location()) << "target " << target.name << ": " << error;
      if (architectureOf(target.info) != architectureOf(targets.front().info))
        return emitError(location()) << "targets " << targets.front().name << " and " << target.name
                                     << " are of different architectures: one library has one";
    }
    if (targets.size() > 1 && architectureOf(targets.front().info) != "x86_64")
      return emitError(location()) << "several CPUs in one library need x86-64, where programs can ask for features";
    return success();
  }

  /// Every entry for one target, each from a copy of its graph, which the plan refers to.
  LogicalResult plan(const TargetInfo& target) {
    auto& entries = plans_.emplace_back();
    for (const Source& source : sources_) {
      auto module = func::FuncOp(source.graph)->getParentOfType<ModuleOp>();
      copies_.push_back(cast<ModuleOp>(module->clone()));
      auto graph = copies_.back()->lookupSymbol<func::FuncOp>(func::FuncOp(source.graph).getSymName());
      ir::putStateLast(graph);
      FailureOr<Plan> planned = lowerToPlan(graph, {.name = source.name, .target = &target});
      if (failed(planned) || failed(bindState(planned->program, graph.getLoc()))) return failure();
      auto entry = std::make_unique<PlannedEntry>(std::move(*planned), library_.name);
      if (failed(entry->sizes.run(graph.getLoc()))) return failure();
      entries.push_back(std::move(entry));
    }
    return success();
  }

  /// What all variants have in common.
  LogicalResult layOut(ArrayRef<NamedTarget> targets) {
    for (auto [source, entry] : llvm::zip_equal(sources_, plans_.front())) {
      const Location at = func::FuncOp(source.graph).getLoc();
      library_.entries.push_back(describe(entry->plan.program, library_.name, source.name, entry->sizes));
      if (failed(addState(library_, entry->plan.program, at)) || failed(addCost(source, library_.entries.back())))
        return failure();
    }
    if (failed(layOutState(library_, location())) || failed(checkWeights())) return failure();
    for (auto& entries : plans_)
      for (auto [source, entry] : llvm::zip_equal(sources_, entries)) {
        FailureOr<MemoryPlan> memory =
            planMemory(entry->plan.program, entry->sizes, library_, func::FuncOp(source.graph).getLoc());
        if (failed(memory)) return failure();
        entry->memory = std::move(*memory);
        library_.arenaBytes = std::max(library_.arenaBytes, entry->memory.arenaBytes);
        library_.scratchBytes = std::max(library_.scratchBytes, entry->memory.scratchBytes);
      }
    for (auto& entries : plans_)
      for (auto& entry : entries) {
        entry->memory.arenaBytes = library_.arenaBytes;
        entry->memory.scratchBytes = library_.scratchBytes;
      }
    for (const NamedTarget& target : targets)
      library_.variants.push_back({.name = target.name,
                                   .identifier = identifierOf(target.name),
                                   .triple = target.info.triple,
                                   .cpu = target.info.cpu,
                                   .features = target.info.features});
    // Of all that the header says: another text is another header.
    library_.abi = static_cast<uint32_t>(runtime::hash128(std::string_view(cHeader(library_))).lo);
    return success();
  }

  /// For the largest dims.
  LogicalResult addCost(const Source& source, Entry& entry) {
    std::vector<std::vector<int64_t>> shapes;
    auto graph = func::FuncOp(source.graph);
    const auto dims = ir::DimAnalysis::run(graph);
    if (failed(dims)) return failure();
    const auto most = [&](const Dim& dim) { return dim.range().hi; };
    for (BlockArgument argument : graph.getArguments()) {
      shapes.emplace_back();
      if (argument.getType().isIndex())
        shapes.back().push_back(most(dims->index(argument)));
      else
        for (const Dim& dim : dims->shape(argument)) shapes.back().push_back(most(dim));
    }
    const FailureOr<Cost> cost = costOf(graph, shapes);
    if (failed(cost)) return failure();
    entry.flop = cost->flop;
    entry.bytes = cost->bytes;
    return success();
  }

  LogicalResult checkWeights() {
    if (options_.embed && (options_.weights.empty() || library_.stateBytes == 0))
      return emitError(location()) << "there are no weights to embed";
    if (options_.weights.empty()) return success();
    for (const StateTensor& tensor : library_.state) {
      const auto weight = options_.weights.find(tensor.name);
      if (weight == options_.weights.end()) return emitError(location()) << "there is no weight " << tensor.name;
      if (weight->second.size() != tensor.bytes)
        return emitError(location()) << "weight " << tensor.name << " has " << weight->second.size()
                                     << " bytes, expected " << tensor.bytes;
    }
    return success();
  }

  LogicalResult makeVariant(Variant& variant, const TargetInfo& target,
                            ArrayRef<std::unique_ptr<PlannedEntry>> entries) {
    SmallVector<const PlannedEntry*> planned;
    SmallVector<std::string> names;
    for (auto [source, entry] : llvm::zip_equal(sources_, entries)) {
      planned.push_back(entry.get());
      names.push_back(library_.name + "_" + source.name);
    }
    ObjectOptions options{
        .symbol = library_.name + "_code_" + variant.identifier, .abi = library_.abi, .assembly = options_.assembly};
    if (library_.embedded && &variant == &library_.variants.front()) {
      options.weightsSymbol = library_.name + "_embedded_state";
      options.weights = firstState(library_, options_.weights);
    }
    MLIRContext& context = *func::FuncOp(sources_.front().graph).getContext();
    return makeObject(context, planned, names, target, options, location(), variant);
  }

  const ArrayRef<Source> sources_;
  const Options& options_;
  Library library_;
  std::vector<OwningOpRef<ModuleOp>> copies_;
  std::vector<std::vector<std::unique_ptr<PlannedEntry>>> plans_; ///< by target, by entry
};

} // namespace

FailureOr<Library> compile(ArrayRef<Source> sources, const Options& options) {
  return Compilation(sources, options).run();
}

std::vector<uint8_t> firstState(const Library& library, const std::map<std::string, std::vector<uint8_t>>& weights) {
  std::vector<uint8_t> state(library.stateBytes);
  for (const StateTensor& tensor : library.state) {
    const std::vector<uint8_t>& weight = weights.at(tensor.name);
    if (!weight.empty()) std::memcpy(state.data() + tensor.offset, weight.data(), weight.size());
  }
  return state;
}

} // namespace ogee::codegen::aot
