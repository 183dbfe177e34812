// Recording: which value a tensor has now, what a write changes, what comes from outside, what the function returns.
#include "frontend/trace.h"

#include "frontend/autograd.h"
#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/placement.h"
#include "frontend/tape.h"

#include <algorithm>
#include <cstring>

namespace ogee {

using detail::OpCall;
using detail::Place;
using detail::ValueId;
using detail::ViewStep;

thread_local Trace* Trace::current_ = nullptr;

Trace::Recorder::Recorder(std::shared_ptr<Trace> trace) : trace_(std::move(trace)), outer_(current_) {
  current_ = trace_.get();
}

Trace::Recorder::~Recorder() {
  current_ = outer_;
  trace_->end();
}

void Trace::end() {
  finished_ = true;
  capture_stand_ins_.clear(); // they and the trace hold each other
  random_.reset();
  grads_.clear();
  retained_.clear();
}

// ---- tensors of the trace
// --------------------------------------------------------------------------------------------

Tensor Trace::make_tensor(uint32_t view, DType dtype, Shape strides, Loc loc) {
  auto* impl = new detail::TensorImpl;
  impl->dtype = dtype;
  impl->symbolic = std::make_unique<detail::Symbolic>(detail::Symbolic{
      views_[view].shape, bases_[views_[view].base].device, std::move(strides), shared_from_this(), view, loc});
  ++views_[view].tensors;
  views_[view].loc = loc;
  return Tensor(impl);
}

void Trace::settle(const char* op, const std::string& what, Device device, size_t rank, Loc loc) {
  if (use_ == Use::kernel || (rank == 0 && device.is_cpu())) return;
  if (!settled_) {
    device_ = device;
    settled_ = {what, loc};
  } else if (device != device_) {
    detail::fail(loc, op, ": ", what, " is on ", device, ", but the traced function runs on ", device_, ", where ",
                 settled_->what, detail::where(settled_->loc), " is; hint: make it there, or move it before: to(\"",
                 device_, "\")");
  }
}

Device Trace::device_for(const OpCall& call) const {
  if (use_ == Use::kernel) return device_;
  if (call.device) return *call.device;
  const auto there = [&](ValueId operand) { return on_device_.contains(operand); };
  return !on_device_.empty() && std::ranges::any_of(call.operands, there) ? device_ : Device();
}

Tensor Trace::make_base(ValueId value, Place place, DType dtype, const Shape& shape, Device device, Loc loc,
                        bool outermost) {
  if (use_ == Use::kernel) device = device_;
  settle("compile", "a value", device, shape.size(), loc);
  note_device(value, device);
  const size_t level = outermost || place.kind != Place::Kind::none ? 0 : regions_.size();
  bases_.push_back({value, 0, place, dtype, device, level == 0 ? 0 : current_region(), level, level});
  views_.push_back({static_cast<uint32_t>(bases_.size() - 1), {}, {}, shape, {}});
  return make_tensor(static_cast<uint32_t>(views_.size() - 1), dtype, runtime::row_major_strides(shape), loc);
}

Tensor Trace::argument(const detail::GraphArgument& given, Loc loc, const Tensor& outer) {
  detail::GraphArgument argument = given;
  if (use_ != Use::kernel) argument.host = argument.shape.empty() && argument.device.is_cpu();
  if (use_ != Use::kernel) detail::check_computes(argument.dtype, "compile", argument.name.c_str(), loc);
  settle("compile", argument.name, argument.device, argument.shape.size(), loc);
  const ValueId value = builder_.argument(argument, loc);
  const Place place{Place::Kind::argument, arguments_++};
  names_.insert(argument.name);
  argument_devices_.push_back(argument.device);
  Tensor tensor = make_base(value, place, argument.dtype, argument.shape, argument.device, loc);
  outer_grads_.push_back(outer.defined() && outer.impl()->autograd && outer.impl()->autograd->grad.defined());
  if (outer.defined()) set_origin(static_cast<uint32_t>(bases_.size() - 1), outer);
  tensor.impl()->name = argument.name;
  detail::Symbolic& symbolic = *tensor.impl()->symbolic;
  for (size_t axis = 0; axis < argument.strides.size(); ++axis)
    symbolic.strides[axis] = argument.strides[axis] >= 0
                                 ? Dim(argument.strides[axis])
                                 : Dim::symbol(runtime::concat(argument.name, ".stride", axis), 0);
  return tensor;
}

Dim Trace::index_argument(const std::string& name, Loc loc) { return builder_.index_argument(name, loc); }

std::string Trace::capture_name(const Tensor& x) {
  std::string name;
  if (!x.impl()->name.empty()) {
    name = x.impl()->name;
    for (size_t again = 1; names_.contains(name); ++again) name = runtime::concat(x.impl()->name, "_", again);
  } else {
    do name = runtime::concat("capture", unnamed_captures_++);
    while (names_.contains(name));
  }
  names_.insert(name);
  return name;
}

Tensor Trace::capture(const Tensor& x, const char* op, Loc loc) {
  if (const auto known = capture_index_.find(x.impl()); known != capture_index_.end())
    return capture_stand_ins_[known->second];
  const detail::TensorImpl& impl = *x.impl();
  detail::check_computes(impl.dtype, op, impl.name.empty() ? "a captured tensor" : impl.name.c_str(), loc);
  settle(op, impl.name.empty() ? "a captured tensor" : impl.name, impl.device(), impl.rank(), loc);
  capture_index_.emplace(x.impl(), captures_.size());
  detail::GraphArgument argument{capture_name(x), impl.dtype, Shape(std::span<const int64_t>(impl.sizes)), {}};
  if (!impl.dense) argument.strides = detail::stride_classes(impl);
  argument.state = impl.optimizer_state ? "optimizer" : "captured";
  argument.device = impl.device();
  argument.host = detail::goes_anywhere(impl);
  const ValueId value = builder_.argument(argument, loc);
  Tensor tensor =
      make_base(value, {Place::Kind::capture, captures_.size()}, impl.dtype, argument.shape, argument.device, loc);
  captures_.emplace_back(x, loc);
  set_origin(static_cast<uint32_t>(bases_.size() - 1), x);
  capture_stand_ins_.push_back(tensor);
  return tensor;
}

std::optional<Loc> Trace::first_use(const Tensor& x) const {
  const auto known = capture_index_.find(x.impl());
  return known == capture_index_.end() ? std::nullopt : std::optional(captures_[known->second].first_use);
}

Tensor Trace::stand_in(const Tensor& x, const char* op, Loc loc) {
  const detail::TensorImpl& impl = detail::checked(x, op, loc);
  if (!impl.symbolic) return capture(x, op, loc);
  if (impl.symbolic->trace.get() != this) detail::fail_foreign(x, op, loc);
  const Base& base = bases_[views_[impl.symbolic->view].base];
  if (base.level > 0 && (base.level > regions_.size() || regions_[base.level - 1].id != base.region))
    detail::fail(loc, op, ": a tensor made", detail::where(impl.symbolic->loc),
                 " in a branch or the body of a loop is used after that has ended; hint: return it from there");
  return x;
}

ValueId Trace::read(const Tensor& x, const char* op, Loc loc) {
  return read(stand_in(x, op, loc).impl()->symbolic->view);
}

Tensor Trace::record(OpCall call) {
  const ValueId value = add(call);
  return make_base(value, {}, call.dtype, call.shape, device_for(call), call.loc);
}

Tensor Trace::view(const Tensor& x, const char* op, ViewStep step, const Shape& strides) {
  const Tensor source = stand_in(x, op, step.loc);
  uint32_t parent = source.impl()->symbolic->view;
  const Loc loc = step.loc;
  if (std::optional<ViewStep> slice = slice_before_broadcast(parent, step)) {
    parent = add_view(*views_[parent].parent, *std::move(slice));
    step = {ViewStep::Kind::broadcast, step.shape, views_[source.impl()->symbolic->view].step.axes, {}, {}, loc};
  }
  return make_tensor(add_view(parent, std::move(step)), source.impl()->dtype, strides, loc);
}

uint32_t Trace::add_view(uint32_t parent, ViewStep step) {
  const Shape shape = step.shape;
  views_.push_back({views_[parent].base, parent, std::move(step), shape, {}});
  views_.back().stopped = !is_grad_enabled();
  return static_cast<uint32_t>(views_.size() - 1);
}

/// A slice of what a view repeats: the slice of what is repeated, with which the view is made again. Where one entry of
/// each repeated axis is left it can be written.
std::optional<ViewStep> Trace::slice_before_broadcast(uint32_t view, const ViewStep& slice) const {
  if (slice.kind != ViewStep::Kind::slice || views_[view].step.kind != ViewStep::Kind::broadcast ||
      !views_[view].parent || views_[view].detached || views_[view].stopped)
    return std::nullopt;
  const Shape& from = views_[*views_[view].parent].shape;
  const std::vector<int64_t>& axes = views_[view].step.axes;
  const size_t rank = from.size();
  ViewStep before{ViewStep::Kind::slice, Shape(rank, 1), {}, Shape(rank, 0), Shape(rank, 1), slice.loc};
  for (size_t axis = 0; axis < slice.shape.size(); ++axis) {
    const auto i = static_cast<size_t>(std::ranges::find(axes, static_cast<int64_t>(axis)) - axes.begin());
    if (i < rank && same(from[i], views_[view].shape[axis])) {
      before.shape[i] = slice.shape[axis];
      before.offsets[i] = slice.offsets[axis];
      before.strides[i] = slice.strides[axis];
    }
  }
  return before;
}

void Trace::write(const Tensor& x, const Tensor& value, const char* op, Loc loc) {
  const ValueId id = read(value, op, loc);
  write(stand_in(x, op, loc).impl()->symbolic->view, id, op, loc);
}

// ---- views: re-derived when read after a write to their memory
// ---------------------------------------------------------

ValueId Trace::read(uint32_t view) {
  if (!views_[view].parent) return localize(views_[view].base);
  const Base& base = bases_[views_[view].base];
  if (views_[view].value && views_[view].version == base.version && views_[view].region == current_region())
    return *views_[view].value;
  const ValueId parent = read(*views_[view].parent);
  const ValueId value = apply(views_[view].step, parent, base.dtype, views_[view].stopped);
  if (views_[view].detached) builder_.stop_gradient(value);
  views_[view].value = value;
  views_[view].version = base.version;
  views_[view].region = current_region();
  return value;
}

void Trace::write(uint32_t view, ValueId value, const char* op, Loc loc) {
  if (!views_[view].parent) {
    const Base& base = bases_[views_[view].base];
    if (is_grad_enabled() && base.origin == Base::Origin::leaf) detail::fail_leaf_in_place(op, loc);
    if (is_grad_enabled()) bases_[views_[view].base].recorded_write = true;
    if (!is_grad_enabled() && base.level < regions_.size() && flows(base.value))
      detail::fail(loc, op,
                   ": a tensor from outside of a branch or loop, through which a gradient flows, cannot be "
                   "changed there under NoGradGuard; hint: change it outside");
    if (!is_grad_enabled() && regions_.empty() && runtime::is_floating(base.dtype)) {
      // What is not recorded changes elements alone: gradients flow on to what was there before.
      const ValueId before = base.value;
      value = copy(value, base.dtype, views_[view].shape, loc, /*stopped=*/true);
      detours_[value] = before;
      follow(before, value);
    }
    return set_value(views_[view].base, value);
  }
  const uint32_t parent = *views_[view].parent;
  if (views_[view].detached) {
    if (is_grad_enabled() && flows(value))
      detail::fail(loc, op,
                   ": in a compiled function a value with a gradient cannot be written to what detach() gave; hint: "
                   "clone() that first");
    const detail::RecordingScope scope(false);
    return write(parent, copy(value, bases_[views_[view].base].dtype, views_[view].shape, loc, true), op, loc);
  }
  write(parent, insert(views_[view], read(parent), value, op, loc), op, loc);
  if (!is_grad_enabled() || is_stopped(view)) return; // it is derived again
  views_[view].value = value;
  views_[view].version = bases_[views_[view].base].version;
  views_[view].region = current_region();
}

ValueId Trace::apply(const ViewStep& step, ValueId operand, DType dtype, bool stopped) {
  OpCall call{"reshape", {operand}, dtype, step.shape, {}, {{"staticSizes", step.shape}}, step.loc};
  switch (step.kind) {
  case ViewStep::Kind::reshape: break;
  case ViewStep::Kind::transpose:
    call.name = "transpose";
    call.mixed.clear();
    call.attributes = {{"perm", step.axes}};
    break;
  case ViewStep::Kind::broadcast:
    call.name = "broadcast";
    call.attributes = {{"dims", step.axes}};
    break;
  case ViewStep::Kind::slice:
    call.name = "slice";
    call.mixed = {{"staticOffsets", step.offsets}, {"staticSizes", step.shape}, {"staticStrides", step.strides}};
    break;
  }
  return add(call, stopped);
}

ValueId Trace::constant_bool(bool value, Loc loc) {
  return add(
      {"constant", {}, DType::boolean, {}, {{"value", detail::ConstantData{{std::byte(value)}, true}}}, {}, loc});
}

/// The parent's value after its part that `view` shows has become `value`.
ValueId Trace::insert(const View& view, ValueId parent, ValueId value, const char* op, Loc loc) {
  const DType dtype = bases_[view.base].dtype;
  const Shape shape = views_[*view.parent].shape;
  switch (view.step.kind) {
  case ViewStep::Kind::broadcast:
    if (same(view.shape.numel(), Dim(0))) return parent;
    if (!same(view.shape.numel(), shape.numel())) detail::fail_overlap(op, loc);
    [[fallthrough]]; // new axes of size 1
  case ViewStep::Kind::reshape: return add({"reshape", {value}, dtype, shape, {}, {{"staticSizes", shape}}, loc});
  case ViewStep::Kind::transpose: {
    std::vector<int64_t> inverse(view.step.axes.size());
    for (size_t i = 0; i < inverse.size(); ++i) inverse[view.step.axes[i]] = static_cast<int64_t>(i);
    return add({"transpose", {value}, dtype, shape, {{"perm", inverse}}, {}, loc});
  }
  case ViewStep::Kind::slice: break;
  }
  // Outside of the slice the old elements stay: the new ones and a mask are padded to the parent's shape.
  const Shape& offsets = view.step.offsets;
  std::vector<int64_t> interior;
  Shape high;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    interior.push_back(static_cast<int64_t>(view.step.strides[axis]) - 1);
    const Dim covered = offsets[axis] + (view.shape[axis] - 1) * view.step.strides[axis] + 1;
    high.push_back(same(view.shape[axis], Dim(0)) ? shape[axis] - offsets[axis] : shape[axis] - covered);
  }
  auto padded = [&](ValueId inner, ValueId outside, DType type) {
    return add({"pad",
                {inner, outside},
                type,
                shape,
                {{"interior", interior}},
                {{"staticLow", offsets}, {"staticHigh", high}},
                loc});
  };
  const ValueId yes = add({"broadcast",
                           {constant_bool(true, loc)},
                           DType::boolean,
                           view.shape,
                           {{"dims", std::vector<int64_t>{}}},
                           {{"staticSizes", view.shape}},
                           loc});
  const ValueId mask = padded(yes, constant_bool(false, loc), DType::boolean);
  const std::vector<std::byte> zero(runtime::item_size(dtype));
  const ValueId nothing = add({"constant", {}, dtype, {}, {{"value", detail::ConstantData{zero, true}}}, {}, loc});
  return add({"select", {mask, padded(value, nothing, dtype), parent}, dtype, shape, {}, {}, loc});
}

