// Derivatives of graphs by passes/partition, in the context of the graph that they derive from.
#include "frontend/derivative.h"

#include "frontend/mlir_module.h"
#include "passes/partition.h"

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
  std::optional<Graph> forward;
  if (parts->forward) forward = graph_of(parts->forward, origin);
  return {std::move(forward), graph_of(parts->backward, origin), std::move(parts->signature)};
}

} // namespace ogee::detail
