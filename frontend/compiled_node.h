// A compiled function on the tape: one node per call. Private to the front end.
#pragma once

#include "frontend/rule.h"

#include <memory>
#include <span>
#include <vector>

namespace ogee::detail {

class CompiledTape : public std::enable_shared_from_this<CompiledTape> {
public:
  /// For a graph of so many results, gradients of whose arguments `wrt` are asked for. `failure`, if not "", says why
  /// there are none.
  CompiledTape(const Graph& graph, std::vector<unsigned> wrt, size_t results, const std::string& failure);

  /// What runs forward: the graph, with what is saved for the backward run as further results.
  const Graph& forward() const { return rule_.exists() ? rule_.forward() : graph_; }
  size_t results() const { return results_; }
  const TapeRule& rule() const { return rule_; }
  /// The gradient of the forward graph, in which what is saved counts as results, too: gradients of gradients need it.
  const TapeRule& full_rule() const { return full_rule_; }

  /// Whether the backward run reads an argument.
  bool reads(size_t argument) const;

  /// Puts a call onto the tape: all arguments and all results of the forward graph.
  void record(std::span<const Tensor> arguments, std::span<const Tensor> results, Loc loc);

private:
  const Graph graph_;
  const size_t results_;
  const TapeRule rule_, full_rule_;
};

} // namespace ogee::detail
