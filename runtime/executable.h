// A Program in memory, ready to run: images mapped, constants aligned, what depends on sizes solved once per tuple of
// sizes.
#pragma once

#include "runtime/program.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <span>

namespace ogee::runtime {

class OwnedBlock;
namespace cuda {
class ProgramCode;
}
struct KernelCall;
struct LaunchSizes;

/// A tensor as an argument of a call, on the program's device. Strides are in elements; null: dense row-major.
struct TensorArg {
  void* data = nullptr;
  const int64_t* sizes = nullptr;
  const int64_t* strides = nullptr;
  uint32_t rank = 0;
  DType dtype = DType::f32;
};

/// The arguments of a call, in the order of Program::args, without those that are bound.
struct Inputs {
  std::span<const TensorArg> tensors;
  std::span<const int64_t> indices = {};
};

/// Where results go: asked once per result, in order, before anything runs.
class ResultSink {
public:
  /// Memory for a result, dense row-major: at least `bytes` bytes, 64-byte aligned unless the caller knows better.
  virtual void* memory(uint32_t result, std::span<const int64_t> dims, int64_t bytes) = 0;

protected:
  ~ResultSink() = default;
};

class Executable {
public:
  /// Takes a valid Program (asserted) and maps its images, or loads its modules on `device` (of a program for CUDA, the
  /// first one unless it is said). An Error when this machine or the device cannot run it. `bound` are its last tensor
  /// arguments, where they are the same in every call: calls do not give them, and nothing of them is checked. Their
  /// memory must outlive the executable.
  explicit Executable(Program program, std::span<const TensorArg> bound = {}, Device device = {});
  ~Executable();
  Executable(const Executable&) = delete;
  Executable& operator=(const Executable&) = delete;

  const Program& program() const noexcept { return program_; }
  Device device() const noexcept { return device_; }

  /// Runs the program; may be called from many threads. Raises an Error when the arguments do not fit (nothing has run
  /// then), when there is no memory, and when a kernel faults (what it wrote so far is unspecified).
  /// On a GPU arguments and results are addresses there, those that are the host's excepted, and a call returns when
  /// all is enqueued on this thread's stream; faults are raised by what waits for it.
  void run(const Inputs& inputs, ResultSink& sink) const;
  /// The same where the caller already has the memory of all results: no sizes are reported.
  void run(const Inputs& inputs, std::span<void* const> results) const;

private:
  struct Plan;      // what follows from the program alone
  struct Solution;  // what follows from a tuple of sizes
  struct Execution; // what one running call needs
  struct Runner;    // one call
  struct ReplayKey; // calls on a GPU that run again as recorded
  class Replay;
  class Replays;

  void bind(std::span<const TensorArg> bound);
  void place_constants();
  void run_direct(const Inputs& inputs, ResultSink& sink) const;
  void launch_direct(const KernelCall& call, const LaunchSizes& work) const;

  Program program_;
  Device device_;
  std::unique_ptr<cuda::ProgramCode> code_; ///< on a GPU
  std::unique_ptr<OwnedBlock> constant_memory_;
  std::vector<std::byte*> constants_;
  std::vector<void*> bound_; ///< the memory of the last arguments
  std::unique_ptr<Plan> plan_;
};

} // namespace ogee::runtime