// ---- random numbers, guards, names
// -------------------------------------------------------------------------------------

std::pair<Tensor, Tensor> Trace::draw(Loc loc) {
  if (!random_) {
    auto argument = [&](const char* name, size_t position) {
      const ValueId value = builder_.argument({name, DType::i64, {}, {}, "random", {}, /*host=*/true}, loc, position);
      return make_base(value, {}, DType::i64, {}, Device(), loc, /*outermost=*/true);
    };
    Tensor key = argument("random_key", arguments_);
    random_ = {key, argument("random_draw", arguments_ + 1)};
  }
  ++draws_;
  if (draws_ == 1) return *random_;
  const ValueId number = with_draws(read(random_->second, "draw", loc), loc);
  return {random_->first, make_base(number, {}, DType::i64, {}, Device(), loc)};
}

void Trace::guard(std::shared_ptr<detail::StateCell> cell, uint64_t bits) {
  const bool known = std::ranges::any_of(guards_, [&](const detail::Guard& g) { return g.cell == cell; });
  if (!known) guards_.push_back({std::move(cell), bits});
}

std::optional<Loc> Trace::survivor() const {
  const auto alive = std::ranges::find_if(views_, [](const View& view) { return view.tensors > 0; });
  return alive == views_.end() ? std::nullopt : std::optional(alive->loc);
}

