// Regions in a trace: what is from around them becomes an argument when it is first read, and a result when it has been
// written.
#include "frontend/autograd.h"
#include "frontend/failure.h"
#include "frontend/trace.h"

#include <algorithm>
#include <cstring>

namespace ogee {

using detail::ControlRegion;
using detail::RegionTensor;
using detail::RegionUse;
using detail::TracedRegion;
using detail::ValueId;

/// An open region; where the user's function raises, what it has recorded is dropped.
class Trace::RegionGuard {
public:
  explicit RegionGuard(Trace& trace) : trace_(trace) {
    trace.builder_.open_region();
    trace.regions_.push_back({++trace.region_count_, {}, std::exchange(trace.draws_, 0)});
  }
  ~RegionGuard() {
    if (closed_) return;
    TracedRegion dropped;
    trace_.close_region(dropped);
  }
  RegionGuard(const RegionGuard&) = delete;
  RegionGuard& operator=(const RegionGuard&) = delete;

  void close(TracedRegion& traced) {
    closed_ = true;
    trace_.close_region(traced);
  }

private:
  Trace& trace_;
  bool closed_ = false;
};

ValueId Trace::localize(uint32_t number) {
  for (Base* base = &bases_[number]; base->depth < regions_.size(); ++base->depth) {
    const ValueId local = builder_.region_argument(base->depth, base->value);
    regions_[base->depth].uses[number] = {base->value, base->version, local, local};
    follow(base->value, local);
    note_device(local, base->device);
    base->value = local;
  }
  return bases_[number].value;
}

void Trace::set_value(uint32_t base, ValueId value) {
  localize(base); // what it was is what its region has to be given
  bases_[base].value = value;
  note_device(value, bases_[base].device);
  ++bases_[base].version;
}

/// The number of the present draw, from that of the first one since it was written.
ValueId Trace::with_draws(ValueId number, Loc loc) {
  if (draws_ <= 1) return number;
  const uint64_t offset = draws_ - 1;
  std::vector<std::byte> bytes(sizeof offset);
  std::memcpy(bytes.data(), &offset, sizeof offset);
  const ValueId constant =
      add({"constant", {}, DType::i64, {}, {{"value", detail::ConstantData{bytes, true}}}, {}, loc});
  return add({"add", {number, constant}, DType::i64, {}, {}, {}, loc});
}

void Trace::close_region(TracedRegion& traced) {
  OpenRegion region = std::move(regions_.back());
  regions_.pop_back();
  for (auto& [number, use] : region.uses) {
    Base& base = bases_[number];
    use.last = base.value;
    base.value = use.outer;
    base.version = use.version;
    base.depth = regions_.size();
  }
  draws_ = region.draws_before;
  traced.uses = std::move(region.uses);
  traced.region = builder_.close_region();
}

RegionTensor Trace::describe(const Tensor& x, const char* op, Loc loc) {
  const Tensor inside = stand_in(x, op, loc);
  return {read(inside, op, loc), x.dtype(loc), x.shape(loc), inside.device(loc), inside.impl()->symbolic->loc};
}

TracedRegion Trace::record_region(std::span<const RegionTensor> arguments, const detail::RegionBody& body,
                                  const char* op, Loc loc) {
  TracedRegion traced;
  RegionGuard guard(*this);
  std::vector<Tensor> stand_ins;
  for (const RegionTensor& argument : arguments) {
    const ValueId value = builder_.region_argument(regions_.size() - 1, argument.dtype, argument.shape, argument.loc);
    stand_ins.push_back(make_base(value, {}, argument.dtype, argument.shape, argument.device, argument.loc));
    traced.arguments.push_back({value, argument.dtype, argument.shape, argument.device, argument.loc});
  }
  const std::vector<Tensor> results = body(stand_ins);
  for (const Tensor& result : results) traced.results.push_back(describe(result, op, loc));
  if (draws_ > 0) {
    ++draws_; // the next one's number
    const ValueId next = with_draws(read(random_->second, op, loc), loc);
    set_value(views_[random_->second.impl()->symbolic->view].base, next);
  }
  guard.close(traced);
  return traced;
}

bool Trace::has_effects(const TracedRegion& region) {
  return std::ranges::any_of(region.uses, [](const auto& use) { return use.second.is_written(); });
}

Tensor Trace::custom_vjp(std::span<const Tensor> inputs, const Tensor& value, const detail::RegionBody& backward,
                         Loc loc) {
  std::vector<RegionTensor> arguments;
  for (const Tensor& input : inputs) arguments.push_back(describe(input, "custom_vjp", loc));
  arguments.push_back(describe(value, "custom_vjp", loc));
  std::vector<ValueId> values;
  for (const RegionTensor& argument : arguments) values.push_back(argument.value);
  const RegionTensor result = arguments.back();
  arguments.push_back(result); // the cotangent
  std::vector<TracedRegion> regions;
  regions.push_back(record_region(arguments, backward, "custom_vjp", loc));
  if (has_effects(regions[0]))
    detail::fail(loc, "custom_vjp: the gradient writes to a tensor from outside or draws random numbers");
  size_t next = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!runtime::is_floating(arguments[i].dtype)) continue;
    const RegionTensor* given = next < regions[0].results.size() ? &regions[0].results[next++] : nullptr;
    if (!given || given->dtype != arguments[i].dtype || !same(given->shape, arguments[i].shape))
      detail::fail(loc, "custom_vjp: the gradient of input ", i, " is ",
                   given ? runtime::concat(runtime::name(given->dtype), " ", given->shape) : "missing", ", needs ",
                   runtime::name(arguments[i].dtype), " ", arguments[i].shape);
  }
  if (next != regions[0].results.size())
    detail::fail(loc, "custom_vjp: ", regions[0].results.size(), " gradients for ", next, " inputs of floats");
  const detail::ControlCall::Result type{result.dtype, result.shape, result.device};
  return add_control("custom_vjp", {std::move(values), {}}, 0, std::move(regions), {&type, 1}, {}, loc)[0];
}

