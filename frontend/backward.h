// The walk backward over the tape. Private to the front end.
#pragma once

#include "frontend/tape.h"

#include <functional>
#include <optional>
#include <queue>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace ogee::detail {

class Walker {
public:
  struct Leaf {
    Tensor tensor, gradient;
  };
  using Visit = std::function<void(const Node& node, uint32_t output, const Tensor& gradient)>;

  /// `visit` sees every gradient of an operation's result, after its hooks.
  explicit Walker(Visit visit = {}) : visit_(std::move(visit)) {}

  /// Adds a cotangent to where an edge leads; `loc` is the line of what made it.
  void add(const Edge& edge, Tensor cotangent, Loc loc);
  /// Lets only that run which leads from one of `outputs` to one of `inputs`; other leaves are not reached, and what
  /// else was saved stays. Before the first `add`.
  void aim_at(std::span<const Tensor> inputs, std::span<const Tensor> outputs);
  /// Runs everything that cotangents lead to, for the call at `loc`.
  void run(bool retain_graph, Loc loc);
  /// The leaves reached, with their gradients.
  std::span<Leaf> leaves() { return leaves_; }

private:
  struct Earlier {
    bool operator()(const NodeRef& a, const NodeRef& b) const { return a->sequence() < b->sequence(); }
  };

  Visit visit_;
  std::priority_queue<NodeRef, std::vector<NodeRef>, Earlier> order_; ///< the last made comes first
  std::unordered_map<const Node*, std::vector<Tensor>> pending_;      ///< cotangents of outputs so far
  std::vector<Leaf> leaves_;
  std::unordered_map<const TensorImpl*, size_t> leaf_numbers_;

  /// What cotangents are for, where not for all there is.
  struct Aim {
    std::unordered_set<const TensorImpl*> leaves;
    std::unordered_set<const Node*> made; ///< inputs
    std::unordered_set<const Node*> runs; ///< leads to one of those
    bool has(const Edge& edge) const;
  };
  std::optional<Aim> aim_;
};

/// The gradient after the hooks on one output. Error for one that gives another shape or dtype.
Tensor after_hooks(Tensor gradient, const std::vector<PlacedHook>& hooks, uint32_t output, Loc loc);

/// Adds to the gradient of a leaf. Error where a compiled function has kept what there was.
void accumulate_grad(const Tensor& leaf, Tensor gradient, Loc loc);

} // namespace ogee::detail