// ---- the end
// -----------------------------------------------------------------------------------------------------------

detail::ResultSource Trace::result_source(uint32_t view, bool as_view, std::vector<ValueId>& values,
                                          std::unordered_map<uint32_t, size_t>& made) {
  const uint32_t base = views_[view].base;
  detail::ResultSource source{bases_[base].place, bases_[base].device, {}, values.size()};
  if (!as_view) {
    source.place = {};
    values.push_back(read(view));
    return source;
  }
  if (source.place.kind == Place::Kind::none) {
    const auto [known, is_new] = made.try_emplace(base, values.size());
    if (is_new) values.push_back(bases_[base].value);
    source.graph_result = known->second;
  }
  for (; views_[view].parent; view = *views_[view].parent) source.steps.push_back(views_[view].step);
  std::ranges::reverse(source.steps);
  return source;
}

/// Results that share memory when the function runs eagerly share it here: views of arguments and captured tensors, and
/// several of what the function computed. A graph that stands for itself has results of its own.
std::vector<detail::ResultSource> Trace::result_sources(std::span<const Tensor> results, std::vector<ValueId>& values,
                                                        Loc loc) {
  std::vector<uint32_t> views;
  std::unordered_map<uint32_t, size_t> uses, made; // by base
  for (const Tensor& result : results) {
    views.push_back(stand_in(result, "return", loc).impl()->symbolic->view);
    ++uses[views_[views.back()].base];
  }
  std::vector<detail::ResultSource> sources;
  for (uint32_t view : views) {
    const uint32_t base = views_[view].base;
    const bool as_view =
        use_ == Use::call && !is_detached(view) && (bases_[base].place.kind != Place::Kind::none || uses[base] > 1);
    sources.push_back(result_source(view, as_view, values, made));
  }
  return sources;
}

