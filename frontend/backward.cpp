// Gradients by walking the tape: nodes in the reverse order of their making, so that each has the whole of its
// cotangents when it runs.
#include "frontend/backward.h"

#include "frontend/copy.h"
#include "frontend/creation.h"
#include "frontend/failure.h"
#include "frontend/operators.h"
#include "frontend/placement.h"

#include <algorithm>

namespace ogee::detail {

namespace {

bool is_unshared(const Tensor& x) {
  const TensorImpl& impl = *x.impl();
  return impl.dense && impl.refs.load(std::memory_order_acquire) == 1 && impl.storage->use_count() == 1;
}

/// Adds to a sum that may have been undefined.
void accumulate(Tensor& sum, Tensor cotangent, Loc loc) {
  if (!sum.defined())
    sum = std::move(cotangent);
  else if (!is_recording() && is_unshared(sum))
    sum.add_(cotangent, loc);
  else
    sum = add(sum, cotangent, loc);
}

} // namespace

void check_hook(const Tensor& gradient, const Tensor& replaced, Loc loc) {
  if (!same(replaced.shape(loc), gradient.shape(loc)) || replaced.dtype(loc) != gradient.dtype(loc))
    fail(loc, "backward: a hook gives ", runtime::name(replaced.dtype(loc)), " ", replaced.shape(loc),
         " for a gradient of ", runtime::name(gradient.dtype(loc)), " ", gradient.shape(loc));
  check_device("backward", "what a hook gives", replaced, gradient.device(loc), loc);
}

Tensor after_hooks(Tensor gradient, const std::vector<PlacedHook>& hooks, uint32_t output, Loc loc) {
  for (const PlacedHook& placed : hooks) {
    if (placed.output != output) continue;
    Tensor replaced = placed.hook(gradient);
    if (!replaced.defined()) continue;
    check_hook(gradient, replaced, loc);
    gradient = std::move(replaced);
  }
  return gradient;
}

bool Walker::Aim::has(const Edge& edge) const {
  if (edge.leaf.defined()) return leaves.contains(edge.leaf.tensor().impl());
  return edge.node && (made.contains(edge.node.get()) || runs.contains(edge.node.get()));
}

void Walker::aim_at(std::span<const Tensor> inputs, std::span<const Tensor> outputs) {
  aim_.emplace();
  for (const Tensor& input : inputs) {
    const Edge edge = edge_of(input);
    if (edge.node)
      aim_->made.insert(edge.node.get());
    else
      aim_->leaves.insert(input.impl());
  }
  std::vector<const Node*> reached;
  std::unordered_set<const Node*> known;
  const auto reach = [&](const Node* node) {
    if (node && known.insert(node).second) reached.push_back(node);
  };
  for (const Tensor& output : outputs) reach(edge_of(output).node.get());
  for (size_t i = 0; i < reached.size(); ++i)
    for (const Edge& edge : reached[i]->edges) reach(edge.node.get());
  std::ranges::sort(reached, {}, &Node::sequence); // edges lead to what was made before
  for (const Node* node : reached)
    if (std::ranges::any_of(node->edges, [&](const Edge& edge) { return aim_->has(edge); })) aim_->runs.insert(node);
}

void Walker::add(const Edge& edge, Tensor cotangent, Loc loc) {
  if (aim_ && !aim_->has(edge)) return;
  if (edge.leaf.defined()) {
    const Tensor& leaf = edge.leaf.tensor();
    const auto [known, is_new] = leaf_numbers_.try_emplace(leaf.impl(), leaves_.size());
    if (is_new) leaves_.push_back({leaf, {}});
    accumulate(leaves_[known->second].gradient, std::move(cotangent), loc);
  } else if (edge.node) {
    const auto [known, is_new] = pending_.try_emplace(edge.node.get());
    if (is_new) {
      known->second.resize(edge.node->outputs());
      order_.push(edge.node);
    }
    accumulate(known->second[edge.output], std::move(cotangent), loc);
  }
}

void Walker::run(bool retain_graph, Loc loc) {
  std::vector<Tensor> inputs;
  while (!order_.empty()) {
    const NodeRef node = order_.top();
    order_.pop();
    const auto found = pending_.find(node.get());
    std::vector<Tensor> outputs = std::move(found->second);
    pending_.erase(found);
    for (uint32_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i].defined()) continue;
      if (!node->hooks.empty()) outputs[i] = after_hooks(std::move(outputs[i]), node->hooks, i, node->loc());
      if (visit_) visit_(*node, i, outputs[i]);
    }
    if (aim_ && !aim_->runs.contains(node.get())) continue;
    inputs.assign(node->edges.size(), Tensor());
    node->run({outputs, inputs});
    outputs.clear(); // what nobody else holds can be added to in place
    if (!retain_graph) node->drop_saved();
    for (size_t i = 0; i < inputs.size(); ++i)
      if (inputs[i].defined()) add(node->edges[i], std::move(inputs[i]), node->loc());
  }
  for (Leaf& leaf : leaves_)
    leaf.gradient = after_hooks(std::move(leaf.gradient), leaf.tensor.impl()->autograd->hooks, 0, loc);
}

void accumulate_grad(const Tensor& leaf, Tensor gradient, Loc loc) {
  if (leaf.impl()->autograd->consumed)
    fail_with(ErrorCode::state,
              "backward: a compiled function has made the gradient that this adds to, used it and not given it out; "
              "hint: zero_grad() first, or compile(fn, {.keep_grads = true})",
              loc);
  Tensor& grad = leaf.impl()->autograd->grad;
  if (!grad.defined())
    grad = is_unshared(gradient) ? std::move(gradient) : clone(gradient, loc); // memory of its own
  else if (is_recording() || !grad.impl()->dense)
    grad = add(grad, gradient, loc);
  else
    grad.add_(gradient, loc);
}

} // namespace ogee::detail
