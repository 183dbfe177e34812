// Counters of what ogee did so far in this process.
#pragma once

#include <atomic>
#include <cstdint>

namespace ogee::runtime {

/// A snapshot; all numbers count from the start of the process or the last `reset_stats`, bytes_live and bytes_cached
/// are current.
struct Stats {
  uint64_t kernels_compiled = 0; ///< kernels for which code was generated
  uint64_t cache_hits = 0;       ///< kernels and programs found in memory or on disk instead
  uint64_t launches = 0;         ///< kernels, copies and fills run
  uint64_t graph_launches = 0;   ///< recorded runs of launches on a GPU run again as one
  int64_t bytes_live = 0;        ///< memory of tensors and running programs, here and below on the CPU
  int64_t bytes_peak = 0;        ///< the most that bytes_live was
  int64_t bytes_cached = 0;      ///< freed memory kept for reuse
};

/// The counters behind Stats that are not the allocator's; relaxed, since they order nothing.
struct Counters {
  alignas(64) std::atomic<uint64_t> kernels_compiled{0};
  std::atomic<uint64_t> cache_hits{0};
  alignas(64) std::atomic<uint64_t> launches{0};
  std::atomic<uint64_t> graph_launches{0};

  void count_launches(uint64_t n) noexcept { launches.fetch_add(n, std::memory_order_relaxed); }
};

Stats stats();
/// Sets the counters to 0 and the peak to what is live.
void reset_stats();

} // namespace ogee::runtime
