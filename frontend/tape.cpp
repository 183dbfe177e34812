// Nodes, edges and histories: how tensors and the operations that made them hang together.
#include "frontend/tape.h"

#include "frontend/copy.h"
#include "frontend/creation.h"
#include "frontend/failure.h"
#include "frontend/views.h"
#include "runtime/runtime.h"

#include <algorithm>
#include <mutex>
#include <numeric>

namespace ogee::detail {

// ---- recording, nodes
// --------------------------------------------------------------------------------------------------

namespace {
thread_local bool grad_enabled = true;
}

bool is_recording() noexcept { return grad_enabled && !Trace::current(); }

GradModeScope::GradModeScope(bool on) : before_(std::exchange(grad_enabled, on)) {}
GradModeScope::~GradModeScope() { grad_enabled = before_; }

} // namespace ogee::detail

namespace ogee {

bool is_grad_enabled() noexcept { return detail::grad_enabled; }

} // namespace ogee

namespace ogee::detail {

namespace {
std::atomic<uint64_t> next_sequence{1};
thread_local std::vector<const Node*>* disposing = nullptr;
} // namespace

Node::Node(const char* name, Loc loc, uint32_t outputs)
    : name_(name), loc_(loc), sequence_(next_sequence.fetch_add(1, std::memory_order_relaxed)), outputs_(outputs) {}

/// Nodes that a node was the last owner of, through its edges or the tensors it has saved, wait until it is gone.
void Node::dispose() const noexcept {
  if (disposing) return disposing->push_back(this);
  std::vector<const Node*> waiting{this};
  disposing = &waiting;
  while (!waiting.empty()) {
    const Node* node = waiting.back();
    waiting.pop_back();
    delete node;
  }
  disposing = nullptr;
}

std::string backward_name(const char* op) {
  std::string name;
  bool starts_word = true;
  for (const char* c = op; *c; ++c) {
    if (*c != '_') name += starts_word ? static_cast<char>(std::toupper(static_cast<unsigned char>(*c))) : *c;
    starts_word = *c == '_';
  }
  return name + "Backward";
}

// ---- histories
// ---------------------------------------------------------------------------------------------------------

void destroy(Autograd* autograd) noexcept {
  // A chain of views of views goes one by one.
  Tensor parent = autograd->origin ? std::move(autograd->origin->parent) : Tensor();
  delete autograd;
  while (parent.defined() && parent.impl()->refs.load(std::memory_order_acquire) == 1 && parent.impl()->autograd &&
         parent.impl()->autograd->origin)
    parent = Tensor(std::move(parent.impl()->autograd->origin->parent));
}

Autograd& autograd_of(TensorImpl& impl) {
  if (!impl.autograd) impl.autograd.reset(new Autograd);
  return *impl.autograd;
}

namespace {

/// The tensor that a view is part of; x itself where it is no view.
Tensor base_of(const Tensor& x) {
  return x.impl()->autograd && x.impl()->autograd->origin ? x.impl()->autograd->origin->base : x;
}

uint64_t history_of(const Tensor& base) { return base.impl()->autograd ? base.impl()->autograd->history.load() : 0; }

std::vector<ViewStep> steps_from_base(Tensor x) {
  std::vector<ViewStep> steps;
  while (x.impl()->autograd && x.impl()->autograd->origin) {
    steps.push_back(x.impl()->autograd->origin->step);
    x = Tensor(x.impl()->autograd->origin->parent);
  }
  std::ranges::reverse(steps);
  return steps;
}

Tensor apply_steps(Tensor x, const std::vector<ViewStep>& steps, Loc loc) {
  for (const ViewStep& step : steps) x = apply_step(x, step, loc);
  return x;
}

// ---- views
// -------------------------------------------------------------------------------------------------------------

const char* name_of(ViewStep::Kind kind) {
  switch (kind) {
  case ViewStep::Kind::reshape: return "reshape";
  case ViewStep::Kind::transpose: return "transpose";
  case ViewStep::Kind::broadcast: return "expand";
  case ViewStep::Kind::slice: return "slice";
  }
  return "view";
}

/// The axes of a broadcast's result that have no axis of the operand, or one of size 1 that grew.
std::vector<int64_t> repeated_axes(const ViewStep& step, const Shape& from) {
  std::vector<int64_t> repeated;
  for (int64_t axis = 0; axis < static_cast<int64_t>(step.shape.size()); ++axis) {
    const auto at = std::ranges::find(step.axes, axis);
    const bool kept = at != step.axes.end() &&
                      same(from[static_cast<size_t>(at - step.axes.begin())], step.shape[static_cast<size_t>(axis)]);
    if (!kept) repeated.push_back(axis);
  }
  return repeated;
}

/// The cotangent of a view's source.
Tensor pull_back(const Tensor& cotangent, const ViewStep& step, const Shape& from, DType dtype) {
  switch (step.kind) {
  case ViewStep::Kind::reshape: return reshape_to(cotangent, from, "reshape", step.loc);
  case ViewStep::Kind::transpose: {
    std::vector<int64_t> inverse(step.axes.size());
    for (size_t i = 0; i < inverse.size(); ++i) inverse[static_cast<size_t>(step.axes[i])] = static_cast<int64_t>(i);
    return view_transpose(cotangent, inverse, "transpose", step.loc);
  }
  case ViewStep::Kind::broadcast: {
    const std::vector<int64_t> axes = repeated_axes(step, from);
    const Tensor summed = axes.empty() ? cotangent : sum(cotangent, axes, false, step.loc);
    return reshape_to(summed, from, "expand", step.loc);
  }
  case ViewStep::Kind::slice: {
    const Tensor whole = zeros(from, {dtype, cotangent.device(step.loc)}, step.loc);
    view_slice(whole, step.offsets, step.shape, step.strides, "slice", step.loc).copy_(cotangent, step.loc);
    return whole;
  }
  }
  std::abort();
}

NodeRef view_node(const Tensor& parent, const ViewStep& step) {
  NodeRef node(
      new FunctionNode(name_of(step.kind), step.loc, 1,
                       [step, from = parent.shape(), dtype = parent.impl()->dtype](const Cotangents& cotangents) {
                         cotangents.inputs[0] = pull_back(cotangents.outputs[0], step, from, dtype);
                       }));
  node->edges.push_back(edge_of(parent));
  return node;
}

} // namespace

void record_view(const Tensor& parent, ViewStep step, const Tensor& view) {
  if (!runtime::is_floating(parent.impl()->dtype)) return;
  const bool recorded = is_recording();
  if (!recorded && !has_gradient(base_of(parent))) return; // as good as a tensor of its own, until something is written
  Autograd& autograd = autograd_of(*view.impl());
  if (recorded && has_gradient(parent)) autograd.node = view_node(parent, step);
  const Tensor base = base_of(parent);
  autograd.history = history_of(base);
  autograd.origin = std::make_unique<ViewOrigin>(ViewOrigin{base, parent, std::move(step), recorded});
}

void refresh(const Tensor& x, Autograd& autograd) {
  if (!autograd.origin->recorded || autograd.history == history_of(autograd.origin->base)) return;
  static std::recursive_mutex mutex; // threads may read the same view, and are then to find the same node
  const std::lock_guard lock(mutex);
  const uint64_t history = history_of(autograd.origin->base);
  if (autograd.history == history) return;
  const Tensor parent = autograd.origin->parent;
  autograd.node = has_gradient(parent) ? view_node(parent, autograd.origin->step) : NodeRef();
  autograd.output = 0;
  autograd.history = history; // last: who sees it sees the node
}

// ---- edges, writes
// -----------------------------------------------------------------------------------------------------

Edge edge_of(const Tensor& x) {
  if (!has_gradient(x)) return {};
  const Autograd& autograd = *x.impl()->autograd;
  return autograd.node ? Edge{autograd.node, autograd.output, {}} : Edge{{}, 0, HeldLeaf(x)};
}

void set_history(const Tensor& result, NodeRef node, uint32_t output) {
  Autograd& autograd = autograd_of(*result.impl());
  autograd.node = std::move(node);
  autograd.output = output;
  if (result.impl()->holds.load(std::memory_order_relaxed) > 0)
    runtime::Runtime::get().bump_epoch(); // compiled functions have seen what it was
}

void record_function(const char* name, std::span<const Tensor> inputs, const Tensor& result,
                     FunctionNode::Function function, Loc loc) {
  NodeRef node(new FunctionNode(name, loc, 1, std::move(function)));
  for (const Tensor& input : inputs) node->edges.push_back(edge_of(input));
  set_history(result, std::move(node), 0);
}

void fail_leaf_in_place(const char* op, Loc loc) {
  fail_with(ErrorCode::state,
            runtime::concat(op,
                            ": a leaf that requires a gradient, or a view of one, cannot be changed in place; hint: "
                            "NoGradGuard, or detach()"),
            loc);
}

void check_in_place(const Tensor& target, const char* op, Loc loc) {
  if (!is_recording()) return;
  const Tensor base = base_of(target);
  const Autograd* autograd = base.impl()->autograd.get();
  if (autograd && autograd->requires_grad && !autograd->node) fail_leaf_in_place(op, loc);
}

void record_write(const Tensor& target, const Tensor& value, const char* op, Loc loc) {
  if (!is_recording()) return;
  const bool flows = value.defined() && has_gradient(value);
  if (!flows && !has_gradient(target)) return;
  const Tensor base = base_of(target);
  if (base.is(target)) {
    Edge edge = flows ? edge_of(value) : Edge();
    if (edge.leaf.defined()) {
      const auto pass = [](const Cotangents& cotangents) { cotangents.inputs[0] = cotangents.outputs[0]; };
      NodeRef copy(new FunctionNode("copy", loc, 1, pass));
      copy->edges.push_back(std::move(edge));
      edge = {std::move(copy), 0, {}};
    }
    set_history(target, std::move(edge.node), edge.output);
  } else {
    const auto split = [steps = steps_from_base(target), loc](const Cotangents& cotangents) {
      const Tensor& cotangent = cotangents.outputs[0];
      const Tensor rest = clone(cotangent, loc);
      apply_steps(rest, steps, loc).zero_(loc);
      cotangents.inputs[0] = rest;
      cotangents.inputs[1] = apply_steps(cotangent, steps, loc);
    };
    NodeRef node(new FunctionNode(op, loc, 1, split));
    node->edges.push_back(edge_of(base));
    node->edges.push_back(flows ? edge_of(value) : Edge());
    set_history(base, std::move(node), 0);
  }
  ++base.impl()->autograd->history;
}

} // namespace ogee::detail
