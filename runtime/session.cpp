// The state of a program: placed and bound once, written at the end of each call.
#include "runtime/session.h"

#include "runtime/checked.h"
#include "runtime/execution.h"

#include <algorithm>
#include <cstring>

namespace ogee::runtime {
namespace {

size_t padded(size_t bytes) {
  return (bytes + Allocator::kAlignment - 1) / Allocator::kAlignment * Allocator::kAlignment;
}

/// Arguments that are state come last: a valid program with state says so.
size_t count_given(const Program& program) {
  return static_cast<size_t>(
      std::ranges::count_if(program.args, [](const ArgSpec& arg) { return arg.role == Role::input; }));
}

void check_has_state(const Program& program, size_t given) {
  if (!program.state.empty() || given == program.args.size()) return;
  std::string names;
  for (const ArgSpec& arg : program.args)
    if (arg.role != Role::input) names += (names.empty() ? "" : ", ") + arg.name;
  raise(ErrorCode::state, "program ", program.name, ": its state has no values: ", names);
}

} // namespace

Session::Session(Program program) : given_(count_given(program)) {
  check_has_state(program, given_);
  place_state(program);
  program.trusted = false; // files vouch for nobody's arguments
  std::vector<std::vector<int64_t>> sizes;
  for (const ArgSpec& arg : std::span(program.args).subspan(given_)) {
    std::vector<int64_t>& dims = sizes.emplace_back();
    for (const Slot slot : arg.dims) dims.push_back(program.values.initial[slot]);
  }
  std::vector<TensorArg> bound;
  for (size_t i = 0; i < state_.size(); ++i)
    bound.push_back({state_[i].data, sizes[i].data(), nullptr, static_cast<uint32_t>(sizes[i].size()),
                     program.args[given_ + i].dtype});
  executable_ = std::make_unique<Executable>(std::move(program), bound);
}

Session::~Session() = default;

void Session::place_state(const Program& program) {
  size_t total = 0;
  for (const std::vector<uint8_t>& part : program.state) total += padded(part.size());
  memory_ = std::make_unique<OwnedBlock>(total);
  std::byte* at = memory_->data();
  for (const std::vector<uint8_t>& part : program.state) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    state_.push_back({at, part.size()});
    at += padded(part.size());
  }
  for (const ResultSpec& result : program.results) {
    const bool to_state = result.writes != kNoArgument && result.writes >= given_;
    writes_ |= to_state;
    pending_.push_back(to_state && !result.in_place ? std::make_unique<OwnedBlock>(state_[result.writes - given_].bytes)
                                                    : nullptr);
  }
}

bool Session::gives(uint32_t result) const noexcept {
  const uint32_t writes = program().results[result].writes;
  return writes == kNoArgument || writes < given_;
}

std::span<const std::byte> Session::state(size_t index) const noexcept {
  return {state_[index].data, state_[index].bytes};
}

/// Sends results that are state to their memory, all others to the caller.
class Session::Sink final : public ResultSink {
public:
  Sink(const Session& session, const Inputs& inputs, ResultSink& caller)
      : session_(session), inputs_(inputs), caller_(caller) {}

  void* memory(uint32_t result, std::span<const int64_t> dims, int64_t bytes) override {
    const ResultSpec& spec = session_.program().results[result];
    if (spec.writes == kNoArgument) return caller_.memory(result, dims, bytes);
    if (session_.gives(result)) {
      check(result, std::equal(dims.begin(), dims.end(), inputs_.tensors[spec.writes].sizes));
      return caller_.memory(result, dims, bytes);
    }
    const Part& part = session_.state_[spec.writes - session_.given_];
    check(result, static_cast<size_t>(bytes) == part.bytes);
    return spec.in_place ? part.data : session_.pending_[result]->data();
  }

private:
  void check(uint32_t result, bool fits) const {
    if (fits) return;
    const Program& program = session_.program();
    raise(ErrorCode::corrupt, "result ", result, " does not have the size of ",
          program.args[program.results[result].writes].name, ", which it is written to");
  }

  const Session& session_;
  const Inputs& inputs_;
  ResultSink& caller_;
};

void Session::run(const Inputs& inputs, ResultSink& sink) {
  std::unique_lock lock(mutex_, std::defer_lock);
  if (writes_) lock.lock();
  Sink own(*this, inputs, sink);
  executable_->run(inputs, own);
  for (uint32_t i = 0; i < pending_.size(); ++i) {
    if (!pending_[i]) continue;
    const Part& part = state_[program().results[i].writes - given_];
    if (part.bytes > 0) std::memcpy(part.data, pending_[i]->data(), part.bytes);
  }
}

} // namespace ogee::runtime
