// `ogee aot`: functions of a file as an object file with its headers.
#include "codegen/aot/files.h"
#include "ir/signature.h"
#include "ir/types.h"
#include "runtime/error.h"
#include "tools/ogee/commands.h"
#include "tools/ogee/function.h"

#include <set>

namespace ogee::tools {

using runtime::ErrorCode;

namespace {

/// The named functions of the file, or all.
std::vector<codegen::aot::Source> sourcesOf(const Function& file, const AotOptions& options) {
  std::vector<codegen::aot::Source> sources;
  for (auto function : file.module().getOps<mlir::func::FuncOp>())
    if (options.entries.empty()) sources.push_back({function.getSymName().str(), function});
  for (const std::string& entry : options.entries) {
    auto function = file.module().lookupSymbol<mlir::func::FuncOp>(entry);
    if (!function) runtime::raise(ErrorCode::invalid_argument, options.file, ": no function ", entry);
    sources.push_back({entry, function});
  }
  return sources;
}

/// Reads weights and says in the functions that the arguments of their names are state.
std::map<std::string, std::vector<uint8_t>> readWeights(const AotOptions& options,
                                                        std::span<const codegen::aot::Source> sources) {
  std::map<std::string, std::vector<uint8_t>> weights;
  if (options.weights.empty()) return weights;
  for (const auto& [name, array] : runtime::load_npz(options.weights)) {
    const auto* const data = reinterpret_cast<const uint8_t*>(array.storage->data());
    weights[name].assign(data, data + size_t(numel(array)) * runtime::item_size(array.dtype));
    bool used = false;
    for (mlir::func::FuncOp function : llvm::map_range(sources, [](const auto& source) { return source.graph; }))
      for (unsigned i = 0; i < function.getNumArguments(); ++i) {
        const ir::ArgumentInfo info = ir::argumentInfo(function, i);
        if (info.name != name) continue;
        used = true;
        const auto type = mlir::dyn_cast<mlir::RankedTensorType>(function.getArgument(i).getType());
        if (!type || ir::dtypeOf(type.getElementType()) != array.dtype ||
            type.getShape() != llvm::ArrayRef(array.shape))
          runtime::raise(ErrorCode::invalid_argument, options.weights, ": ", name, " is ", describe(array),
                         ", which does not fit the argument of ", function.getSymName().str());
        if (info.state.empty())
          function.setArgAttr(i, ir::kStateAttr, mlir::StringAttr::get(function.getContext(), "captured"));
      }
    if (!used) runtime::raise(ErrorCode::invalid_argument, options.weights, ": no argument has the name ", name);
  }
  return weights;
}

} // namespace

void aot(const AotOptions& options) {
  const Function file(options.file);
  codegen::aot::Options compile{.name = options.name, .embed = options.embed, .assembly = options.emit.contains("asm")};
  for (const std::string& cpu : options.cpus) {
    std::string error = codegen::parseTarget(cpu, options.triple, compile.targets.emplace_back());
    if (!error.empty()) runtime::raise(ErrorCode::invalid_argument, error);
  }
  const std::vector<codegen::aot::Source> sources = sourcesOf(file, options);
  if (sources.empty()) runtime::raise(ErrorCode::invalid_argument, options.file, ": holds no function");
  compile.weights = readWeights(options, sources);
  if (mlir::failed(codegen::aot::write(sources, compile, {options.out, options.emit}))) throw Reported();
}

} // namespace ogee::tools
