// Gradients within a trace: the same rules as outside of it, kept in a table until the trace ends. `backward()` runs
// the autodiff pass on what has been recorded so far.
#include "frontend/autograd.h"
#include "frontend/backward.h"
#include "frontend/creation.h"
#include "frontend/failure.h"
#include "frontend/operators.h"
#include "frontend/tape.h"
#include "frontend/trace.h"

#include <algorithm>

namespace ogee {

using detail::OpCall;
using detail::Place;
using detail::ValueId;

// ---- values
// ------------------------------------------------------------------------------------------------------------

static bool any_of(const std::unordered_set<ValueId>& set, std::span<const ValueId> values) {
  return std::ranges::any_of(values, [&](ValueId value) { return set.contains(value); });
}

/// Notes whether gradients flow through a value that depends on one of those that they flow through.
void Trace::set_flow(ValueId value, bool stopped) {
  if (!stopped) {
    differentiable_.insert(value);
    return;
  }
  detours_[value] = std::nullopt;
  if (regions_.empty())
    stopped_.push_back(value);
  else
    builder_.stop_gradient(value); // regions are differentiated as they stand
}

void Trace::follow(ValueId source, ValueId value) {
  if (differentiable_.contains(source)) differentiable_.insert(value);
  if (watched_.contains(source)) watched_.insert(value);
}

void Trace::watch(const Tensor& x, Loc loc) { watched_.insert(read(x, "grad", loc)); }

ValueId Trace::add(const OpCall& call, bool stopped) {
  const ValueId value = builder_.add(call);
  note_device(value, device_for(call));
  if (!runtime::is_floating(call.dtype)) return value;
  const bool depends = any_of(differentiable_, call.operands), watched = any_of(watched_, call.operands);
  if (watched && !stopped) watched_.insert(value);
  if (depends || (watched && stopped))
    set_flow(value, stopped);
  else if (stopped)
    detours_[value] = std::nullopt;
  return value;
}

ValueId Trace::add(const OpCall& call) { return add(call, !is_grad_enabled()); }

ValueId Trace::copy(ValueId value, DType dtype, const Shape& shape, Loc loc, bool stopped) {
  return add({"reshape", {value}, dtype, shape, {}, {{"staticSizes", shape}}, loc}, stopped);
}

void Trace::set_origin(uint32_t base, const Tensor& outer) {
  if (!detail::has_gradient(outer)) return;
  bases_[base].origin = outer.impl()->autograd->node ? Base::Origin::outside : Base::Origin::leaf;
  differentiable_.insert(bases_[base].value);
}

namespace detail {

/// What tells one list of hooks from another.
static uint64_t hooks_of(const Tensor& x) {
  uint64_t hash = 0;
  if (x.impl()->autograd)
    for (const PlacedHook& placed : x.impl()->autograd->hooks) hash = hash * 31 + placed.id;
  return hash;
}

Capture::Capture(Tensor captured, Loc first_use)
    : tensor(std::move(captured)), first_use(first_use), requires_grad(has_gradient(tensor)),
      is_leaf(!requires_grad || !tensor.impl()->autograd->node), hooks(hooks_of(tensor)) {}

bool Capture::is_unchanged() const {
  const bool now = has_gradient(tensor);
  return now == requires_grad && is_leaf == (!now || !tensor.impl()->autograd->node) && hooks == hooks_of(tensor);
}

} // namespace detail

bool Trace::requires_grad(const Tensor& x, Loc loc) { return differentiable_.contains(read(x, "requires_grad", loc)); }

bool Trace::is_leaf(const Tensor& x, Loc loc) {
  const uint32_t view = stand_in(x, "is_leaf", loc).impl()->symbolic->view;
  const Base& base = bases_[views_[view].base];
  return !requires_grad(x, loc) || (!views_[view].parent && base.origin == Base::Origin::leaf);
}

void Trace::require_grad(const Tensor& x, Loc loc) {
  if (requires_grad(x, loc)) return;
  const uint32_t view = stand_in(x, "requires_grad_", loc).impl()->symbolic->view;
  if (views_[view].detached) rebase(view);
  Base& base = bases_[views_[view].base];
  if (base.place.kind != Place::Kind::none)
    detail::fail(loc, "requires_grad_: a compiled function cannot change a tensor from outside; hint: call it before");
  if (views_[view].parent) detail::fail(loc, "requires_grad_: a view is no leaf of a trace; hint: clone() it first");
  base.value = base.first = copy(base.value, base.dtype, views_[view].shape, loc, false);
  base.origin = Base::Origin::leaf;
  differentiable_.insert(base.value);
}

Tensor Trace::detach(const Tensor& x, Loc loc) {
  const Shape shape = x.shape(loc);
  detail::ViewStep step{detail::ViewStep::Kind::reshape};
  step.shape = shape;
  step.loc = loc;
  const Tensor view = this->view(x, "detach", std::move(step), stand_in(x, "detach", loc).impl()->symbolic->strides);
  views_.back().stopped = views_.back().detached = true;
  return view;
}

bool Trace::is_detached(uint32_t view) const {
  for (; views_[view].parent; view = *views_[view].parent)
    if (views_[view].detached) return true;
  return false;
}

bool Trace::is_stopped(uint32_t view) const {
  for (; views_[view].parent; view = *views_[view].parent)
    if (views_[view].stopped) return true;
  return false;
}

void Trace::rebase(uint32_t view) {
  const DType dtype = bases_[views_[view].base].dtype;
  const ValueId value = read(view);
  const size_t level = regions_.size();
  bases_.push_back({value, 0, {}, dtype, bases_[views_[view].base].device, current_region(), level, level});
  const auto base = static_cast<uint32_t>(bases_.size() - 1);
  views_[view].parent.reset();
  views_[view].detached = false;
  std::vector<bool> moved(views_.size());
  moved[view] = true;
  for (uint32_t child = view; child < views_.size(); ++child) { // views come after what they are views of
    moved[child] = moved[child] || (views_[child].parent && moved[*views_[child].parent]);
    if (!moved[child]) continue;
    views_[child].base = base;
    views_[child].value.reset();
  }
}

void Trace::retain_grad(const Tensor& x, Loc loc) {
  if (!requires_grad(x, loc)) detail::fail(loc, "retain_grad: this tensor does not require a gradient");
  if (!is_leaf(x, loc)) retained_.push_back({x.impl()->symbolic->view, read(x, "retain_grad", loc), x.dtype(loc), {}});
}

bool Trace::set_checkpoint(bool on) {
  builder_.set_checkpoint(on);
  return std::exchange(checkpoint_, on);
}

// ---- gradients
// ---------------------------------------------------------------------------------------------------------

std::vector<Tensor> Trace::gradients(std::span<const Tensor> outputs, std::span<const Tensor> cotangents,
                                     std::span<const Tensor> inputs, detail::Tape tape, bool recorded, Loc loc) {
  const auto values_of = [&](std::span<const Tensor> tensors) {
    std::vector<ValueId> values;
    for (const Tensor& tensor : tensors) values.push_back(read(tensor, "gradient", loc));
    return values;
  };
  std::vector<ValueId> sources; // what inputs were before the function changed them in place
  for (const Tensor& input : inputs) {
    const uint32_t view = stand_in(input, "gradient", loc).impl()->symbolic->view;
    const Base& base = bases_[views_[view].base];
    const bool is_own = !views_[view].parent && base.level == regions_.size() && base.depth == base.level;
    sources.push_back(is_own ? base.first : read(view));
  }
  const auto found = builder_.differentiate(values_of(outputs), values_of(cotangents), sources, detours_, tape, loc);
  std::vector<Tensor> gradients(inputs.size());
  std::vector<ValueId> all = values_of(inputs);
  for (const std::span<const Tensor> more : {outputs, cotangents})
    for (ValueId value : values_of(more)) all.push_back(value);
  const bool depends = is_grad_enabled() && any_of(differentiable_, all);
  const bool watched = is_grad_enabled() && any_of(watched_, all);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!found[i]) continue;
    const DType dtype = inputs[i].dtype(loc);
    const Shape shape = inputs[i].shape(loc);
    if (depends) differentiable_.insert(*found[i]);
    if (watched) watched_.insert(*found[i]);
    gradients[i] = make_base(recorded ? *found[i] : copy(*found[i], dtype, shape, loc, true), {}, dtype, shape,
                             inputs[i].device(loc), loc);
    if (tape == detail::Tape::apart) continue;
    const uint32_t view = stand_in(inputs[i], "gradient", loc).impl()->symbolic->view;
    if (!views_[view].parent) gradients[i] = hooked(views_[view].base, gradients[i], loc);
  }
  return gradients;
}

