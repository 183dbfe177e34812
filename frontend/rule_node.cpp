// The nodes of the tape that run rules: what they save, how they are called.
#include "frontend/copy.h"
#include "frontend/creation.h"
#include "frontend/failure.h"
#include "frontend/rule.h"
#include "frontend/views.h"
#include "runtime/executable.h"

#include <algorithm>

namespace ogee::detail {

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

// ---- nodes
// -------------------------------------------------------------------------------------------------------------

namespace {

/// Memory for gradients.
class GradientSink final : public runtime::ResultSink {
public:
  explicit GradientSink(const runtime::Executable& executable) : executable_(executable) {}
  void* memory(uint32_t result, std::span<const int64_t> dims, int64_t) override {
    gradients.push_back(make_dense(dims, executable_.program().results[result].dtype));
    return gradients[result].impl()->data();
  }
  std::vector<Tensor> gradients;

private:
  const runtime::Executable& executable_;
};

/// A tensor as it was when it was saved.
struct SavedTensor {
  explicit SavedTensor(Tensor tensor) : tensor(std::move(tensor)), version(this->tensor.impl()->storage->version()) {}
  Tensor tensor;
  uint64_t version;
};

class RuleNode final : public Node {
public:
  RuleNode(const TapeRule& rule, Loc loc, std::span<const RuleArgument> arguments, std::span<const Tensor> results);
  void run(const Cotangents& cotangents) override;
  void drop_saved() noexcept override {
    dropped = !saved_.empty();
    saved_.clear();
  }

private:
  void check() const;
  std::vector<Tensor> inputs(const Cotangents& cotangents);
  bool is_given_transposed(const BackwardInput& input) const { return rule_.key().transposed >> input.index & 1; }
  Tensor cotangent(const Cotangents& cotangents, unsigned output) const;
  std::vector<Tensor> call(std::span<const Tensor> inputs) const;
  void record_call(std::span<const Tensor> inputs, std::span<const Tensor> gradients) const;

