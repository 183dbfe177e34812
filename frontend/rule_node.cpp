// The nodes of the tape that run rules: what they save, how rules are called.
#include "frontend/rule_node.h"

#include "frontend/copy.h"
#include "frontend/creation.h"
#include "frontend/failure.h"
#include "frontend/views.h"
#include "runtime/executable.h"

#include <algorithm>

namespace ogee::detail {

namespace {
thread_local const void* overwritten = nullptr;
const void* storage_of(const TensorImpl& impl) { return impl.storage ? &*impl.storage : nullptr; }
} // namespace

OverwriteScope::OverwriteScope(const Tensor& target) noexcept
    : before_(std::exchange(overwritten, target.impl() ? storage_of(*target.impl()) : nullptr)) {}
OverwriteScope::~OverwriteScope() { overwritten = before_; }

// ---- arguments
// ---------------------------------------------------------------------------------------------------------

bool is_transposed(const TensorImpl& impl) {
  const size_t rank = impl.sizes.size();
  if (rank < 2 || impl.dense) return false;
  SizeList sizes = impl.sizes, strides = impl.strides;
  std::swap(sizes[rank - 1], sizes[rank - 2]);
  std::swap(strides[rank - 1], strides[rank - 2]);
  return runtime::is_row_major(sizes, strides);
}

namespace {

/// The permutation that swaps the last two axes.
std::vector<int64_t> swap_last(size_t rank) {
  std::vector<int64_t> perm(rank);
  for (size_t i = 0; i < rank; ++i) perm[i] = static_cast<int64_t>(i);
  std::swap(perm[rank - 1], perm[rank - 2]);
  return perm;
}

} // namespace

Tensor rule_argument(size_t index, DType dtype, const Shape& shape, bool transposed) {
  Shape dims = shape;
  if (transposed) std::swap(dims[dims.size() - 1], dims[dims.size() - 2]);
  const Tensor x = Trace::current()->argument({runtime::concat("x", index), dtype, dims, {}}, Loc());
  return transposed ? view_transpose(x, swap_last(dims.size()), "transpose", Loc()) : x;
}

namespace {

/// As a rule takes it: what is transposed in memory as what lies there.
Tensor as_given(const Tensor& x, bool transposed) {
  return transposed ? view_transpose(x, swap_last(x.impl()->rank()), "transpose", Loc()) : x;
}

Tensor number_tensor(const Scalar& number, DType dtype) {
  Tensor x = make_dense({}, dtype, Device());
  write_scalar(number, dtype, x.impl()->data());
  return x;
}

} // namespace

int64_t size_of(const Tensor& x, unsigned axis, bool transposed) {
  const auto rank = static_cast<unsigned>(x.impl()->rank());
  if (transposed && axis + 2 >= rank) axis = axis + 1 == rank ? axis - 1 : axis + 1;
  return x.impl()->sizes[axis];
}

Tensor before_write(const Tensor& x) {
  Edge edge = edge_of(x);
  if (edge.leaf.defined()) return x;
  const RecordingScope scope(false);
  const bool transposed = is_transposed(*x.impl());
  const Tensor copy = as_given(clone(as_given(x, transposed)), transposed);
  if (edge.node) set_history(copy, std::move(edge.node), edge.output);
  return copy;
}

Tensor alias(const Tensor& x) {
  const TensorImpl& impl = *x.impl();
  return make_view(impl, impl.offset, impl.sizes, impl.strides);
}

Tensor with_history(const Tensor& elements, const Edge& edge) {
  if (edge.leaf.defined()) return edge.leaf.tensor();
  Tensor x = alias(elements);
  if (edge.node) set_history(x, edge.node, edge.output);
  return x;
}

void SavedTensor::check(const Node& node) const {
  if (tensor.impl()->storage->version() == version) return;
  fail_with(ErrorCode::state,
            runtime::concat("backward: a tensor that ", node.name(), " has saved, of shape ", tensor.shape(),
                            ", was changed in place afterwards; hint: clone() it before, or use an operation that "
                            "makes a new tensor"),
            node.loc());
}

void fail_dropped(Loc loc) {
  fail_with(ErrorCode::state, "backward: what was saved has been dropped by an earlier backward; hint: retain_graph",
            loc);
}

// ---- calls
// -------------------------------------------------------------------------------------------------------------

namespace {

/// Memory for gradients.
class GradientSink final : public runtime::ResultSink {
public:
  GradientSink(const runtime::Executable& executable, Device device) : executable_(executable), device_(device) {}
  void* memory(uint32_t result, std::span<const int64_t> dims, int64_t) override {
    gradients.push_back(make_dense(dims, executable_.program().results[result].dtype, device_));
    return gradients[result].impl()->data();
  }
  std::vector<Tensor> gradients;

private:
  const runtime::Executable& executable_;
  const Device device_;
};

std::vector<Tensor> call(const TapeRule& rule, std::span<const Tensor> tensors, std::span<const int64_t> sizes,
                         Loc loc) {
  const runtime::Executable& executable = rule.executable(loc);
  std::vector<runtime::TensorArg> args;
  for (const Tensor& tensor : tensors) args.push_back(tensor.impl()->arg());
  GradientSink sink(executable, rule.device());
  with_place(loc, [&] { executable.run({args, sizes}, sink); });
  return std::move(sink.gradients);
}

/// Puts a call onto the tape whose rule derives from `graph`.
void record(RuleKey key, const char* name, const TapeRule* origin, std::span<const RuleArgument> arguments,
            std::span<const Tensor> results, const std::function<Graph()>& graph, Loc loc);

/// Puts the computation of gradients onto the tape in turn.
void record_call(const TapeRule& rule, std::span<const Tensor> tensors, std::span<const int64_t> sizes,
                 std::span<const Tensor> gradients, Loc loc) {
  static constexpr char kAgain = 0;
  std::vector<RuleArgument> arguments;
  auto tensor = tensors.begin();
  auto size = sizes.begin();
  for (const BackwardInput& input : rule.signature().inputs) {
    if (input.kind == BackwardInput::Kind::size || input.kind == BackwardInput::Kind::index)
      arguments.emplace_back(*size++);
    else
      arguments.emplace_back(*tensor++);
  }
  RuleKey key{&kAgain};
  key.push(rule.id());
  record(key, rule.name(), &rule, arguments, gradients, [&] { return rule.backward(); }, loc);
}

} // namespace

void run_rule(const TapeRule& rule, std::vector<Tensor> tensors, std::span<const int64_t> sizes,
              const Cotangents& cotangents, Loc loc) {
  const passes::BackwardSignature& signature = rule.signature();
  const bool computes = std::ranges::any_of(signature.gradients, [](const BackwardGradient& gradient) {
    return gradient.kind == BackwardGradient::Kind::result;
  });
  std::vector<Tensor> gradients;
  if (computes) {
    for (Tensor& tensor : tensors)
      if (!tensor.impl()->dense) tensor = copy_dense(tensor, rule.name(), loc);
    gradients = call(rule, tensors, sizes, loc);
    if (is_recording()) record_call(rule, tensors, sizes, gradients, loc);
  }
  for (size_t i = 0; i < signature.gradients.size(); ++i) {
    const BackwardGradient& gradient = signature.gradients[i];
    if (gradient.kind == BackwardGradient::Kind::result)
      cotangents.inputs[i] = as_given(gradients[gradient.index], rule.is_transposed(rule.wrt()[i]));
    if (gradient.kind == BackwardGradient::Kind::cotangent) // of the operand's shape, so not transposed
      cotangents.inputs[i] = cotangents.outputs[gradient.index];
  }
}

void send_back(std::span<Tensor> gradients, std::span<const Device> devices, Loc loc) {
  for (size_t i = 0; i < devices.size(); ++i)
    if (gradients[i].defined()) gradients[i] = move_to(gradients[i], devices[i], loc);
}

// ---- nodes
// -------------------------------------------------------------------------------------------------------------

namespace {

/// An operation on the tape: saves only what its rule reads.
class RuleNode final : public Node {
public:
  RuleNode(RuleRef rule, Loc loc, std::span<const RuleArgument> arguments, std::span<const Tensor> results);
  void run(const Cotangents& cotangents) override;
  void drop_saved() noexcept override {
    if (!holds_tensors_) return; // numbers alone are kept
    dropped = true;
    saved_.clear();
  }

private:
  std::vector<Tensor> inputs(const Cotangents& cotangents);
  Tensor argument(const Tensor& elements, unsigned number) const;