std::vector<Tensor> Trace::add_control(const char* name, std::vector<std::vector<ValueId>> operands, size_t carried,
                                       std::vector<TracedRegion> regions,
                                       std::span<const detail::ControlCall::Result> results,
                                       std::optional<int64_t> max_trips, Loc loc) {
  // What the regions use of around them: first what they write, then what they only read.
  const bool is_loop = std::string_view(name) != "cond";
  std::map<uint32_t, bool> written;
  for (const TracedRegion& region : regions)
    for (const auto& [base, use] : region.uses) written[base] |= use.is_written();
  std::vector<uint32_t> renewed, captured;
  for (const auto& [base, is_written] : written) (is_written ? renewed : captured).push_back(base);

  const auto value_of = [&](uint32_t base) {
    const ValueId value = localize(base);
    if (!random_ || base != views_[random_->second.impl()->symbolic->view].base || draws_ == 0) return value;
    ++draws_;
    const ValueId next = with_draws(value, loc);
    draws_ = 0;
    return next;
  };
  detail::ControlCall call{name, std::move(operands), {}, {results.begin(), results.end()}, max_trips, loc};
  for (uint32_t base : renewed) (is_loop ? call.operands.front() : call.operands.back()).push_back(value_of(base));
  for (uint32_t base : captured) call.operands.back().push_back(value_of(base));

  std::vector<detail::ControlCall::Result> all(results.begin(), results.begin() + static_cast<ptrdiff_t>(carried));
  const auto shape_of = [&](uint32_t base) {
    for (const View& view : views_)
      if (view.base == base && !view.parent) return view.shape;
    return Shape();
  };
  for (uint32_t base : renewed) all.push_back({bases_[base].dtype, shape_of(base), bases_[base].device});
  all.insert(all.end(), results.begin() + static_cast<ptrdiff_t>(carried), results.end());
  call.results = all;

  for (size_t r = 0; r < regions.size(); ++r) {
    TracedRegion& traced = regions[r];
    ControlRegion region{std::move(traced.region), {}, {}, {}};
    const auto use_of = [&](uint32_t base) {
      const auto use = traced.uses.find(base);
      return use == traced.uses.end() ? std::nullopt : std::optional(use->second);
    };
    const auto pass = [&](uint32_t base) {
      const std::optional<RegionUse> use = use_of(base);
      region.arguments.push_back(use ? std::optional(use->local) : std::nullopt);
    };
    const auto give = [&](const RegionTensor& result) {
      region.results.push_back(result.value);
      region.passed.push_back(0);
    };
    const size_t inputs = is_loop ? carried : 0; // of its arguments; parts come after them
    for (size_t i = 0; i < inputs; ++i) region.arguments.push_back(traced.arguments[i].value);
    const size_t first_renewed = region.arguments.size();
    for (uint32_t base : renewed) pass(base);
    for (size_t i = inputs; i < traced.arguments.size(); ++i) region.arguments.push_back(traced.arguments[i].value);
    for (uint32_t base : captured) pass(base);

    const bool is_test = is_loop && regions.size() == 2 && r == 0;
    const size_t first = is_test ? traced.results.size() : carried;
    for (size_t i = 0; i < first; ++i) give(traced.results[i]);
    for (size_t i = 0; !is_test && i < renewed.size(); ++i) {
      const std::optional<RegionUse> use = use_of(renewed[i]);
      region.results.push_back(use ? std::optional(use->last) : std::nullopt);
      region.passed.push_back(first_renewed + i);
    }
    for (size_t i = first; i < traced.results.size(); ++i) give(traced.results[i]);
    call.regions.push_back(std::move(region));
  }
  const auto is_any_in = [&](const std::unordered_set<ValueId>& set) {
    return std::ranges::any_of(call.operands, [&](const std::vector<ValueId>& segment) {
      return std::ranges::any_of(segment, [&](ValueId operand) { return set.contains(operand); });
    });
  };
  const bool depends = is_any_in(differentiable_), is_watched = is_any_in(watched_);
  const std::vector<ValueId> values = builder_.add_control(std::move(call));
  for (size_t i = 0; i < values.size(); ++i) {
    if (!runtime::is_floating(all[i].dtype)) continue;
    if (depends || (is_watched && !is_grad_enabled())) set_flow(values[i], !is_grad_enabled());
    if (is_watched && is_grad_enabled()) watched_.insert(values[i]);
  }
  for (size_t i = 0; i < renewed.size(); ++i) set_value(renewed[i], values[carried + i]);
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < results.size(); ++i) {
    const ValueId value = values[i < carried ? i : i + renewed.size()];
    tensors.push_back(make_base(value, {}, results[i].dtype, results[i].shape, results[i].device, loc));
  }
  return tensors;
}

} // namespace ogee