  const TapeRule& rule_;
  std::vector<SavedTensor> saved_; ///< those of the rule's inputs that are arguments or results
  std::vector<int64_t> sizes_;     ///< those that are sizes
  std::vector<SizeList> shapes_;   ///< of the outputs, where there are several
  std::vector<DType> dtypes_;
};

void record(RuleKey key, const char* name, const TapeRule* origin, std::span<const RuleArgument> arguments,
            std::span<const Tensor> results, const std::function<Graph()>& graph, Loc loc);

/// As a rule takes it: what is transposed in memory as what lies there.
Tensor as_given(const Tensor& x, bool transposed) {
  return transposed ? view_transpose(x, swap_last(x.impl()->rank()), "transpose", Loc()) : x;
}

/// The size of an axis of an argument as the rule takes it.
int64_t size_of(const Tensor& x, unsigned axis, bool transposed) {
  const auto rank = static_cast<unsigned>(x.impl()->rank());
  if (transposed && axis + 2 >= rank) axis = axis + 1 == rank ? axis - 1 : axis + 1;
  return x.impl()->sizes[axis];
}

Tensor number_tensor(const Scalar& number, DType dtype) {
  Tensor x = make_dense({}, dtype);
  write_scalar(number, dtype, x.impl()->data());
  return x;
}

/// A result without history: the node is to hold the elements, not itself.
Tensor alias(const Tensor& x) {
  const TensorImpl& impl = *x.impl();
  return make_view(impl, impl.offset, impl.sizes, impl.strides);
}

SavedTensor save(const RuleArgument& argument) {
  return SavedTensor(argument.tensor ? *argument.tensor : number_tensor(argument.number, argument.dtype));
}

RuleNode::RuleNode(const TapeRule& rule, Loc loc, std::span<const RuleArgument> arguments,
                   std::span<const Tensor> results)
    : Node(rule.name(), loc, static_cast<uint32_t>(results.size())), rule_(rule) {
  for (const RuleArgument& argument : arguments)
    if (argument.kind == RuleArgument::Kind::tensor && rule.key().needs >> (&argument - arguments.data()) & 1)
      edges.push_back(edge_of(*argument.tensor));
  if (results.size() > 1)
    for (const Tensor& result : results) {
      shapes_.push_back(result.impl()->sizes);
      dtypes_.push_back(result.impl()->dtype);
    }
  if (!rule.exists()) return;
  for (const BackwardInput& input : rule.signature().inputs) {
    switch (input.kind) {
    case BackwardInput::Kind::argument: saved_.push_back(save(arguments[input.index])); break;
    case BackwardInput::Kind::result: saved_.emplace_back(alias(results[input.index])); break;
    case BackwardInput::Kind::index: sizes_.push_back(arguments[input.index].number.as_int()); break;
    case BackwardInput::Kind::size:
      sizes_.push_back(size_of(*arguments[input.index].tensor, input.axis, is_given_transposed(input)));
      break;
    case BackwardInput::Kind::cotangent: break;
    }
  }
}

void RuleNode::check() const {
  if (!rule_.exists())
    fail_with(ErrorCode::unsupported, runtime::concat("backward: ", name(), ": ", rule_.failure()), loc());
  if (dropped)
    fail_with(ErrorCode::state, "backward: what was saved has been dropped by an earlier backward; hint: retain_graph",
              loc());
  for (const SavedTensor& saved : saved_)
    if (saved.tensor.impl()->storage->version() != saved.version)
      fail_with(ErrorCode::state,
                runtime::concat("backward: a tensor that ", name(), " has saved, of shape ", saved.tensor.shape(),
                                ", was changed in place afterwards; hint: clone() it before, or "
                                "use an operation that makes a new tensor"),
                loc());
}

Tensor RuleNode::cotangent(const Cotangents& cotangents, unsigned output) const {
  const Tensor& given = cotangents.outputs[output];
  if (given.defined()) return given;
  return zeros(std::span<const int64_t>(shapes_[output]), dtypes_[output], loc());
}

/// The tensors that the rule reads, in order. If operations are recorded they have histories.
std::vector<Tensor> RuleNode::inputs(const Cotangents& cotangents) {
  std::vector<Tensor> inputs;
  size_t next = 0;
  for (const BackwardInput& input : rule_.signature().inputs) {
    switch (input.kind) {
    case BackwardInput::Kind::argument:
      inputs.push_back(as_given(saved_[next++].tensor, is_given_transposed(input)));
      break;
    case BackwardInput::Kind::index:
    case BackwardInput::Kind::size: break;
    case BackwardInput::Kind::result: {
      Tensor result = alias(saved_[next++].tensor);
      if (is_recording()) set_history(result, NodeRef(this), input.index);
      inputs.push_back(std::move(result));
      break;
    }
    case BackwardInput::Kind::cotangent: inputs.push_back(cotangent(cotangents, input.index)); break;
    }
  }
  for (Tensor& input : inputs)
    if (!input.impl()->dense) input = copy_dense(input, name(), loc());
  return inputs;
}

std::vector<Tensor> RuleNode::call(std::span<const Tensor> inputs) const {
  const runtime::Executable& executable = rule_.executable(loc());
  std::vector<runtime::TensorArg> args;
  for (const Tensor& input : inputs) args.push_back(input.impl()->arg());
  GradientSink sink(executable);
  with_place(loc(), [&] { executable.run({args, sizes_}, sink); });
  return std::move(sink.gradients);
}

/// Puts the computation of the gradients onto the tape in turn.
void RuleNode::record_call(std::span<const Tensor> inputs, std::span<const Tensor> gradients) const {
  std::vector<RuleArgument> arguments;
  auto tensor = inputs.begin();
  auto size = sizes_.begin();
  for (const BackwardInput& input : rule_.signature().inputs) {
    if (input.kind == BackwardInput::Kind::size || input.kind == BackwardInput::Kind::index)
      arguments.emplace_back(*size++);
    else
      arguments.emplace_back(*tensor++);
  }
  record({&rule_}, name(), &rule_, arguments, gradients, [&] { return rule_.graph(); }, loc());
}

/// Puts a call onto the tape whose rule derives from `graph`.
void record(RuleKey key, const char* name, const TapeRule* origin, std::span<const RuleArgument> arguments,
            std::span<const Tensor> results, const std::function<Graph()>& graph, Loc loc) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Tensor* x = arguments[i].tensor;
    if (!x) continue;
    key.needs |= static_cast<uint32_t>(has_gradient(*x)) << i;
    key.transposed |= static_cast<uint32_t>(is_transposed(*x->impl())) << i;
  }
  if (key.needs == 0) return;
  const NodeRef node(new RuleNode(find_rule(key, name, origin, graph), loc, arguments, results));
  for (uint32_t i = 0; i < results.size(); ++i)
    if (runtime::is_floating(results[i].impl()->dtype)) set_history(results[i], node, i);
}

void RuleNode::run(const Cotangents& cotangents) {
  check();
  const passes::BackwardSignature& signature = rule_.signature();
  const bool computes = std::ranges::any_of(signature.gradients, [](const BackwardGradient& gradient) {
    return gradient.kind == BackwardGradient::Kind::result;
  });
  std::vector<Tensor> gradients;
  if (computes) {
    const std::vector<Tensor> given = inputs(cotangents);
    gradients = call(given);
    if (is_recording()) record_call(given, gradients);
  }
  uint32_t argument = 0; // whose gradient comes next
  for (size_t i = 0; i < signature.gradients.size(); ++i, ++argument) {
    while (!(rule_.key().needs >> argument & 1)) ++argument;
    const BackwardGradient& gradient = signature.gradients[i];
    if (gradient.kind == BackwardGradient::Kind::result)
      cotangents.inputs[i] = as_given(gradients[gradient.index], rule_.key().transposed >> argument & 1);
    if (gradient.kind == BackwardGradient::Kind::cotangent) // of the operand's shape, so not transposed
      cotangents.inputs[i] = cotangents.outputs[gradient.index];
  }
}

} // namespace

void record_rule(RuleKey key, const char* name, std::span<const RuleArgument> arguments,
                 std::span<const Tensor> results, const KernelBody& body, Loc loc) {
  const auto graph = [&] { return record_graph(name, body, Loc()); };
  record(key, name, nullptr, arguments, results, std::cref(graph), loc);
}

} // namespace ogee::detail
