// What a program is on a GPU: its modules loaded, its kernels ready to launch, its constants uploaded; and what its
// launch list does there beside kernels.
#pragma once

#include "runtime/cuda/fault.h"
#include "runtime/cuda/matmul.h"
#include "runtime/cuda/module.h"
#include "runtime/owned_block.h"
#include "runtime/program.h"

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace ogee::runtime::cuda {

class ProgramCode {
public:
  /// Loads the modules. Error(unsupported): for devices of another architecture.
  ProgramCode(Gpu& gpu, const Program& program);

  Gpu& gpu() const noexcept { return gpu_; }
  /// Where the constants lie, in order.
  const std::vector<std::byte*>& constants() const noexcept { return constants_; }

  /// Makes a launch of the program's list ready: its number.
  uint32_t add(const Program& program, const CudaLaunch& launch);
  /// Enqueues it: `buffers` and `sizes` are those of the launch, in order, and `blocks` is not 0. `params` is room to
  /// work in.
  void launch(uint32_t kernel, void* const* buffers, const int64_t* sizes, int64_t blocks, int64_t shared_bytes,
              std::vector<const void*>& params) const;

  /// Enqueues a product on the library; false where that does not do it.
  bool multiply(const MatmulLaunch& product, const MatmulProblem& problem, const MatmulMemory& memory) const;

  /// Before the work of a call: what is enqueued now comes after the constants are there.
  void begin_call() const;
  /// Whether this thread's work goes to another stream than the GPU's own: memory that an earlier call used may not be
  /// used again then.
  bool is_elsewhere() const { return &gpu_.stream() != &gpu_.own_stream(); }

  // Of addresses on the device, in the order of this thread's stream.
  /// The ranges may overlap.
  void copy(std::byte* to, const std::byte* from, size_t bytes) const;
  void copy_from_host(std::byte* to, const void* from, size_t bytes) const;
  /// Waits, and raises what has failed before.
  std::vector<std::byte> read(const std::byte* from, size_t bytes) const;
  /// Whole patterns, wherever `to` is.
  void fill(std::byte* to, int64_t bytes, uint64_t pattern, unsigned pattern_bytes) const;

private:
  struct Kernel {
    const CudaLaunch* launch = nullptr;
    Function function;
    LaunchNote note;
    std::vector<bool> by_value;       ///< by buffer
    std::unique_ptr<FaultWord> fault; ///< of one with sites
    Address fault_address = 0;
  };

  void upload(const Program& program);

  Gpu& gpu_;
  std::vector<std::unique_ptr<Module>> modules_;
  std::vector<Kernel> kernels_;
  OwnedBlock constant_memory_;
  std::vector<std::byte*> constants_;
  std::optional<Event> uploaded_;
};

/// The next multiple of what devices align by.
constexpr size_t padded(size_t bytes) noexcept { return (bytes + 255) / 256 * 256; }

} // namespace ogee::runtime::cuda
