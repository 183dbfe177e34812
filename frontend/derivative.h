// The gradient of a graph as graphs: what runs backward, and what runs forward to that end. Private to the front end;
// no MLIR.
#pragma once

#include "frontend/graph.h"
#include "passes/backward_signature.h"

#include <optional>
#include <span>

namespace ogee::detail {

using passes::BackwardGradient;
using passes::BackwardInput;
using passes::Saved;

struct Derivative {
  std::optional<Graph> forward; ///< for Saved::chosen: the graph with saved values as further results
  Graph backward;
  passes::BackwardSignature signature;
};

/// Differentiates a graph with respect to some of its arguments. Error, with its line, for an operation that has no
/// gradient.
Derivative derive(const Graph& graph, std::span<const unsigned> wrt, Saved saved, Loc loc);

} // namespace ogee::detail