void Trace::backward(const Tensor& output, const Tensor& seed, bool retain_graph, bool create_graph, Loc loc) {
  if (!regions_.empty())
    detail::fail(loc, "backward: not within a branch or the body of a loop; hint: call it outside, or use grad(f)");
  std::vector<uint32_t> origins;
  std::vector<ValueId> values;
  std::vector<Shape> shapes;
  for (uint32_t view = 0; view < views_.size(); ++view) {
    const Base& base = bases_[views_[view].base];
    if (views_[view].parent || base.origin == Base::Origin::none) continue;
    origins.push_back(views_[view].base);
    values.push_back(base.first);
    shapes.push_back(views_[view].shape);
  }
  for (const Retained& retained : retained_) values.push_back(retained.value);
  const ValueId from = read(output, "backward", loc), cotangent = read(seed, "backward", loc);
  const auto found = builder_.differentiate({&from, 1}, {&cotangent, 1}, values, detours_,
                                            retain_graph ? detail::Tape::kept : detail::Tape::dropped, loc);
  const detail::RecordingScope scope(create_graph);
  const auto gradient_of = [&](size_t i, DType dtype, const Shape& shape, uint32_t base) {
    return make_base(copy(*found[i], dtype, shape, loc, !create_graph), {}, dtype, shape, bases_[base].device, loc);
  };
  for (size_t i = 0; i < values.size(); ++i) {
    if (!found[i]) continue;
    if (create_graph) differentiable_.insert(*found[i]);
    if (create_graph && watched_.contains(from)) watched_.insert(*found[i]);
    if (i < origins.size()) {
      accumulate(origins[i], gradient_of(i, bases_[origins[i]].dtype, shapes[i], origins[i]), loc);
    } else {
      Retained& retained = retained_[i - origins.size()];
      const View& view = views_[retained.view];
      const Tensor gradient = gradient_of(i, retained.dtype, Shape(view.shape), view.base);
      retained.grad = retained.grad.defined() ? retained.grad + gradient : gradient;
    }
  }
}

