// The inside of Executable: what follows from a program alone (Plan), from a tuple of sizes (Solution), and what one
// call needs (Execution).
#pragma once

#include "runtime/cuda/program_code.h"
#include "runtime/executable.h"
#include "runtime/launch.h"
#include "runtime/owned_block.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace ogee::runtime {

/// The most that a program may have to run on the caller's stack alone.
struct DirectLimits {
  static constexpr size_t kSlots = 128, kSizes = 64, kBuffers = 32, kResults = 8, kRank = 16;
  static constexpr int64_t kScratch = 4096;
};

/// The dims of a result, and its bytes were it dense; an Error when they overflow or one is negative.
int64_t result_bytes(const ResultSpec& result, const int64_t* values, int64_t* dims);

/// Symbols, in the order of the table, read from the arguments of a call.
void read_symbols(const Program& program, const Inputs& inputs, int64_t* symbols) noexcept;
int64_t read_symbol(const SymbolSource& source, const Inputs& inputs) noexcept;

/// What is checked on every call: an argument's dim or stride against a slot.
struct DimCheck {
  uint32_t arg = 0, axis = 0;
  Slot slot = 0;
};

/// The checks of arguments against the values of a program's table; all raise Errors.
class EntryChecks {
public:
  /// Of the first `given` tensor arguments.
  EntryChecks(const Program& program, size_t given);
  /// Numbers of arguments, dtypes and ranks: before anything is read from them.
  void check_kinds(const Inputs& inputs) const;
  /// Dims and strides against solved values.
  void check_dims(const Inputs& inputs, const int64_t* values) const;
  /// The ranges of symbols, and the program's own checks.
  void check_values(const int64_t* values) const;
  void check_ranges(const int64_t* values) const;

private:
  [[noreturn]] void raise_dim(const DimCheck& check, int64_t found, int64_t expected) const;
  [[noreturn]] void raise_stride(const DimCheck& check, int64_t found, int64_t expected) const;

  const Program& program_;
  const size_t given_;
  std::vector<DimCheck> dims_, strides_;
  std::vector<uint32_t> dense_; ///< arguments that must be dense
};

/// A launch list with what its kernels need at hand.
struct PlanNode {
  const Entry* entry = nullptr;
  static constexpr uint32_t kNoKernel = ~0u, kNoRun = ~0u;
  uint32_t kernel = kNoKernel;         ///< KernelLaunch: index into Plan::kernels
  uint32_t on_gpu = kNoKernel;         ///< the same of a CudaLaunch
  uint32_t run = kNoRun, length = 0;   ///< of the first of a straight run: which one, and how many nodes it has
  std::vector<PlanNode> first, second; ///< bodies, in the order of the entry's fields
};

/// A launch of a kernel. In as few bytes as it can be: loops over many kernels feel it.
struct PlanKernel {
  const KernelLaunch* launch = nullptr; ///< null on a GPU
  KernelFn function = nullptr;          ///< null on a GPU
  uint32_t sizes_at = 0;                ///< in the gathered sizes
  uint32_t buffers_at = 0;              ///< in the gathered buffers
  bool varies = false;                  ///< inside a ForEntry: its sizes are gathered when it is launched
  uint32_t loaded = 0;                  ///< on a GPU: as cuda::ProgramCode knows it, and in Plan::gpu_launches
};

/// A buffer that is an argument of the call.
struct PlanArgument {
  uint32_t buffer = 0, arg = 0;
};

struct Executable::Solution {
  std::vector<int64_t> symbols; ///< the key
  std::vector<int64_t> values;
  std::vector<int64_t> sizes;         ///< gathered, kernel by kernel
  std::vector<LaunchSizes> launches;  ///< by kernel
  std::vector<int64_t> result_sizes;  ///< in bytes, were they dense
  std::vector<int64_t> arena_offsets; ///< by buffer
  std::vector<int64_t> buffer_bytes;  ///< by buffer
  int64_t arena_bytes = 0;
  int64_t scratch_bytes = 0; ///< the most that any kernel needs for one chunk
  bool splits = false;       ///< some launch is worth more than one thread

