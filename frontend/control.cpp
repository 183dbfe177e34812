// The parts of cond, while_loop and scan that do not depend on the functions' types: what goes into their regions and
// what has to come out.
#include "frontend/control.h"

#include "frontend/creation.h"
#include "frontend/failure.h"
#include "frontend/tensor_impl.h"
#include "frontend/trace.h"

namespace ogee::detail {

namespace {

using Result = ControlCall::Result;

/// In an Error about `tensor` and `other`: what they have in common goes without saying.
std::string text_of(const RegionTensor& tensor, const RegionTensor& other) {
  const std::string device = tensor.device == other.device ? "" : " on " + tensor.device.to_string();
  return runtime::concat(runtime::name(tensor.dtype), " ", tensor.shape, device, where(tensor.loc));
}

bool alike(const RegionTensor& a, const RegionTensor& b) {
  return a.dtype == b.dtype && a.device == b.device && same(a.shape, b.shape);
}

std::vector<RegionTensor> describe_all(const std::vector<Tensor>& tensors, const char* function, Loc loc) {
  std::vector<RegionTensor> all;
  for (const Tensor& tensor : tensors) all.push_back(Trace::current()->describe(tensor, function, loc));
  return all;
}

std::vector<ValueId> values_of(const std::vector<RegionTensor>& tensors) {
  std::vector<ValueId> values;
  for (const RegionTensor& tensor : tensors) values.push_back(tensor.value);
  return values;
}

std::vector<Result> types_of(const std::vector<RegionTensor>& tensors) {
  std::vector<Result> types;
  for (const RegionTensor& tensor : tensors) types.push_back({tensor.dtype, tensor.shape, tensor.device});
  return types;
}

void check_condition(const char* function, const Tensor& condition, Loc loc) {
  checked(condition, function, loc);
  if (condition.dtype(loc) != DType::boolean || !same(condition.numel(loc), Dim(1)))
    fail(loc, function, ": the condition is ", runtime::name(condition.dtype(loc)), " ", condition.shape(loc),
         ", needs one bool");
}

/// One bool as a tensor of rank 0.
Tensor condition_scalar(const char* function, const Tensor& condition, Loc loc) {
  check_condition(function, condition, loc);
  return condition.dim(loc) == 0 ? condition : condition.reshape({}, loc);
}

/// Error where a body gives something else than what is carried.
void check_carried(const char* function, const std::vector<RegionTensor>& inits, const TracedRegion& body, Loc loc) {
  for (size_t i = 0; i < inits.size(); ++i)
    if (!alike(inits[i], body.results[i]))
      fail(loc, function, ": carried value ", i, " is ", text_of(inits[i], body.results[i]), ", but the body gives ",
           text_of(body.results[i], inits[i]));
}

} // namespace

bool condition_value(const char* function, const Tensor& condition, Loc loc) {
  check_condition(function, condition, loc);
  return condition.item<bool>(loc);
}

void check_kept(const char* function, const std::vector<Tensor>& before, const std::vector<Tensor>& after, Loc loc) {
  for (size_t i = 0; i < before.size() && i < after.size(); ++i) {
    if (before[i].dtype(loc) != after[i].dtype(loc) || !same(before[i].shape(loc), after[i].shape(loc)))
      fail(loc, function, ": carried value ", i, " is ", runtime::name(before[i].dtype(loc)), " ", before[i].shape(loc),
           ", but the body gives ", runtime::name(after[i].dtype(loc)), " ", after[i].shape(loc));
    if (before[i].device(loc) != after[i].device(loc))
      fail(loc, function, ": carried value ", i, " is on ", before[i].device(loc), ", but the body gives it on ",
           after[i].device(loc));
  }
}

void check_max_trips(const WhileOptions& options, Loc loc) {
  if (options.max_trips && *options.max_trips < 0)
    fail(loc, "while_loop: max_trips is ", *options.max_trips, ", needs 0 or more");
}

int64_t count_parts(const std::vector<Tensor>& xs, Loc loc) {
  if (xs.empty()) fail(loc, "scan: there is no tensor to scan over");
  std::optional<int64_t> count;
  for (const Tensor& x : xs) {
    if (x.dim(loc) == 0) fail(loc, "scan: cannot scan over a tensor of rank 0");
    const auto size = static_cast<int64_t>(x.size(0, loc));
    if (count && *count != size) fail(loc, "scan: the tensors to scan over have ", *count, " and ", size, " parts");
    count = size;
  }
  return *count;
}

void check_form(const char* function, const std::vector<Leaf>& first, const std::vector<Leaf>& second, Loc loc) {
  const size_t common = std::min(first.size(), second.size());
  for (size_t i = 0; i < common; ++i) {
    const Leaf &a = first[i], &b = second[i];
    if (a.path != b.path || (a.tensor == nullptr) != (b.tensor == nullptr))
      fail(loc, function, ": values of different form: `", a.path, "` in one, `", b.path, "` in the other");
    if (a.text != b.text)
      fail(loc, function, ": the plain value", a.path.empty() ? "" : " `" + a.path + "`", " is ", a.text, " and then ",
           b.text, ": only tensors can change; hint: make it a Tensor");
  }
  if (first.size() != second.size())
    fail(loc, function, ": values of different form: ", first.size(), " parts and ", second.size(), " parts");
}

std::vector<Tensor> record_cond(const Tensor& condition, const RegionFunction& then, const RegionFunction& otherwise,
                                Loc loc) {
  Trace& trace = *Trace::current();
  const RegionTensor predicate = trace.describe(condition_scalar("cond", condition, loc), "cond", loc);
  std::vector<TracedRegion> regions;
  regions.push_back(trace.record_region({}, then, "cond", loc));
  regions.push_back(trace.record_region({}, otherwise, "cond", loc));
  for (size_t i = 0; i < regions[0].results.size(); ++i)
    if (!alike(regions[0].results[i], regions[1].results[i]))
      fail(loc, "cond: result ", i, " is ", text_of(regions[0].results[i], regions[1].results[i]),
           " in one branch and ", text_of(regions[1].results[i], regions[0].results[i]), " in the other");
  const std::vector<Result> types = types_of(regions[0].results);
  return trace.add_control("cond", {{predicate.value}, {}}, types.size(), std::move(regions), types, {}, loc);
}

std::vector<Tensor> record_while(const std::vector<Tensor>& inits, const RegionFunction& test,
                                 const RegionFunction& body, const WhileOptions& options, Loc loc) {
  Trace& trace = *Trace::current();
  const std::vector<RegionTensor> carried = describe_all(inits, "while_loop", loc);
  std::vector<TracedRegion> regions;
  regions.push_back(trace.record_region(
      carried,
      [&](std::span<const Tensor> state) {
        return std::vector<Tensor>{condition_scalar("while_loop", test(state)[0], loc)};
      },
      "while_loop", loc));
  if (Trace::has_effects(regions[0]))
    fail(loc, "while_loop: the test writes to a tensor or draws random numbers; hint: do that in the body");
  regions.push_back(trace.record_region(carried, body, "while_loop", loc));
  check_carried("while_loop", carried, regions[1], loc);
  return trace.add_control("while", {values_of(carried), {}}, carried.size(), std::move(regions), types_of(carried),
                           options.max_trips, loc);
}

std::vector<Tensor> record_scan(const std::vector<Tensor>& inits, const std::vector<Tensor>& xs,
                                const RegionFunction& body, Loc loc) {
  Trace& trace = *Trace::current();
  if (xs.empty()) fail(loc, "scan: there is no tensor to scan over");
  const std::vector<RegionTensor> carried = describe_all(inits, "scan", loc), over = describe_all(xs, "scan", loc);
  std::vector<RegionTensor> arguments = carried;
  for (RegionTensor part : over) {
    if (part.shape.empty()) fail(loc, "scan: cannot scan over a tensor of rank 0");
    if (!same(part.shape[0], over[0].shape[0]))
      fail(loc, "scan: the tensors to scan over have ", over[0].shape[0], " and ", part.shape[0], " parts");
    part.shape = Shape(std::span<const Dim>(part.shape).subspan(1));
    arguments.push_back(std::move(part));
  }
  std::vector<TracedRegion> regions;
  regions.push_back(trace.record_region(arguments, body, "scan", loc));
  check_carried("scan", carried, regions[0], loc);
  std::vector<Result> types = types_of(carried);
  for (size_t i = carried.size(); i < regions[0].results.size(); ++i) {
    const RegionTensor& part = regions[0].results[i];
    Shape shape{over[0].shape[0]};
    for (const Dim& dim : part.shape) shape.push_back(dim);
    types.push_back({part.dtype, std::move(shape), part.device});
  }
  return trace.add_control("scan", {values_of(carried), values_of(over), {}}, carried.size(), std::move(regions), types,
                           {}, loc);
}

std::vector<Tensor> empty_stacks(const std::vector<Tensor>& inits, const std::vector<Tensor>& xs,
                                 const RegionFunction& body, Loc loc) {
  std::vector<std::pair<Shape, Options>> types;
  {
    const auto trace = std::make_shared<Trace>("scan", Trace::Use::graph);
    const Trace::Recorder recorder(trace);
    std::vector<Tensor> arguments;
    const auto add = [&](const Tensor& x, size_t first_axis) {
      const Shape whole(std::span<const int64_t>(x.impl()->sizes));
      const Shape shape(std::span<const Dim>(whole).subspan(first_axis));
      GraphArgument argument{runtime::concat("x", arguments.size()), x.impl()->dtype, shape, {}};
      argument.device = x.impl()->device();
      arguments.push_back(trace->argument(argument, loc));
    };
    for (const Tensor& init : inits) add(init, 0);
    for (const Tensor& x : xs) add(x, 1);
    const std::vector<Tensor> given = body(arguments);
    arguments.resize(inits.size());
    check_kept("scan", arguments, given, loc);
    for (size_t i = inits.size(); i < given.size(); ++i) {
      Shape shape{0};
      for (const Dim& dim : given[i].shape(loc)) shape.push_back(dim);
      types.emplace_back(std::move(shape), Options(given[i].dtype(loc), given[i].device(loc)));
    }
  }
  std::vector<Tensor> stacks;
  for (const auto& [shape, options] : types) stacks.push_back(zeros(shape, options, loc));
  return stacks;
}

} // namespace ogee::detail