/// The names of what the function has made, by result of the graph; each once.
std::map<size_t, std::string> Trace::result_names(std::span<const Tensor> results,
                                                  std::span<const detail::ResultSource> sources) const {
  std::map<size_t, std::string> names;
  std::unordered_set<std::string> used{""};
  for (size_t i = 0; i < results.size(); ++i) {
    const detail::TensorImpl& impl = *results[i].impl();
    if (!impl.symbolic || bases_[views_[impl.symbolic->view].base].place.kind != Place::Kind::none) continue;
    if (sources[i].steps.empty() && used.insert(impl.name).second) names.emplace(sources[i].graph_result, impl.name);
  }
  return names;
}

detail::Recording Trace::finish(std::span<const Tensor> results, Loc loc, bool keep_grads) {
  std::vector<ValueId> values;
  std::vector<detail::ResultSource> sources = result_sources(results, values, loc);
  const size_t result_count = values.size();
  std::vector<detail::FinalWrite> writes;
  std::vector<std::pair<size_t, ValueId>> ends;
  for (const Base& base : bases_) {
    if (base.place.kind == Place::Kind::none || base.version == 0) continue;
    writes.push_back({base.place, values.size(), base.recorded_write});
    ends.emplace_back(values.size(), base.first);
    values.push_back(base.value);
  }
  detail::Recording recording{Graph(nullptr), {}, {}, {}, {}};
  std::optional<size_t> next_draw;
  const Base* const random = random_ ? &bases_[views_[random_->second.impl()->symbolic->view].base] : nullptr;
  if (random && (random->version > 0 || use_ == Use::graph)) { // a graph says itself how often it draws
    ++draws_;                                                  // the next one's number
    next_draw = values.size();
    ends.emplace_back(values.size(), random->first);
    values.push_back(with_draws(read(random_->second, "draw", loc), loc));
  }
  std::vector<detail::FinalGrad> grads = final_grads(values, keep_grads);
  if (grads.empty() && is_grad_enabled()) {
    std::vector<ValueId> visible(values.begin(), values.begin() + static_cast<ptrdiff_t>(result_count));
    for (const detail::FinalWrite& write : writes)
      if (write.recorded) visible.push_back(values[write.graph_result]);
    say_gradients(recording, visible);
  }
  const std::map<size_t, std::string> names = result_names(results, sources);
  end();
  recording.graph = builder_.finish(values, device_, loc, ends, names);
  recording.interface = {std::move(captures_),
                         std::move(sources),
                         std::move(writes),
                         std::move(grads),
                         std::move(argument_devices_),
                         draws_,
                         next_draw};
  recording.guards = std::move(guards_);
  return recording;
}

} // namespace ogee
