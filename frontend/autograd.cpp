// What tensors tell about gradients, and the two ways to compute them: into `.grad`, or as a list.
#include "frontend/autograd.h"

#include "frontend/backward.h"
#include "frontend/copy.h"
#include "frontend/creation.h"
#include "frontend/failure.h"
#include "frontend/operators.h"
#include "frontend/placement.h"
#include "frontend/tape.h"
#include "frontend/trace.h"
#include "runtime/runtime.h"

#include <algorithm>
#include <atomic>

namespace ogee {

using namespace detail;

namespace {

void check_floats(const Tensor& x, const char* op, Loc loc) {
  if (!x.is_floating_point(loc))
    fail(loc, op, ": only floats have gradients, not ", runtime::name(x.dtype(loc)), " ", x.shape(loc));
}

/// The cotangent that gradients start from.
Tensor seed_of(const Tensor& output, const Tensor& seed, const char* op, Loc loc) {
  if (!output.requires_grad(loc))
    fail_with(ErrorCode::state,
              runtime::concat(op, ": this tensor does not require a gradient, nor does anything that made it; hint: "
                                  "requires_grad_() on a leaf, outside of NoGradGuard"),
              loc);
  if (!seed.defined()) {
    if (!same(output.numel(loc), Dim(1)))
      fail(loc, op, ": needs one element, the shape is ", output.shape(loc), "; hint: sum(), or a seed");
    return ones_like(output, {}, loc);
  }
  if (!same(seed.shape(loc), output.shape(loc)) || seed.dtype(loc) != output.dtype(loc))
    fail(loc, op, ": the seed is ", runtime::name(seed.dtype(loc)), " ", seed.shape(loc), ", needs ",
         runtime::name(output.dtype(loc)), " ", output.shape(loc));
  check_device(op, "the seed", seed, output.device(loc), loc);
  if (!Trace::current()) checked_data(seed, op, loc);
  return seed;
}

uint64_t next_hook_id() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1);
}

/// Compiled functions have seen the hooks of what they hold.
void hooks_changed(const TensorImpl& impl) {
  if (impl.holds.load() > 0) runtime::Runtime::get().bump_epoch();
}

/// Where the hooks of a tensor stand. Error where no gradient flows through it.
std::vector<PlacedHook>& hooks_of(const Tensor& x, const char* op, Loc loc) {
  if (Trace::current())
    fail(loc, op, ": not while a function is traced; hint: hooks of tensors from outside, set before, run in it");
  checked_data(x, op, loc);
  if (!has_gradient(x)) fail(loc, op, ": this tensor does not require a gradient");
  Autograd& autograd = *x.impl()->autograd;
  return autograd.node ? autograd.node->hooks : autograd.hooks;
}

} // namespace

// ---- what a tensor knows
// ------------------------------------------------------------------------------------------------

Tensor Tensor::requires_grad_(bool requires_grad, Loc loc) const {
  if (Trace* trace = Trace::current()) {
    check_floats(*this, "requires_grad_", loc);
    if (!requires_grad) fail(loc, "requires_grad_: cannot be switched off in a trace; hint: detach()");
    trace->require_grad(*this, loc);
    return *this;
  }
  TensorImpl& impl = checked_data(*this, "requires_grad_", loc);
  if (requires_grad) check_floats(*this, "requires_grad_", loc);
  if (has_gradient(*this) && impl.autograd->node) {
    if (!requires_grad)
      fail(loc, "requires_grad_: an operation made this tensor, its gradient cannot be switched off; hint: detach()");
    return *this;
  }
  if (requires_grad || impl.autograd) autograd_of(impl).requires_grad = requires_grad;
  if (impl.holds.load() > 0) runtime::Runtime::get().bump_epoch(); // compiled functions have seen what it was
  return *this;
}

bool Tensor::requires_grad(Loc loc) const {
  checked(*this, "requires_grad", loc);
  if (Trace* trace = Trace::current()) return trace->requires_grad(*this, loc);
  return has_gradient(*this);
}