  Solution(const Program& program, const Plan& plan, std::span<const int64_t> key);

private:
  void place_buffers(const Program& program, int64_t alignment);
};

struct Executable::Execution {
  std::shared_ptr<const Solution> solution;
  std::vector<int64_t> symbols; ///< of the call
  std::vector<int64_t> values;  ///< the solution's, and what loops set
  std::vector<int64_t> sizes;   ///< the solution's, and what loops gather
  std::vector<int64_t> dims;    ///< of the result being reported
  std::vector<void*> pointers;  ///< by buffer
  std::vector<void*> numbers;   ///< in replays, by buffer: where a number of the host is on the device, else null
  std::vector<void*> gathered;  ///< by kernel
  OwnedBlock arena, scratch_block;
  OwnedBlock workspace;            ///< on a GPU: of products
  std::byte* arena_base = nullptr; ///< for which the pointers of arena buffers hold
  Scratch scratch;
  std::vector<const void*> params; ///< on a GPU: of the kernel being launched

  /// Makes this the execution of a solution.
  void bind(std::shared_ptr<const Solution> solved);
  /// Sees to arena and scratch memory for the solution.
  void provide_memory(const Program& program, const Plan& plan);
  /// Writes the pointers of all kernels' buffers side by side.
  void gather(const Plan& plan);
  void provide_scratch(int64_t bytes, unsigned workers);
  /// Gives large memory back between calls.
  void give_back() noexcept;
  /// The same with all memory of the GPU that the next call may not use: its stream is another one.
  void give_back_device() noexcept;
};

struct Executable::Plan final : cuda::Keeper {
  Plan(const Program& program, const std::vector<std::byte*>& constants, const std::vector<void*>& bound,
       cuda::ProgramCode* code);
  ~Plan();
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  EntryChecks checks;
  std::vector<PlanNode> launches;
  std::vector<PlanKernel> kernels;
  std::vector<PlanArgument> arguments;
  std::vector<uint32_t> buffer_refs;   ///< the buffers of all kernels, one after the other
  std::vector<uint32_t> changing_refs; ///< places in it of arguments and results: other memory in each call
  size_t size_count = 0;               ///< gathered sizes
  bool direct = false;                 ///< one kernel and no arena: runs on the caller's stack alone
  cuda::ProgramCode* const code;       ///< null on the CPU
  std::vector<bool> is_host;           ///< by buffer: an argument whose memory is the host's; everything is on the CPU
  std::vector<const CudaLaunch*> gpu_launches;
  uint32_t runs = 0;                ///< straight ones that can be recorded
  std::unique_ptr<Replays> replays; ///< null: calls are not recorded

  std::unique_ptr<Execution> acquire();
  void release(std::unique_ptr<Execution> execution) noexcept;
  std::unique_ptr<Execution> make_execution() const;
  void reclaim() noexcept override;
  /// Whether an argument is bound, and this its memory.
  bool is_bound(uint32_t arg, const void* memory) const noexcept {
    return arg >= given_ && bound_[arg - given_] == memory;
  }
  std::shared_ptr<const Solution> solve(const Program& program, std::span<const int64_t> symbols);

private:
  std::vector<PlanNode> prepare(const Program& program, const LaunchList& list, bool varies);
  uint32_t prepare_kernel(const Program& program, const KernelLaunch& launch, bool varies);
  uint32_t prepare_kernel(const Program& program, const CudaLaunch& launch, bool varies);
  PlanKernel& add_kernel(const std::vector<uint32_t>& buffers, const std::vector<Slot>& sizes, bool varies);
  void number_runs(std::vector<PlanNode>& nodes);

  const size_t given_; ///< arguments that are not bound
  const std::vector<void*> bound_;
  std::vector<void*> initial_pointers_;    ///< constants, bound arguments
  std::atomic<Execution*> ready_{nullptr}; ///< the way in and out for one caller at a time
  std::mutex mutex_;
  std::vector<std::unique_ptr<Execution>> idle_;
  std::mutex solve_mutex_;
  std::vector<std::shared_ptr<const Solution>> solutions_; ///< most recent first
};

} // namespace ogee::runtime
