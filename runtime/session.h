// A saved program at work: it owns the memory of what outlives the calls (parameters, an optimizer's own, the
// generator's numbers) and writes the new values there at the end of each call.
#pragma once

#include "runtime/execution.h"

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace ogee::runtime {

/// Thread-safe: calls of a program that writes to its state take turns, others run together.
class Session {
public:
  /// Takes a valid Program; its state is copied into 64-byte aligned memory, of `device` where it is for one. Errors: a
  /// machine or device that cannot run it, and state arguments that have no first elements, by name.
  explicit Session(Program program, Device device = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Without the state that it began with.
  const Program& program() const noexcept { return executable_->program(); }
  /// The number of arguments that each call gives; those that are state follow them in Program::args.
  size_t given() const noexcept { return given_; }
  /// Whether `sink` is asked for a result: those that are written to state go there instead.
  bool gives(uint32_t result) const noexcept;
  Device device() const noexcept { return executable_->device(); }
  /// The present elements of Program::args[given() + index], dense; stable, so not to be read during a call that
  /// writes. Where they lie on a device only it can read them.
  std::span<const std::byte> state(size_t index) const noexcept;
  /// A copy of them.
  std::vector<std::byte> read_state(size_t index) const;

  /// Runs the program on the arguments that are no state, and then writes to the state. A result that is written to one
  /// of these arguments is for the caller to write: `sink` is asked for its memory as for any other. Errors as those of
  /// Executable; the state is as before, but for what had been computed in its memory when a kernel faulted.
  void run(const Inputs& inputs, ResultSink& sink);

private:
  class Sink;
  class Turn;
  struct Part {
    std::byte* data = nullptr;
    size_t bytes = 0;
    bool on_gpu = false;
  };

  void place_state(const Program& program);
  void place_pending(const Program& program);
  OwnedBlock block(size_t bytes, bool on_gpu) const;

  size_t given_ = 0;
  std::vector<Part> state_;
  cuda::Gpu* gpu_ = nullptr; ///< null on the CPU
  std::unique_ptr<OwnedBlock> memory_, gpu_memory_;
  std::vector<std::unique_ptr<OwnedBlock>> pending_; ///< by result: its value until the end of a call, null for most
  bool writes_ = false;                              ///< to its state
  std::unique_ptr<Executable> executable_;
  std::mutex mutex_; ///< of calls that write
};

} // namespace ogee::runtime
