// Running one kernel: how much work it is, whether it is split over threads, and what its faults say.
#pragma once

#include "runtime/program.h"

namespace ogee::runtime {

class ThreadPool;

/// How much work a launch is, and what it needs, for given sizes.
struct LaunchSizes {
  int64_t units = 0;
  int64_t unit_cost = 0;     ///< as KernelLaunch has it; 0: never split
  int64_t scratch_bytes = 0; ///< per concurrent chunk

  bool splits = false; ///< worth more than one thread

  LaunchSizes() = default;
  LaunchSizes(const KernelLaunch& launch, const int64_t* values) noexcept;
  /// Units are blocks, scratch their shared memory.
  LaunchSizes(const CudaLaunch& launch, const int64_t* values) noexcept;
};

/// Scratch memory for `workers` chunks at a time.
struct Scratch {
  std::byte* data = nullptr;
  int64_t stride = 0; ///< between the blocks of two workers
  unsigned workers = 1;
};

/// A kernel with its arguments.
struct KernelCall {
  KernelFn function = nullptr;
  void* const* buffers = nullptr;
  const int64_t* sizes = nullptr;
};

/// Runs a kernel in chunks on the pool's threads. Returns its fault or 0.
int32_t run_split(ThreadPool& pool, const KernelCall& call, const LaunchSizes& work, const Scratch& scratch);

/// Raises the Error of a fault.
[[noreturn]] void raise_fault(const KernelLaunch& launch, int32_t fault);

/// Runs a kernel over all its units, on the pool where it is worth it. Raises the Error of a fault.
inline void run_kernel(ThreadPool& pool, const KernelLaunch& launch, const KernelCall& call, const LaunchSizes& work,
                       const Scratch& scratch) {
  if (work.units <= 0) return;
  const int32_t fault = work.splits && scratch.workers > 1
                            ? run_split(pool, call, work, scratch)
                            : call.function(call.buffers, call.sizes, 0, work.units, scratch.data);
  if (fault != 0) [[unlikely]]
    raise_fault(launch, fault);
}

} // namespace ogee::runtime
