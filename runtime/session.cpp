// The state of a program: placed and bound once, written at the end of each call.
#include "runtime/session.h"

#include "runtime/checked.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace ogee::runtime {
namespace {

using cuda::padded; // more than the CPU asks for

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

Session::Session(Program program, Device device) : given_(count_given(program)) {
  check_has_state(program, given_);
  if (program.device == Device::Kind::cuda) gpu_ = &cuda::Gpu::get(device.index());
  std::optional<cuda::StreamGuard> on_own; // with what `Turn` orders calls by
  if (gpu_) on_own.emplace(gpu_->own_stream());
  place_state(program);
  place_pending(program);
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
  executable_ = std::make_unique<Executable>(std::move(program), bound, device);
}

Session::~Session() = default;

OwnedBlock Session::block(size_t bytes, bool on_gpu) const {
  return on_gpu ? OwnedBlock(bytes, *gpu_) : OwnedBlock(bytes);
}

void Session::place_state(const Program& program) {
  size_t total[2] = {0, 0}; // on the host, on the GPU
  for (size_t i = 0; i < program.state.size(); ++i) {
    const size_t bytes = program.state[i].size();
    const bool on_gpu = gpu_ && !program.args[given_ + i].host;
    state_.push_back({nullptr, bytes, on_gpu});
    total[on_gpu] += padded(bytes);
  }
  memory_ = std::make_unique<OwnedBlock>(block(total[0], false));
  if (gpu_) gpu_memory_ = std::make_unique<OwnedBlock>(block(total[1], true));
  std::byte* at[2] = {memory_->data(), gpu_ ? gpu_memory_->data() : nullptr};
  for (size_t i = 0; i < state_.size(); ++i) {
    Part& part = state_[i];
    part.data = std::exchange(at[part.on_gpu], at[part.on_gpu] + padded(part.bytes));
    if (part.on_gpu)
      cuda::copy_to_device(*gpu_, part.data, program.state[i].data(), part.bytes);
    else if (part.bytes > 0)
      std::memcpy(part.data, program.state[i].data(), part.bytes);
  }
}

void Session::place_pending(const Program& program) {
  for (const ResultSpec& result : program.results) {
    const bool to_state = result.writes != kNoArgument && result.writes >= given_;
    writes_ |= to_state;
    pending_.push_back(nullptr);
    if (to_state && !result.in_place)
      pending_.back() = std::make_unique<OwnedBlock>(block(state_[result.writes - given_].bytes, gpu_));
  }
}

bool Session::gives(uint32_t result) const noexcept {
  const uint32_t writes = program().results[result].writes;
  return writes == kNoArgument || writes < given_;
}

std::span<const std::byte> Session::state(size_t index) const noexcept {
  return {state_[index].data, state_[index].bytes};
}

std::vector<std::byte> Session::read_state(size_t index) const {
  const Part& part = state_[index];
  std::vector<std::byte> copy(part.bytes);
  if (part.on_gpu)
    cuda::copy_to_host(*gpu_, copy.data(), part.data, part.bytes);
  else
    std::copy_n(part.data, part.bytes, copy.begin());
  return copy;
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

/// Puts a call on another stream of the GPU in line with those on its own, where the state was placed.
class Session::Turn {
public:
  explicit Turn(cuda::Gpu* gpu) : gpu_(gpu && &gpu->stream() != &gpu->own_stream() ? gpu : nullptr) {
    if (gpu_) gpu_->stream().wait(gpu_->own_stream());
  }
  ~Turn() {
    if (!gpu_) return;
    try {
      gpu_->own_stream().wait(gpu_->stream());
    } catch (const Error&) { // CUDA is lost: every later call says so
    }
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

private:
  cuda::Gpu* gpu_;
};

void Session::run(const Inputs& inputs, ResultSink& sink) {
  std::unique_lock lock(mutex_, std::defer_lock);
  if (writes_) lock.lock();
  const Turn turn(gpu_);
  Sink own(*this, inputs, sink);
  executable_->run(inputs, own);
  for (uint32_t i = 0; i < pending_.size(); ++i) {
    if (!pending_[i]) continue;
    const Part& part = state_[program().results[i].writes - given_];
    if (part.bytes == 0) continue;
    if (!gpu_)
      std::memcpy(part.data, pending_[i]->data(), part.bytes);
    else if (part.on_gpu)
      cuda::copy_on_device(*gpu_, part.data, pending_[i]->data(), part.bytes);
    else
      cuda::copy_to_host(*gpu_, part.data, pending_[i]->data(), part.bytes);
  }
}

} // namespace ogee::runtime
