// Memory of GPUs, stream-ordered, and copies between it and the host's.
#pragma once

#include "runtime/cuda/device.h"

#include <deque>
#include <span>
#include <utility>
#include <vector>

namespace ogee::runtime::cuda {

/// 256-byte aligned memory that this thread's stream may use; null for 0 bytes. Freed memory is kept by the driver's
/// pool for later requests. Error(out_of_memory) when there is none, also after giving back what is kept.
std::byte* allocate(Gpu& gpu, size_t bytes);
/// Gives it back: what is enqueued, on any stream, may still use it.
void deallocate(Gpu& gpu, std::byte* memory, size_t bytes) noexcept;
/// The same by the GPU's index.
void deallocate(int gpu, std::byte* memory, size_t bytes) noexcept;

/// Memory of a GPU, given back behind all work that is enqueued then.
class DeviceBlock {
public:
  DeviceBlock() noexcept = default;
  DeviceBlock(Gpu& gpu, size_t bytes) : gpu_(&gpu), data_(allocate(gpu, bytes)), bytes_(bytes) {}
  DeviceBlock(DeviceBlock&& other) noexcept { *this = std::move(other); }
  DeviceBlock& operator=(DeviceBlock&& other) noexcept {
    std::swap(gpu_, other.gpu_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~DeviceBlock() {
    if (data_) deallocate(*gpu_, data_, bytes_);
  }
  std::byte* data() const noexcept { return data_; }

private:
  Gpu* gpu_ = nullptr;
  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
};

struct MemoryStats {
  int64_t bytes_live = 0;   ///< memory of tensors and running programs
  int64_t bytes_peak = 0;   ///< the most that bytes_live was
  int64_t bytes_cached = 0; ///< freed memory kept for reuse
};
MemoryStats memory_stats(Gpu& gpu);
void reset_peak(Gpu& gpu) noexcept;
/// Waits, and gives all memory that is kept back to the system.
void release_cached(Gpu& gpu);

/// Copies to the device; `from` may be reused on return.
void copy_to_device(Gpu& gpu, std::byte* to, const void* from, size_t bytes);
/// Copies to the host: waits for this thread's stream, and raises what has failed before.
void copy_to_host(Gpu& gpu, void* to, const std::byte* from, size_t bytes);
/// Copies on the device; the ranges do not overlap.
void copy_on_device(Gpu& gpu, std::byte* to, const std::byte* from, size_t bytes);
/// Copies from one GPU to another, in the order of this thread's streams of both.
void copy_between(Gpu& to_gpu, std::byte* to, Gpu& from_gpu, const std::byte* from, size_t bytes);
/// Fills with a pattern of 1, 2, 4 or 8 bytes; `to` and `bytes` are multiples of it.
void fill(Gpu& gpu, std::byte* to, int64_t bytes, uint64_t pattern, unsigned pattern_bytes);

/// The last use of pinned memory by a stream.
struct PinnedUse {
  StreamHandle stream;
  Event event;
};

/// Host memory that the device reads and writes by itself: copies from and to it are asynchronous. Comes from a pool,
/// and goes back there; it is used again only when the work that may use it is done.
class PinnedBlock {
public:
  PinnedBlock() = default;
  PinnedBlock(Gpu& gpu, size_t bytes);
  ~PinnedBlock();
  PinnedBlock(PinnedBlock&& other) noexcept { swap(other); }
  PinnedBlock& operator=(PinnedBlock&& other) noexcept {
    PinnedBlock(std::move(other)).swap(*this);
    return *this;
  }
  void swap(PinnedBlock& other) noexcept;

  std::byte* data() const noexcept { return data_; }
  size_t bytes() const noexcept { return bytes_; }
  /// Work on the stream so far may use it.
  void used_on(Stream& stream);

private:
  Gpu* gpu_ = nullptr;
  std::byte* data_ = nullptr;
  size_t bytes_ = 0, capacity_ = 0;
  std::vector<PinnedUse> uses_;
};

/// Asynchronous copies: enqueued on this thread's stream, done when it says so (an Event tells).
void copy_to_device(Gpu& gpu, std::byte* to, PinnedBlock& from, size_t offset, size_t bytes);
void copy_to_host(Gpu& gpu, PinnedBlock& to, size_t offset, const std::byte* from, size_t bytes);

/// The pinned blocks that are in no use, or still may be by the device. Thread-safe.
class PinnedPool {
public:
  static constexpr size_t kMostBusy = size_t(64) << 20; ///< more than this waits for the device

  struct Block {
    std::byte* data = nullptr;
    size_t capacity = 0;
    std::vector<PinnedUse> uses;
  };
  Block take(Gpu& gpu, size_t bytes);
  void give(Block block) noexcept;
  /// Gives the free ones back to the system.
  void trim(Gpu& gpu) noexcept;

private:
  void collect(bool wait);

  std::mutex mutex_;
  std::vector<Block> free_;
  std::deque<Block> busy_;
  size_t bytes_busy_ = 0;
};

} // namespace ogee::runtime::cuda