bool Tensor::is_leaf(Loc loc) const {
  checked(*this, "is_leaf", loc);
  if (Trace* trace = Trace::current()) return trace->is_leaf(*this, loc);
  return !has_gradient(*this) || !impl_->autograd->node;
}

GradFn Tensor::grad_fn(Loc loc) const {
  if (Trace::current() || is_leaf(loc)) return GradFn();
  const NodeRef node = impl_->autograd->node;
  return GradFn({node.get(), [node](Node*) {}});
}

std::string GradFn::name() const { return node_ ? backward_name(node_->name()) : ""; }

std::vector<GradFn> GradFn::next() const {
  std::vector<GradFn> next;
  if (!node_) return next;
  for (const Edge& edge : node_->edges)
    if (edge.node) next.push_back(GradFn({edge.node.get(), [node = edge.node](Node*) {}}));
  return next;
}

Tensor Tensor::grad(Loc loc) const {
  const TensorImpl& impl = checked(*this, "grad", loc);
  if (Trace* trace = Trace::current()) return trace->grad(*this, loc);
  if (!impl.autograd) return Tensor();
  if (impl.autograd->consumed)
    fail_with(ErrorCode::state,
              "grad: a compiled function has made this gradient, used it and not given it out; hint: "
              "compile(fn, {.keep_grads = true})",
              loc);
  return impl.autograd->retained ? *impl.autograd->retained : impl.autograd->grad;
}

void Tensor::set_grad(const Tensor& gradient, Loc loc) const {
  TensorImpl& impl = checked(*this, "set_grad", loc);
  check_floats(*this, "set_grad", loc);
  if (gradient.defined() && (!same(gradient.shape(loc), shape(loc)) || gradient.dtype(loc) != impl.dtype))
    fail(loc, "set_grad: the gradient is ", runtime::name(gradient.dtype(loc)), " ", gradient.shape(loc), ", needs ",
         runtime::name(impl.dtype), " ", shape(loc));
  if (gradient.defined()) check_device("set_grad", "the gradient", gradient, device(loc), loc);
  if (Trace* trace = Trace::current()) return trace->set_grad(*this, gradient, loc);
  checked_data(*this, "set_grad", loc);
  if (gradient.defined()) checked_data(gradient, "set_grad", loc);
  if (!gradient.defined() && !impl.autograd) return;
  if (impl.autograd && impl.autograd->retained) {
    *impl.autograd->retained = gradient;
    return;
  }
  autograd_of(impl).grad = gradient;
  impl.autograd->consumed = false;
}

void Tensor::retain_grad(Loc loc) const {
  if (Trace* trace = Trace::current()) return trace->retain_grad(*this, loc);
  if (is_leaf(loc)) {
    if (!has_gradient(*this)) fail(loc, "retain_grad: this tensor does not require a gradient");
    return;
  }
  Autograd& autograd = *impl_->autograd;
  if (autograd.retained) return;
  autograd.retained = std::make_shared<Tensor>();
  const auto keep = [slot = autograd.retained](const Tensor& gradient) {
    *slot = slot->defined() ? *slot + gradient : gradient;
    return Tensor();
  };
  autograd.node->hooks.push_back({autograd.output, next_hook_id(), keep});
}

Tensor Tensor::detach(Loc loc) const {
  if (Trace* trace = Trace::current()) return trace->detach(*this, loc);
  const TensorImpl& impl = checked_data(*this, "detach", loc);
  return make_view(impl, impl.offset, impl.sizes, impl.strides);
}

uint64_t Tensor::register_hook(std::function<Tensor(const Tensor&)> hook, Loc loc) const {
  std::vector<PlacedHook>& hooks = hooks_of(*this, "register_hook", loc);
  hooks.push_back({impl_->autograd->node ? impl_->autograd->output : 0, next_hook_id(), std::move(hook)});
  hooks_changed(*impl_);
  return hooks.back().id;
}

