// One call of a compiled graph: arguments gathered, memory for results, writes committed at the end.
#include "frontend/runnable.h"

#include "frontend/backward.h"
#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/graph_impl.h"
#include "frontend/rule_node.h"
#include "frontend/target.h"
#include "frontend/tensor_impl.h"
#include "frontend/views.h"
#include "runtime/runtime.h"

#include <algorithm>
#include <vector>

namespace ogee::detail {

namespace {

/// Memory for the results of one call.
class CallSink final : public runtime::ResultSink {
public:
  /// The tensor that is to have the elements of a result, null for others.
  using Target = std::function<const Tensor*(size_t result)>;

  CallSink(const runtime::Executable& executable, Device device, Target target)
      : executable_(executable), device_(device), target_(std::move(target)) {}

  void* memory(uint32_t result, std::span<const int64_t> dims, int64_t) override {
    const runtime::ResultSpec& spec = executable_.program().results[result];
    const Tensor* const target = spec.in_place ? target_(result) : nullptr;
    results_.push_back(target && fits(*target) ? *target : make_dense(dims, spec.dtype, device_));
    return results_[result].impl()->data();
  }

  Tensor& operator[](size_t result) { return results_[result]; }
  std::vector<Tensor> all() { return results_.all(); }

private:
  /// Whether kernels can write there: they expect what the allocator gives.
  bool fits(const Tensor& x) const {
    return x.impl()->dense && x.impl()->device() == device_ &&
           reinterpret_cast<uintptr_t>(x.impl()->data()) % runtime::Allocator::kAlignment == 0;
  }