  const RuleRef rule_;
  std::vector<SavedTensor> saved_; ///< those of the rule's inputs that are arguments or results
  std::vector<int64_t> sizes_;     ///< those that are sizes
  std::vector<ZeroLike> outputs_;  ///< where there are several
  std::vector<Device> devices_;    ///< of what has edges, where it is not the rule's for all
  bool holds_tensors_ = false;
};

SavedTensor save(const RuleArgument& argument) {
  if (!argument.tensor) return SavedTensor(number_tensor(argument.number, argument.dtype));
  const bool changes = storage_of(*argument.tensor->impl()) == overwritten;
  return SavedTensor(changes ? before_write(*argument.tensor) : *argument.tensor);
}

RuleNode::RuleNode(RuleRef ref, Loc loc, std::span<const RuleArgument> arguments, std::span<const Tensor> results)
    : Node(ref->name(), loc, static_cast<uint32_t>(results.size())), rule_(std::move(ref)) {
  const TapeRule& rule = *rule_;
  bool elsewhere = false;
  for (unsigned argument : rule.wrt()) {
    edges.push_back(edge_of(*arguments[argument].tensor));
    elsewhere |= arguments[argument].tensor->impl()->device() != rule.device();
  }
  if (elsewhere)
    for (unsigned argument : rule.wrt()) devices_.push_back(arguments[argument].tensor->impl()->device());
  if (results.size() > 1) outputs_.assign(results.begin(), results.end());
  if (!rule.exists()) return;
  for (const BackwardInput& input : rule.signature().inputs) {
    switch (input.kind) {
    case BackwardInput::Kind::argument:
      saved_.push_back(save(arguments[input.index]));
      holds_tensors_ |= arguments[input.index].tensor != nullptr;
      break;
    case BackwardInput::Kind::result:
      saved_.emplace_back(results[input.index]);
      holds_tensors_ = true;
      break;
    case BackwardInput::Kind::index: sizes_.push_back(arguments[input.index].number.as_int()); break;
    case BackwardInput::Kind::size:
      sizes_.push_back(size_of(*arguments[input.index].tensor, input.axis, rule.is_transposed(input.index)));
      break;
    case BackwardInput::Kind::cotangent: break;
    }
  }
}

/// An argument as the rule reads it, with its history if operations are recorded.
Tensor RuleNode::argument(const Tensor& elements, unsigned number) const {
  const auto place = std::ranges::find(rule_->wrt(), number);
  if (!is_recording() || place == rule_->wrt().end()) return elements;
  return with_history(elements, edges[static_cast<size_t>(place - rule_->wrt().begin())]);
}

/// The tensors that the rule reads, in order. If operations are recorded they have histories.
std::vector<Tensor> RuleNode::inputs(const Cotangents& cotangents) {
  std::vector<Tensor> inputs;
  size_t next = 0;
  for (const BackwardInput& input : rule_->signature().inputs) {
    switch (input.kind) {
    case BackwardInput::Kind::argument:
      inputs.push_back(as_given(argument(saved_[next++].tensor, input.index), rule_->is_transposed(input.index)));
      break;
    case BackwardInput::Kind::result: {
      Tensor result = alias(saved_[next++].tensor);
      if (is_recording()) set_history(result, NodeRef(this), input.index);
      inputs.push_back(std::move(result));
      break;
    }
    case BackwardInput::Kind::cotangent: {
      const Tensor& given = cotangents.outputs[input.index];
      inputs.push_back(given.defined() ? given : outputs_[input.index].make(loc()));
      break;
    }
    case BackwardInput::Kind::index:
    case BackwardInput::Kind::size: break;
    }
  }
  return inputs;
}

void RuleNode::run(const Cotangents& cotangents) {
  rule_->check(loc());
  if (dropped) fail_dropped(loc());
  for (const SavedTensor& saved : saved_) saved.check(*this);
  run_rule(*rule_, inputs(cotangents), sizes_, cotangents, loc());
  send_back(cotangents.inputs, devices_, loc());
}

/// Where a rule runs: with the tensors that are not on the CPU, if there are any. Numbers stay there.
void set_device(RuleKey& key, std::span<const RuleArgument> arguments) {
  for (const RuleArgument& argument : arguments)
    if (argument.tensor && !argument.tensor->impl()->device().is_cpu())
      key.device = device_word(argument.tensor->impl()->device());
  if (key.device == 0) return;
  for (size_t i = 0; i < arguments.size(); ++i)
    if (arguments[i].kind == RuleArgument::Kind::number ||
        (arguments[i].tensor && arguments[i].tensor->impl()->device().is_cpu()))
      key.host.set(i);
}

void record(RuleKey key, const char* name, const TapeRule* origin, std::span<const RuleArgument> arguments,
            std::span<const Tensor> results, const std::function<Graph()>& graph, Loc loc) {
  if (arguments.size() > key.needs.size())
    fail_with(ErrorCode::unsupported, runtime::concat(name, ": more than ", key.needs.size(), " operands"), loc);
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Tensor* x = arguments[i].tensor;
    if (!x) continue;
    if (has_gradient(*x)) key.needs.set(i);
    if (is_transposed(*x->impl())) key.transposed.set(i);
  }
  if (key.needs.none()) return;
  set_device(key, arguments);
  const NodeRef node(new RuleNode(find_rule(key, name, origin, graph), loc, arguments, results));
  set_histories(results, node);
}

} // namespace

void set_histories(std::span<const Tensor> results, const NodeRef& node) {
  for (uint32_t i = 0; i < results.size(); ++i)
    if (runtime::is_floating(results[i].impl()->dtype)) set_history(results[i], node, i);
}

static Device device_of_all(std::span<const RuleArgument> arguments) {
  RuleKey key;
  set_device(key, arguments);
  return device_of(key.device);
}

void record_rule(RuleKey key, const char* name, std::span<const RuleArgument> arguments,
                 std::span<const Tensor> results, const KernelBody& body, Loc loc) {
  const auto graph = [&] { return record_graph(name, device_of_all(arguments), body, Loc()); };
  record(key, name, nullptr, arguments, results, std::cref(graph), loc);
}

} // namespace ogee::detail
