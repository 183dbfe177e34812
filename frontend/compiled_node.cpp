// Nodes of compiled functions: they hold what goes in and out, and run the backward graph on what it reads of that.
#include "frontend/compiled_node.h"

#include "frontend/failure.h"
#include "frontend/graph_impl.h"
#include "frontend/rule_node.h"

#include <algorithm>
#include <optional>

namespace ogee::detail {

CompiledTape::CompiledTape(const Graph& graph, std::vector<unsigned> wrt, size_t results, const std::string& failure)
    : graph_(graph), results_(results), rule_("compiled", "", graph.impl().device(), wrt, {},
                                              [&] {
                                                if (!failure.empty())
                                                  throw runtime::Error(ErrorCode::unsupported, failure);
                                                return derive(graph, wrt, Saved::chosen, Loc());
                                              }),
      full_rule_("compiled", "", graph.impl().device(), wrt, {},
                 [&] { return derive(forward(), wrt, Saved::results, Loc()); }) {}

bool CompiledTape::reads(size_t argument) const {
  return rule_.exists() && std::ranges::any_of(rule_.signature().inputs, [&](const BackwardInput& input) {
           return input.kind == BackwardInput::Kind::argument && input.index == argument;
         });
}

namespace {

class CompiledNode final : public Node {
public:
  CompiledNode(std::shared_ptr<CompiledTape> tape, std::span<const Tensor> arguments, std::span<const Tensor> results,
               Loc loc)
      : Node("compiled", loc, static_cast<uint32_t>(results.size())), tape_(std::move(tape)),
        arguments_(arguments.size()), results_(results.size()), outputs_(results.begin(), results.end()) {
    for (unsigned argument : tape_->rule().wrt()) {
      edges.push_back(edge_of(arguments[argument]));
      devices_.push_back(arguments[argument].device());
    }
    for (const Tensor& argument : arguments) sizes_.push_back(argument.impl()->sizes);
    for (const TapeRule* rule : {&tape_->rule(), &tape_->full_rule()})
      if (rule->exists()) save(*rule, arguments, results);
  }

  void run(const Cotangents& cotangents) override {
    tape_->rule().check(loc());
    if (dropped) fail_dropped(loc());
    const auto hidden = cotangents.outputs.subspan(tape_->results());
    const bool goes_through_hidden = std::ranges::any_of(hidden, [](const Tensor& x) { return x.defined(); });
    const TapeRule& rule = goes_through_hidden ? tape_->full_rule() : tape_->rule();
    rule.check(loc());
    std::vector<Tensor> tensors;
    std::vector<int64_t> sizes;
    for (const BackwardInput& input : rule.signature().inputs) {
      switch (input.kind) {
      case BackwardInput::Kind::argument: tensors.push_back(argument(input.index)); break;
      case BackwardInput::Kind::result: tensors.push_back(result(input.index)); break;
      case BackwardInput::Kind::size: sizes.push_back(sizes_[input.index][input.axis]); break;
      case BackwardInput::Kind::cotangent: {
        const Tensor& given = cotangents.outputs[input.index];
        tensors.push_back(given.defined() ? given : outputs_[input.index].make(loc()));
        break;
      }
      case BackwardInput::Kind::index: break; // compiled functions take tensors only
      }
    }
    run_rule(rule, std::move(tensors), sizes, cotangents, loc());
    send_back(cotangents.inputs, devices_, loc());
  }

  void drop_saved() noexcept override {
    dropped = true;
    arguments_.clear();
    results_.clear();
  }

private:
  /// Keeps what a rule reads, and no more.
  void save(const TapeRule& rule, std::span<const Tensor> arguments, std::span<const Tensor> results) {
    for (const BackwardInput& input : rule.signature().inputs) {
      if (input.kind == BackwardInput::Kind::argument) arguments_[input.index].emplace(arguments[input.index]);
      if (input.kind == BackwardInput::Kind::result) results_[input.index].emplace(results[input.index]);
    }
  }

  Tensor argument(unsigned number) {
    arguments_[number]->check(*this);
    const std::vector<unsigned>& wrt = tape_->rule().wrt();
    const auto place = std::ranges::find(wrt, number);
    if (!is_recording() || place == wrt.end()) return arguments_[number]->tensor;
    return with_history(arguments_[number]->tensor, edges[static_cast<size_t>(place - wrt.begin())]);
  }

  Tensor result(unsigned number) {
    results_[number]->check(*this);
    Tensor result = alias(results_[number]->tensor);
    if (is_recording()) set_history(result, NodeRef(this), number);
    return result;
  }

  const std::shared_ptr<CompiledTape> tape_;
  std::vector<std::optional<SavedTensor>> arguments_, results_; ///< those that a rule reads
  std::vector<SizeList> sizes_;                                 ///< of the arguments
  std::vector<Device> devices_;                                 ///< of those that have edges
  std::vector<ZeroLike> outputs_;
};

} // namespace

void CompiledTape::record(std::span<const Tensor> arguments, std::span<const Tensor> results, Loc loc) {
  set_histories(results, NodeRef(new CompiledNode(shared_from_this(), arguments, results, loc)));
}

} // namespace ogee::detail