  const runtime::Executable& executable_;
  const Device device_;
  const Target target_;
  ResultList results_;
};

constexpr size_t kInlineArguments = 16;

void check_no_grad(const Tensor& leaf, Loc loc) {
  if (leaf.impl()->autograd->grad.defined() || leaf.impl()->autograd->consumed)
    fail_with(ErrorCode::state,
              "compile: the function reads a gradient that was not there when it was traced, and now is; hint: "
              "zero_grad() before backward()",
              loc);
}

void write_grad(const FinalGrad& grad, const Tensor& leaf, Tensor gradient, Loc loc) {
  Autograd& autograd = *leaf.impl()->autograd;
  const RecordingScope scope(false);
  if (gradient.defined()) gradient = to(gradient, leaf.device(), loc);
  if (gradient.defined() && grad.place.kind == Place::Kind::argument) // those of captured tensors ran in the trace
    gradient = after_hooks(std::move(gradient), autograd.hooks, 0, loc);
  if (grad.cleared) {
    autograd.grad = gradient;
    autograd.consumed = grad.consumed;
  } else if (gradient.defined()) {
    accumulate_grad(leaf, gradient, loc);
  }
}

/// Captured tensors keep their memory and shape for good.
std::vector<runtime::TensorArg> bound_arguments(std::span<const Capture> captures) {
  std::vector<runtime::TensorArg> arguments;
  for (const Capture& capture : captures) arguments.push_back(capture.tensor.impl()->arg());
  return arguments;
}

} // namespace

Runnable::Runnable(Interface interface, const Graph& graph, Loc loc, bool copy_strided,
                   std::shared_ptr<std::mutex> writing)
    : interface_(std::move(interface)), device_(graph.impl().device()),
      executable_(make_executable(graph.impl().compile(loc, /*eager=*/false, is_anomaly_enabled()),
                                  bound_arguments(interface_.captures), device_)),
      copy_strided_(copy_strided), writes_of_(executable_->program().results.size(), kNoWrite),
      writing_(std::move(writing)) {
  check_captures(loc);
  for (size_t i = 0; i < interface_.writes.size(); ++i)
    writes_of_[interface_.writes[i].graph_result] = static_cast<uint32_t>(i);
}

const Tensor& Runnable::at(const Place& place, std::span<const Tensor* const> arguments) const {
  return place.kind == Place::Kind::argument ? *arguments[place.index] : interface_.captures[place.index].tensor;
}

namespace {
[[noreturn]] void fail_shared(Loc loc) {
  fail(loc, "compile: two tensors of a call share memory and one of them is written; hint: pass a clone()");
}

bool share(const Tensor& a, const Tensor& b) { return a.impl()->storage == b.impl()->storage; }
} // namespace

/// Error where a captured tensor that is written shares memory with another one: the graph knows no overlaps.
void Runnable::check_captures(Loc loc) const {
  const std::vector<Capture>& captures = interface_.captures;
  for (const FinalWrite& write : interface_.writes) {
    if (write.place.kind != Place::Kind::capture) continue;
    check_writable(*captures[write.place.index].tensor.impl(), "compile", loc);
    for (size_t i = 0; i < captures.size(); ++i)
      if (i != write.place.index && share(captures[i].tensor, captures[write.place.index].tensor)) fail_shared(loc);
  }
}

/// The same for what is written and shares memory with an argument of the call.
void Runnable::check_writes(std::span<const Tensor* const> arguments, Loc loc) const {
  for (const FinalWrite& write : interface_.writes) {
    const Tensor& target = at(write.place, arguments);
    const bool is_argument = write.place.kind == Place::Kind::argument;
    for (size_t i = 0; i < arguments.size(); ++i)
      if (!(is_argument && i == write.place.index) && share(*arguments[i], target)) fail_shared(loc);
    if (!is_argument) continue;
    check_writable(*target.impl(), "compile", loc);
    for (const Capture& capture : interface_.captures)
      if (share(capture.tensor, target)) fail_shared(loc);
  }
}

/// Puts a call onto the tape: its arguments as the graph takes them.
void Runnable::record(CompiledTape& tape, std::span<const Tensor* const> arguments,
                      const runtime::GeneratorState& random, std::span<const Tensor> results, Loc loc) const {
  std::vector<Tensor> all;
  for (const Tensor* argument : arguments) all.push_back(*argument);
  if (interface_.draws > 0)
    for (uint64_t part : {random.key, random.number}) all.push_back(number_argument(static_cast<int64_t>(part)));
  const size_t captures = all.size();
  for (const Capture& capture : interface_.captures) all.push_back(capture.tensor);
  for (const FinalWrite& write : interface_.writes) {
    const size_t number = write.place.index + (write.place.kind == Place::Kind::capture ? captures : 0);
    if (tape.reads(number)) all[number] = before_write(all[number]);
  }
  tape.record(all, results, loc);
}

void Runnable::run(std::span<const Tensor* const> arguments, ResultList& results, Loc loc, CompiledTape* tape) {
  const size_t count = arguments.size() + (interface_.draws > 0 ? 2 : 0);
  runtime::TensorArg inline_args[kInlineArguments];
  std::vector<runtime::TensorArg> more_args(count > kInlineArguments ? count : 0);
  runtime::TensorArg* args = count > kInlineArguments ? more_args.data() : inline_args;
  size_t next = 0;
  std::vector<Tensor> copies;
  for (const Tensor* tensor : arguments) {
    if (copy_strided_ && !tensor->impl()->dense)
      args[next++] = copies.emplace_back(copy_dense(*tensor, "compile", loc)).impl()->arg();
    else
      args[next++] = tensor->impl()->arg();
  }
  runtime::GeneratorState random;
  runtime::Generator& generator = runtime::Runtime::get().generator();
  std::unique_lock<std::recursive_mutex> drawing;
  if (interface_.draws > 0) {
    // How many numbers are drawn may be known at the end only: until then no other thread may draw.
    if (interface_.next_draw) drawing = generator.hold();
    random = generator.draw(interface_.next_draw ? 0 : interface_.draws);
    for (auto* part : {&random.key, &random.number}) args[next++] = {part, nullptr, nullptr, 0, DType::i64};
  }

  std::unique_lock<std::mutex> lock;
  for (const FinalGrad& grad : interface_.grads)
    if (grad.expects_none) check_no_grad(at(grad.place, arguments), loc);
  if (!interface_.writes.empty()) check_writes(arguments, loc);
  if (!interface_.writes.empty() || !interface_.grads.empty()) lock = std::unique_lock(*writing_);
  const auto target = [&](size_t result) -> const Tensor* {
    if (tape || writes_of_[result] == kNoWrite) return nullptr;
    return &at(interface_.writes[writes_of_[result]].place, arguments);
  };
  CallSink sink(*executable_, device_, std::cref(target));
  with_place(loc, [&] { executable_->run({{args, count}}, sink); });
  if (tape) record(*tape, arguments, random, sink.all(), loc);
  if (interface_.next_draw) {
    const Tensor& next = sink[*interface_.next_draw];
    generator.draw(static_cast<uint64_t>(next.item<int64_t>(loc)) - random.number);
    drawing.unlock();
  }
  for (const FinalWrite& write : interface_.writes) {
    const Tensor& target = at(write.place, arguments);
    if (sink[write.graph_result].is(target))
      target.impl()->storage->bump_version();
    else
      copy_elements(target, sink[write.graph_result], "compile", loc);
    if (tape && write.recorded) record_write(target, sink[write.graph_result], "compiled", loc);
  }
  for (const FinalGrad& grad : interface_.grads)
    write_grad(grad, at(grad.place, arguments), grad.graph_result ? sink[*grad.graph_result] : Tensor(), loc);
  for (const ResultSource& source : interface_.results) {
    Tensor result = source.place.kind == Place::Kind::none ? sink[source.graph_result] : at(source.place, arguments);
    if (source.place.kind == Place::Kind::none) result.impl()->made_at = loc;
    for (const ViewStep& step : source.steps) result = apply_step(result, step, loc);
    if (result.device() != source.device) result = to(result, source.device, loc);
    results.push_back(std::move(result));
  }
}

} // namespace ogee::detail