/// The entry of a leaf. Within the trace nothing is known of what a tensor from outside has collected before.
Trace::LeafGrad& Trace::leaf_grad(uint32_t base) {
  const auto [entry, is_new] = grads_.try_emplace(base);
  if (is_new) entry->second.cleared = bases_[base].place.kind == Place::Kind::none;
  return entry->second;
}

/// After the hooks of a captured leaf. Those of arguments run after the call, on what goes into their `.grad`.
Tensor Trace::hooked(uint32_t base, const Tensor& gradient, Loc loc) const {
  const Place place = bases_[base].place;
  if (bases_[base].origin != Base::Origin::leaf || place.kind != Place::Kind::capture) return gradient;
  return detail::after_hooks(gradient, captures_[place.index].tensor.impl()->autograd->hooks, 0, loc);
}

void Trace::accumulate(uint32_t base, const Tensor& gradient, Loc loc) {
  if (bases_[base].origin == Base::Origin::outside)
    detail::fail(loc, "backward: the gradient flows to a tensor from outside of the compiled function that is no leaf; "
                      "hint: detach() it, or compute it inside");
  const Tensor total = hooked(base, gradient, loc);
  LeafGrad& entry = leaf_grad(base);
  entry.read &= entry.grad.defined();
  entry.grad = entry.grad.defined() ? entry.grad + total : total;
}

