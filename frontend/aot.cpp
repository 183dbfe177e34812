// Graphs of several functions as one module, in which equal captured tensors have equal names.
#include "frontend/aot.h"

#include "codegen/aot/files.h"
#include "codegen/compile.h"
#include "frontend/copy.h"
#include "frontend/mlir_module.h"
#include "frontend/tensor_impl.h"
#include "frontend/trace.h"
#include "ir/signature.h"
#include "runtime/runtime.h"

#include "mlir/Parser/Parser.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

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
  }

  void write(codegen::aot::Options options, const codegen::aot::Output& output) {
    options.weights = std::move(weights_);
    DiagnosticCatcher diagnostics(context_);
    if (mlir::failed(codegen::aot::write(sources_, options, output))) diagnostics.raise(loc_);
  }

private:
  void add(const AotEntry& entry) {
    const Interface* interface = entry.graph.impl().interface();
    if (!interface)
      fail(loc_, "aot: the graph of ", entry.name, " belongs to a compiled function; hint: trace(fn, specs…)");
    DiagnosticCatcher diagnostics(context_);
    modules_.push_back(mlir::parseSourceString<mlir::ModuleOp>(entry.graph.impl().source(), &context_));
    if (!modules_.back()) diagnostics.raise(loc_);
    mlir::func::FuncOp function = *modules_.back()->getOps<mlir::func::FuncOp>().begin();
    const size_t captures = interface->captures.size(), random = interface->draws > 0 ? 2 : 0;
    const size_t given = function.getNumArguments() - captures - random;
    check_grads(*interface, entry.name);
    nameArguments(function, entry, given);
    nameResults(function, entry, *interface);
    for (size_t i = 0; i < captures; ++i)
      setName(function, given + random + i, nameOf(interface->captures[i], function, given + random + i));
    if (random) addRandom();
    sources_.push_back({entry.name, function});
  }

  void check_grads(const Interface& interface, const std::string& entry) const {
    for (const FinalGrad& grad : interface.grads)
      if (grad.graph_result)
        fail(loc_, "aot: ", entry,
             " leaves a gradient in a tensor from outside; hint: zero_grad() at its end, or return "
             "the gradient");
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

  /// One name for each captured tensor in all entries; its present elements become a weight.
  std::string nameOf(const Capture& capture, mlir::func::FuncOp function, size_t argument) {
    auto [known, isNew] = names_.try_emplace(capture.tensor.impl());
    if (!isNew) return known->second;
    const std::string wanted = ir::argumentInfo(function, argument).name;
    std::string name = wanted;
    for (int again = 1; weights_.contains(name); ++again) name = wanted + "_" + std::to_string(again);
    const Tensor dense = copy_dense(capture.tensor, "aot", loc_);
    const auto* const data = reinterpret_cast<const uint8_t*>(dense.impl()->data());
    std::vector<uint8_t>& weight = weights_[name];
    if (dense.numel() > 0)
      weight.assign(data, data + static_cast<size_t>(static_cast<int64_t>(dense.numel())) *
                                     runtime::item_size(dense.dtype()));
    return known->second = name;
  }

  void addRandom() {
    const runtime::GeneratorState state = runtime::Runtime::get().generator().draw(0);
    for (const auto& [name, value] : {std::pair("random_key", state.key), std::pair("random_draw", state.number)}) {
      std::vector<uint8_t> bytes(sizeof value);
      std::memcpy(bytes.data(), &value, sizeof value);
      weights_[name] = bytes;
    }
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
  for (const Tensor& example : examples) specs.push_back(spec(example.dtype(loc), example.shape(loc), loc));
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
