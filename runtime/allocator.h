// Memory for tensors and arenas: 64-byte aligned, freed blocks kept by size class, since fresh pages are the dearest
// memory there is.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace ogee::runtime {

/// Memory handed out by an Allocator.
struct Block {
  std::byte* data = nullptr;
  size_t bytes = 0; ///< the size it was rounded up to, for giving it back; only what was asked for may be used
};

/// Thread-safe. Blocks larger than `kMaxSmall` are mapped at 2 MB boundaries with huge pages; freed ones serve any
/// request that they exceed by at most about a quarter, and go back to the system when all memory held would exceed 1.5
/// times the peak of live memory + 256 MB.
class Allocator {
public:
  static constexpr size_t kAlignment = 64;
  static constexpr size_t kMaxSmall = size_t(896) << 10;

  Allocator();
  ~Allocator();
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;

  /// At least `bytes` bytes, uninitialised; an empty Block for 0. Error(out_of_memory) when there is none, also after
  /// giving back what is cached.
  Block allocate(size_t bytes);
  void deallocate(Block block) noexcept;
  /// Gives all cached memory back to the system.
  void release_cached() noexcept;

  int64_t bytes_live() const noexcept { return live_.load(std::memory_order_relaxed); }
  int64_t bytes_peak() const noexcept { return peak_.load(std::memory_order_relaxed); }
  int64_t bytes_cached() const noexcept;
  void reset_peak() noexcept { peak_.store(bytes_live(), std::memory_order_relaxed); }

  /// The size of a new block for a request of `bytes`.
  static size_t rounded(size_t bytes) noexcept;

private:
  struct SmallClass;
  struct Large;
  Block allocate_small(size_t bytes);
  Block allocate_large(size_t bytes);
  void count_live(size_t bytes) noexcept;
  void trim(size_t wanted) noexcept;

  std::unique_ptr<SmallClass[]> small_;
  std::unique_ptr<Large> large_;
  std::atomic<int64_t> live_{0};
  std::atomic<int64_t> peak_{0};
};

} // namespace ogee::runtime
