// Nodes of compiled functions: they hold what goes in and out, and run the backward graph on what it reads of that.
#include "frontend/compiled_node.h"

#include "frontend/failure.h"
#include "frontend/rule_node.h"

#include <algorithm>

namespace ogee::detail {

CompiledTape::CompiledTape(const Graph& graph, std::vector<unsigned> wrt, size_t results, const std::string& failure)
    : graph_(graph), results_(results), rule_("compiled", "", wrt, {}, [&] {
        if (!failure.empty()) throw runtime::Error(ErrorCode::unsupported, failure);
        return derive(graph, wrt, Saved::chosen, Loc());
      }) {}

const TapeRule& CompiledTape::full_rule() {
  std::lock_guard lock(mutex_);
  if (!full_rule_)
    full_rule_ = std::make_unique<TapeRule>("compiled", "", rule_.wrt(), ArgumentSet(), [&] {
      return derive(rule_.forward(), rule_.wrt(), Saved::results, Loc());
    });
  return *full_rule_;
}

namespace {

class CompiledNode final : public Node {
public:
  CompiledNode(std::shared_ptr<CompiledTape> tape, std::vector<Tensor> arguments, std::span<const Tensor> results,
               Loc loc)
      : Node("compiled", loc, static_cast<uint32_t>(results.size())), tape_(std::move(tape)),
        arguments_(arguments.begin(), arguments.end()), outputs_(results.begin(), results.end()) {
    for (unsigned argument : tape_->rule().wrt()) edges.push_back(edge_of(arguments[argument]));
    for (const Tensor& result : results) results_.emplace_back(alias(result));
  }

  void run(const Cotangents& cotangents) override {
    if (dropped) fail_dropped(loc());
    const auto hidden = cotangents.outputs.subspan(tape_->results());
    const bool goes_through_hidden = std::ranges::any_of(hidden, [](const Tensor& x) { return x.defined(); });
    const TapeRule& rule = goes_through_hidden ? tape_->full_rule() : tape_->rule();
    rule.check(loc());
    std::vector<Tensor> tensors;
    std::vector<int64_t> sizes;
    for (const BackwardInput& input : rule.signature().inputs) {
      switch (input.kind) {
      case BackwardInput::Kind::argument:
        arguments_[input.index].check(*this);
        tensors.push_back(arguments_[input.index].tensor);
        break;
      case BackwardInput::Kind::result: tensors.push_back(result(input.index)); break;
      case BackwardInput::Kind::size: sizes.push_back(arguments_[input.index].tensor.impl()->sizes[input.axis]); break;
      case BackwardInput::Kind::cotangent: {
        const Tensor& given = cotangents.outputs[input.index];
        tensors.push_back(given.defined() ? given : outputs_[input.index].make(loc()));
        break;
      }
      case BackwardInput::Kind::index: break; // compiled functions take tensors only
      }
    }
    run_rule(rule, std::move(tensors), sizes, cotangents, loc());
  }

  void drop_saved() noexcept override {
    dropped = true;
    arguments_.clear();
    results_.clear();
  }

private:
  Tensor result(unsigned number) {
    results_[number].check(*this);
    Tensor result = alias(results_[number].tensor);
    if (is_recording()) set_history(result, NodeRef(this), number);
    return result;
  }

  const std::shared_ptr<CompiledTape> tape_;
  std::vector<SavedTensor> arguments_, results_;
  std::vector<ZeroLike> outputs_;
};

} // namespace

void CompiledTape::record(std::vector<Tensor> arguments, std::span<const Tensor> results, Loc loc) {
  set_histories(results, NodeRef(new CompiledNode(shared_from_this(), std::move(arguments), results, loc)));
}

} // namespace ogee::detail
