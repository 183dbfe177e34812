// A saved program at work: it owns the memory of what outlives the calls (parameters, an optimizer's own, the
// generator's numbers) and writes the new values there at the end of each call.
#pragma once

#include "runtime/executable.h"

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace ogee::runtime {

/// Thread-safe: calls of a program that writes to its state take turns, others run together.
class Session {
public:
  /// Takes a valid Program; its state is copied into 64-byte aligned memory. Errors: a machine that cannot run it, and
  /// state arguments that have no first elements, by name.
  explicit Session(Program program);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Without the state that it began with.
  const Program& program() const noexcept { return executable_->program(); }
  /// The number of arguments that each call gives; those that are state follow them in Program::args.
  size_t given() const noexcept { return given_; }
  /// Whether `sink` is asked for a result: those that are written to state go there instead.
  bool gives(uint32_t result) const noexcept;
  /// The present elements of Program::args[given() + index], dense; stable, so not to be read during a call that
  /// writes.
  std::span<const std::byte> state(size_t index) const noexcept;

  /// Runs the program on the arguments that are no state, and then writes to the state. A result that is written to one
  /// of these arguments is for the caller to write: `sink` is asked for its memory as for any other. Errors as those of
  /// Executable; the state is as before, but for what had been computed in its memory when a kernel faulted.
  void run(const Inputs& inputs, ResultSink& sink);

private:
  class Sink;
  struct Part {
    std::byte* data = nullptr;
    size_t bytes = 0;
  };

  void place_state(const Program& program);

  size_t given_ = 0;
  std::vector<Part> state_;
  std::unique_ptr<OwnedBlock> memory_;
  std::vector<std::unique_ptr<OwnedBlock>> pending_; ///< by result: its value until the end of a call, null for most
  bool writes_ = false;                              ///< to its state
  std::unique_ptr<Executable> executable_;
  std::mutex mutex_; ///< of calls that write
};

} // namespace ogee::runtime
