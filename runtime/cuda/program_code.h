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

/// A copy on the device, or a number of at most 8 bytes that goes there.
struct Transfer {
  std::byte* to = nullptr;
  const std::byte* from = nullptr; ///< null: `number`
  uint64_t number = 0;
  int64_t bytes = 0;
};

/// Where the numbers of the host are that a kernel reads.
enum class Numbers : uint8_t { on_host, on_device };

class ProgramCode {
public:
  /// Loads the modules. Error(unsupported): for devices of another architecture.
  ProgramCode(Gpu& gpu, const Program& program);

  Gpu& gpu() const noexcept { return gpu_; }
  /// Where the constants lie, in order.
  const std::vector<std::byte*>& constants() const noexcept { return constants_; }

  /// Makes a launch of the program's list ready: its number.
  uint32_t add(const Program& program, const CudaLaunch& launch);
  /// Enqueues it: `buffers` and `sizes` are those of the launch, in order, and `blocks` is not 0. The memory of the
  /// host's numbers is the host's, or all of it is the device's. `params` is room to work in.
  void launch(uint32_t kernel, void* const* buffers, Numbers numbers, const int64_t* sizes, int64_t blocks,
              int64_t shared_bytes, std::vector<const void*>& params) const;

  /// Enqueues a product on the library; false where that does not do it.
  bool multiply(const MatmulLaunch& product, const MatmulProblem& problem, const MatmulMemory& memory,
                OwnedBlock& workspace) const;

  /// Enqueues copies as one launch or a few, by the program's own kernel for that.
  void transfer(std::span<const Transfer> transfers) const;

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
    std::vector<bool> is_number;      ///< by buffer: of the host
    std::unique_ptr<FaultWord> fault; ///< of one with sites
    Address fault_address = 0;
  };

  void upload(const Program& program);
  Function find(const Program& program, const KernelPlace& place) const;

  Gpu& gpu_;
  Function transfer_;
  std::vector<std::unique_ptr<Module>> modules_;
  std::vector<Kernel> kernels_;
  OwnedBlock constant_memory_;
  std::vector<std::byte*> constants_;
  std::optional<Event> uploaded_;
};

/// The next multiple of what devices align by.
constexpr size_t padded(size_t bytes) noexcept { return (bytes + 255) / 256 * 256; }

} // namespace ogee::runtime::cuda