Tensor Trace::grad(const Tensor& x, Loc loc) {
  const uint32_t view = stand_in(x, "grad", loc).impl()->symbolic->view, base = views_[view].base;
  for (const Retained& retained : retained_)
    if (retained.view == view) return retained.grad;
  if (views_[view].parent || bases_[base].origin != Base::Origin::leaf) return Tensor();
  LeafGrad& entry = leaf_grad(base);
  if (!entry.cleared) {
    const Place place = bases_[base].place;
    const bool is_there = place.kind == Place::Kind::argument
                              ? outer_grads_[place.index]
                              : captures_[place.index].tensor.impl()->autograd->grad.defined();
    if (is_there)
      detail::fail_with(detail::ErrorCode::state,
                        "grad: a compiled function cannot read a gradient that was collected before its call; hint: "
                        "zero_grad() first, or pass the gradient as an argument",
                        loc);
    entry.cleared = entry.expects_none = true;
  }
  entry.read |= entry.grad.defined();
  return entry.grad;
}

void Trace::set_grad(const Tensor& x, const Tensor& gradient, Loc loc) {
  const uint32_t view = stand_in(x, "set_grad", loc).impl()->symbolic->view, base = views_[view].base;
  if (views_[view].parent || bases_[base].origin != Base::Origin::leaf) {
    if (gradient.defined()) detail::fail(loc, "set_grad: this tensor is no leaf that requires a gradient");
    return;
  }
  LeafGrad& entry = leaf_grad(base);
  entry.cleared = true;
  entry.read = false;
  entry.grad = gradient.defined() ? stand_in(gradient, "set_grad", loc) : Tensor();
}

/// For calls on the tape: what gradients flow into, and in the graph, where they do not flow.
void Trace::say_gradients(detail::Recording& recording, std::span<const ValueId> results) {
  if (std::ranges::none_of(results, [&](ValueId result) { return differentiable_.contains(result); })) return;
  for (const Base& base : bases_) {
    if (base.origin == Base::Origin::none || base.place.kind == Place::Kind::none) continue;
    const bool captured = base.place.kind == Place::Kind::capture;
    const size_t number = base.place.index + (captured ? arguments_ + (random_ ? 2 : 0) : 0);
    recording.wrt.push_back(static_cast<unsigned>(number));
  }
  std::ranges::sort(recording.wrt);
  if (recording.wrt.empty()) return;
  for (ValueId value : stopped_) builder_.stop_gradient(value);
  const auto flows = [&](const auto& detour) { return detour.second && differentiable_.contains(*detour.second); };
  if (std::ranges::any_of(detours_, flows))
    recording.no_gradient = "the compiled function changes a tensor with a gradient in place where nothing is recorded "
                            "(NoGradGuard); hint: detach() a copy of it";
}

std::vector<detail::FinalGrad> Trace::final_grads(std::vector<ValueId>& values, bool keep) {
  std::vector<detail::FinalGrad> grads;
  for (const auto& [base, entry] : grads_) {
    if (bases_[base].place.kind == Place::Kind::none) continue;
    detail::FinalGrad grad{bases_[base].place, {}, entry.cleared, entry.expects_none, entry.read && !keep};
    if (entry.grad.defined() && !grad.consumed) {
      grad.graph_result = values.size();
      values.push_back(read(entry.grad.impl()->symbolic->view));
    }
    grads.push_back(grad);
  }
  return grads;
}

} // namespace ogee