void Tensor::remove_hook(uint64_t id, Loc loc) const {
  std::erase_if(hooks_of(*this, "remove_hook", loc), [&](const PlacedHook& placed) { return placed.id == id; });
  hooks_changed(*impl_);
}

// ---- gradients
// ---------------------------------------------------------------------------------------------------------

void Tensor::backward(const Tensor& seed, std::optional<bool> retain_graph, bool create_graph, Loc loc) const {
  if (Trace* trace = Trace::current())
    return trace->backward(*this, seed_of(*this, seed, "backward", loc), retain_graph.value_or(create_graph),
                           create_graph, loc);
  checked_data(*this, "backward", loc);
  Walker walker;
  walker.add(edge_of(*this), seed_of(*this, seed, "backward", loc), loc);
  const RecordingScope scope(create_graph);
  walker.run(retain_graph.value_or(create_graph), loc);
  for (Walker::Leaf& leaf : walker.leaves()) accumulate_grad(leaf.tensor, std::move(leaf.gradient), loc);
}

namespace autograd {

/// The gradients of `inputs`, undefined where there is none, by a walk over the tape.
static std::vector<Tensor> walk(std::span<const Tensor> outputs, std::span<const Tensor> cotangents,
                                std::span<const Tensor> inputs, bool retain_graph, bool create_graph, Loc loc) {
  std::vector<Tensor> found(inputs.size());
  Walker walker([&](const Node& node, uint32_t output, const Tensor& gradient) {
    for (size_t i = 0; i < inputs.size(); ++i)
      if (const Autograd& autograd = *inputs[i].impl()->autograd;
          autograd.node.get() == &node && autograd.output == output)
        found[i] = gradient;
  });
  walker.aim_at(inputs, outputs);
  for (size_t i = 0; i < outputs.size(); ++i) walker.add(edge_of(outputs[i]), cotangents[i], loc);
  const RecordingScope scope(create_graph);
  walker.run(retain_graph, loc);
  for (const Walker::Leaf& leaf : walker.leaves())
    for (size_t i = 0; i < inputs.size(); ++i)
      if (inputs[i].is(leaf.tensor)) found[i] = leaf.gradient;
  return found;
}

std::vector<Tensor> grad(std::span<const Tensor> outputs, std::span<const Tensor> inputs, std::span<const Tensor> seeds,
                         const Options& options, Loc loc) {
  if (!seeds.empty() && seeds.size() != outputs.size())
    fail(loc, "grad: ", seeds.size(), " seeds for ", outputs.size(), " outputs");
  for (const Tensor& output : outputs) checked(output, "grad", loc);
  for (const Tensor& input : inputs)
    if (!input.requires_grad(loc))
      fail(loc, "grad: an input of shape ", input.shape(loc), " does not require a gradient");
  std::vector<Tensor> cotangents;
  for (size_t i = 0; i < outputs.size(); ++i)
    cotangents.push_back(seed_of(outputs[i], seeds.empty() ? Tensor() : seeds[i], "grad", loc));
  const bool retain_graph = options.retain_graph.value_or(options.create_graph);
  std::vector<Tensor> found;
  if (Trace* trace = Trace::current())
    found = trace->gradients(outputs, cotangents, inputs, retain_graph ? Tape::kept : Tape::dropped,
                             options.create_graph, loc);
  else
    found = walk(outputs, cotangents, inputs, retain_graph, options.create_graph, loc);
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!found[i].defined() && !options.allow_unused)
      fail(loc, "grad: no output depends on the input of shape ", inputs[i].shape(loc), "; hint: allow_unused");
  return found;
}

std::vector<Tensor> grad(std::initializer_list<Tensor> outputs, std::initializer_list<Tensor> inputs,
                         std::initializer_list<Tensor> seeds, const Options& options, Loc loc) {
  return grad(std::span(outputs.begin(), outputs.size()), std::span(inputs.begin(), inputs.size()),
              std::span(seeds.begin(), seeds.size()), options, loc);
}

} // namespace autograd
} // namespace ogee
