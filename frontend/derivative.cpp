// Derivatives of graphs by passes/partition, in the context of the graph that they derive from.
#include "frontend/derivative.h"

#include "frontend/mlir_module.h"
#include "ir/signature.h"
#include "passes/partition.h"

#include "llvm/ADT/STLExtras.h"

namespace ogee::detail {

namespace {

/// A function that stands in another graph's context as a graph of its own.
Graph graph_of(mlir::func::FuncOp function, const GraphImpl::Module& origin) {
  auto module = std::make_unique<GraphImpl::Module>(origin.shared);
  module->module = mlir::ModuleOp::create(function.getLoc());
  function->remove();
  module->module->push_back(function);
  module->function = function;
  module->trusted = origin.trusted;
  module->device = origin.device;
  return Graph(std::make_shared<GraphImpl>(std::move(module)));
}

} // namespace

Derivative derive(const Graph& graph, std::span<const unsigned> wrt, Saved saved, Loc loc) {
  GraphImpl::Module& origin = graph.impl().module();
  std::lock_guard lock(origin.mutex());
  const DiagnosticCatcher diagnostics(origin.context());
  mlir::FailureOr<passes::Partition> parts =
      passes::partition(origin.function, llvm::ArrayRef(wrt.data(), wrt.size()), saved);
  if (mlir::failed(parts)) diagnostics.raise(loc);
  for (auto [place, input] : llvm::enumerate(parts->signature.inputs))
    if (input.kind == BackwardInput::Kind::argument && origin.function.getArgAttr(input.index, ir::kHostAttr))
      parts->backward.setArgAttr(place, ir::kHostAttr, mlir::UnitAttr::get(&origin.context()));
  std::optional<Graph> forward;
  if (parts->forward) forward = graph_of(parts->forward, origin);
  return {std::move(forward), graph_of(parts->backward, origin), std::move(parts->signature)};
}

} // namespace ogee::detail
