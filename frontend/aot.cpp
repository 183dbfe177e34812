// Graphs of several functions as one module, in which equal captured tensors have equal names.
#include "frontend/aot.h"

#include "codegen/aot/files.h"
#include "codegen/compile.h"
#include "frontend/mlir_module.h"
#include "frontend/standalone.h"
#include "frontend/tensor_impl.h"
#include "frontend/trace.h"
#include "ir/signature.h"

#include "mlir/Parser/Parser.h"

#include <map>

namespace ogee {

namespace detail {

namespace {

/// The entries in a context of their own.
class Library {
public:
  Library(const std::vector<AotEntry>& entries, Loc loc) : loc_(loc) {
    mlir::DialectRegistry registry;
    codegen::registerDialects(registry);
    context_.appendDialectRegistry(registry);
    context_.disableMultithreading();
    for (const AotEntry& entry : entries) add(entry);
    checkApart(entries);
  }

  void write(codegen::aot::Options options, const codegen::aot::Output& output) {
    options.weights = std::move(weights_);
    DiagnosticCatcher diagnostics(context_);
    if (mlir::failed(codegen::aot::write(sources_, options, output))) diagnostics.raise(loc_);
  }

private:
  void add(const AotEntry& entry) {
    const Interface& interface = standalone_interface(entry.graph, "aot", loc_);
    if (const Device device = entry.graph.impl().device(); !device.is_cpu())
      fail(loc_, "aot: ", entry.name, " runs on ", device,
           ", and objects run on the CPU; hint: trace it on CPU tensors, or save() it as a program");
    std::vector<std::vector<uint8_t>> state = present_state(interface, loc_);
    DiagnosticCatcher diagnostics(context_);
    modules_.push_back(mlir::parseSourceString<mlir::ModuleOp>(entry.graph.impl().source(), &context_));
    if (!modules_.back()) diagnostics.raise(loc_);
    mlir::func::FuncOp function = *modules_.back()->getOps<mlir::func::FuncOp>().begin();
    const size_t given = function.getNumArguments() - state.size();
    nameArguments(function, entry, given);
    nameResults(function, entry, interface);
    const size_t captures = interface.captures.size(), random = state.size() - captures;
    for (size_t i = 0; i < state.size(); ++i) {
      const size_t argument = given + i;
      const std::string name = i < random ? ir::argumentInfo(function, argument).name
                                          : nameOf(interface.captures[i - random], function, argument);
      setName(function, argument, name);
      weights_[name] = std::move(state[i]);
    }
    sources_.push_back({entry.name, function});
  }

  /// Error where captured tensors share memory that an entry writes to: in the library each has its own.
  void checkApart(const std::vector<AotEntry>& entries) const {
    std::map<const runtime::Storage*, const AotEntry*> writers;
    for (const AotEntry& entry : entries) {
      const Interface& interface = *entry.graph.impl().interface();
      for (const FinalWrite& write : interface.writes)
        if (write.place.kind == Place::Kind::capture)
          writers.try_emplace(&*interface.captures[write.place.index].tensor.impl()->storage, &entry);
    }
    for (const auto& [tensor, name] : names_)
      for (const auto& [other, otherName] : names_) {
        const auto writer = writers.find(&*tensor->storage);
        if (tensor != other && tensor->storage == other->storage && writer != writers.end())
          fail(loc_, "aot: ", std::min(name, otherName), " and ", std::max(name, otherName), " share memory, and ",
               writer->second->name,
               " writes to it; hint: let all entries use one of them, and make views of it inside");
      }
  }

  static void setName(mlir::func::FuncOp function, size_t argument, const std::string& name) {
    function.setArgAttr(argument, ir::kNameAttr, mlir::StringAttr::get(function.getContext(), name));
  }

  void nameArguments(mlir::func::FuncOp function, const AotEntry& entry, size_t given) const {
    if (entry.args.empty()) return;
    if (entry.args.size() != given)
      fail(loc_, "aot: ", entry.name, " has ", given, " arguments, but ", entry.args.size(), " names are given");
    for (size_t i = 0; i < given; ++i) setName(function, i, entry.args[i]);
  }

  void nameResults(mlir::func::FuncOp function, const AotEntry& entry, const Interface& interface) const {
    if (entry.results.empty()) return;
    if (entry.results.size() != interface.results.size())
      fail(loc_, "aot: ", entry.name, " has ", interface.results.size(), " results, but ", entry.results.size(),
           " names are given");
    for (size_t i = 0; i < entry.results.size(); ++i)
      function.setResultAttr(interface.results[i].graph_result, ir::kNameAttr,
                             mlir::StringAttr::get(function.getContext(), entry.results[i]));
  }

  /// One name for each captured tensor in all entries.
  std::string nameOf(const Capture& capture, mlir::func::FuncOp function, size_t argument) {
    auto [known, isNew] = names_.try_emplace(capture.tensor.impl());
    if (!isNew) return known->second;
    const std::string wanted = ir::argumentInfo(function, argument).name;
    std::string name = wanted;
    for (int again = 1; weights_.contains(name); ++again) name = wanted + "_" + std::to_string(again);
    return known->second = name;
  }

  const Loc loc_;
  mlir::MLIRContext context_;
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> modules_;
  std::vector<codegen::aot::Source> sources_;
  std::map<const TensorImpl*, std::string> names_; ///< of captured tensors
  std::map<std::string, std::vector<uint8_t>> weights_;
};

} // namespace

std::vector<Tensor> specs_of(const std::vector<Tensor>& examples, size_t count, Loc loc) {
  if (examples.size() != count)
    fail(loc, "aot: the function has ", count, " arguments, got ", examples.size(), " examples");
  std::vector<Tensor> specs;
  for (const Tensor& example : examples)
    specs.push_back(spec({example.dtype(loc), example.device(loc)}, example.shape(loc), loc));
  return specs;
}

} // namespace detail

void aot(const std::vector<AotEntry>& entries, const AotOptions& options, Loc loc) {
  if (entries.empty()) detail::fail(loc, "aot: there are no entries");
  codegen::aot::Options compile{.name = options.name, .embed = options.embed};
  for (const std::string& cpu : options.cpus)
    if (std::string error = codegen::parseTarget(cpu, options.triple, compile.targets.emplace_back()); !error.empty())
      detail::fail(loc, "aot: ", error);
  codegen::aot::Output output{options.out, {}};
  for (const std::string& kind : options.emit) {
    if (!codegen::aot::isKind(kind)) detail::fail(loc, "aot: cannot emit ", kind, ": obj, header, asm, mlir or report");
    output.emit.insert(kind);
  }
  compile.assembly = output.emit.contains("asm");
  detail::Library(entries, loc).write(std::move(compile), output);
}

} // namespace ogee
