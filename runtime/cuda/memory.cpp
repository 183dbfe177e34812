// The driver's pool, copies, and pinned memory.
#include "runtime/cuda/memory.h"

#include "runtime/cuda/fault.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace ogee::runtime::cuda {
namespace {

constexpr size_t kStage = size_t(4) << 20; ///< bytes that are copied from the host at a time

Address address_of(const std::byte* memory) { return reinterpret_cast<uintptr_t>(memory); }

/// Before a call that enqueues: an Error if CUDA cannot be used; this thread's stream.
Stream& begin(Gpu& gpu) {
  Devices::get().check();
  gpu.activate();
  return gpu.stream();
}

void count_live(Gpu& gpu, int64_t bytes) noexcept {
  const int64_t live = gpu.bytes_live.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  int64_t peak = gpu.bytes_peak.load(std::memory_order_relaxed);
  while (live > peak && !gpu.bytes_peak.compare_exchange_weak(peak, live, std::memory_order_relaxed)) {}
}

std::string size_text(size_t bytes) { return concat(bytes, " bytes"); }

} // namespace

std::byte* allocate(Gpu& gpu, size_t bytes) {
  Stream& stream = begin(gpu);
  if (bytes == 0) return nullptr;
  stream.refuse_recording("allocating memory");
  const Driver& driver = gpu.driver();
  Address memory = 0;
  int status = driver.cuMemAllocAsync(&memory, bytes, stream.handle());
  if (blame_of(status) == Blame::memory) { // what is freed but enqueued, and what the pool keeps
    release_cached(gpu);
    status = driver.cuMemAllocAsync(&memory, bytes, stream.handle());
  }
  if (blame_of(status) == Blame::memory)
    raise(ErrorCode::out_of_memory, "CUDA: ", gpu.device(), " has no memory left for ", size_text(bytes), "; ",
          gpu.bytes_live.load(), " of ", gpu.properties().memory_bytes, " are live in this process");
  gpu.check(status, concat("allocating ", size_text(bytes)));
  stream.note_work();
  count_live(gpu, int64_t(bytes));
  return reinterpret_cast<std::byte*>(memory);
}

void deallocate(Gpu& gpu, std::byte* memory, size_t bytes) noexcept {
  if (!memory) return;
  count_live(gpu, -int64_t(bytes));
  if (!gpu.try_activate()) return; // gone with its context, or about to be
  struct Call {
    Gpu& gpu;
    Address memory;
  } call{gpu, address_of(memory)};
  const auto free = [](void* context, StreamHandle stream) {
    const Call& call = *static_cast<Call*>(context);
    call.gpu.note(call.gpu.driver().cuMemFreeAsync(call.memory, stream), "freeing memory");
  };
  if (gpu.streams().behind_all(gpu, gpu.own_stream(), free, &call)) return;
  const int status = gpu.wait_for_all(); // streams cannot be ordered
  gpu.note(status, "waiting for the device");
  if (status == 0) free(&call, gpu.own_stream().handle());
}

void deallocate(int gpu, std::byte* memory, size_t bytes) noexcept {
  if (Gpu* const made = Devices::get().made(gpu)) deallocate(*made, memory, bytes);
}

MemoryStats memory_stats(Gpu& gpu) {
  Devices::get().check();
  uint64_t reserved = 0;
  gpu.check(gpu.driver().cuMemPoolGetAttribute(gpu.pool(), kReservedCurrent, &reserved), "asking the memory pool");
  MemoryStats stats;
  stats.bytes_live = gpu.bytes_live.load(std::memory_order_relaxed);
  stats.bytes_peak = gpu.bytes_peak.load(std::memory_order_relaxed);
  stats.bytes_cached = std::max<int64_t>(0, int64_t(reserved) - stats.bytes_live);
  return stats;
}

void reset_peak(Gpu& gpu) noexcept { gpu.bytes_peak.store(gpu.bytes_live.load()); }

void release_cached(Gpu& gpu) {
  begin(gpu).refuse_recording("giving back memory");
  gpu.reclaim();
  gpu.check(gpu.wait_for_all(), "waiting for the device");
  gpu.check(gpu.driver().cuMemPoolTrimTo(gpu.pool(), 0), "giving back memory");
  gpu.pinned().trim(gpu);
}

// --- copies ---------------------------------------------------------------------------------------------------------

// Through pinned memory of ours: whether the driver reads pageable memory before it returns depends on the machine.
void copy_to_device(Gpu& gpu, std::byte* to, const void* from, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    const size_t part = std::min(bytes - done, kStage);
    PinnedBlock block(gpu, part);
    std::memcpy(block.data(), static_cast<const std::byte*>(from) + done, part);
    copy_to_device(gpu, to + done, block, 0, part);
    done += part;
  }
}

void copy_to_host(Gpu& gpu, void* to, const std::byte* from, size_t bytes) {
  Stream& stream = begin(gpu);
  stream.refuse_recording("a copy to the host");
  if (bytes > 0) {
    const int status = gpu.driver().cuMemcpyDtoHAsync_v2(to, address_of(from), bytes, stream.handle());
    if (status != 0) gpu.check(status, concat("copying ", size_text(bytes), " to the host"));
    stream.note_work();
  }
  gpu.synchronize(stream);
}

void copy_on_device(Gpu& gpu, std::byte* to, const std::byte* from, size_t bytes) {
  Stream& stream = begin(gpu);
  if (bytes == 0) return;
  const int status = gpu.driver().cuMemcpyDtoDAsync_v2(address_of(to), address_of(from), bytes, stream.handle());
  if (status != 0) gpu.check(status, concat("copying ", size_text(bytes)));
  stream.note_work();
}

void copy_between(Gpu& to_gpu, std::byte* to, Gpu& from_gpu, const std::byte* from, size_t bytes) {
  if (&to_gpu == &from_gpu) return copy_on_device(to_gpu, to, from, bytes);
  if (bytes == 0) return;
  Stream& source = begin(from_gpu);
  Stream& stream = begin(to_gpu);
  stream.wait(source);
  to_gpu.activate();
  const int status = to_gpu.driver().cuMemcpyPeerAsync(address_of(to), to_gpu.context(), address_of(from),
                                                       from_gpu.context(), bytes, stream.handle());
  if (status != 0) to_gpu.check(status, concat("copying ", size_text(bytes), " from ", from_gpu.device()));
  stream.note_work();
  source.wait(stream); // the source's memory may be freed or written only behind the copy
}

void fill(Gpu& gpu, std::byte* to, int64_t bytes, uint64_t pattern, unsigned pattern_bytes) {
  Stream& stream = begin(gpu);
  if (bytes <= 0) return;
  const Driver& driver = gpu.driver();
  for (unsigned width = pattern_bytes; width < 8; width *= 2)
    pattern = (pattern & (~uint64_t(0) >> (64 - 8 * width))) * (1 + (uint64_t(1) << (8 * width)));
  const auto check = [&](int status) {
    if (status != 0) gpu.check(status, concat("filling ", size_text(size_t(bytes))));
    stream.note_work();
  };
  if (pattern == (pattern & 0xff) * 0x0101010101010101)
    return check(driver.cuMemsetD8Async(address_of(to), uint8_t(pattern), size_t(bytes), stream.handle()));
  if (pattern >> 32 == (pattern & 0xffffffff) && bytes % 4 == 0 && address_of(to) % 4 == 0)
    return check(driver.cuMemsetD32Async(address_of(to), uint32_t(pattern), size_t(bytes) / 4, stream.handle()));
  // Some from the host, then what is there already, doubling.
  size_t done = std::min<size_t>(size_t(bytes), 4096);
  PinnedBlock first(gpu, done);
  for (size_t at = 0; at < done; at += 8) std::memcpy(first.data() + at, &pattern, std::min<size_t>(8, done - at));
  copy_to_device(gpu, to, first, 0, done);
  while (done < size_t(bytes)) {
    const size_t part = std::min(done, size_t(bytes) - done);
    copy_on_device(gpu, to + done, to, part);
    done += part;
  }
}

void copy_to_device(Gpu& gpu, std::byte* to, PinnedBlock& from, size_t offset, size_t bytes) {
  Stream& stream = begin(gpu);
  if (bytes == 0) return;
  stream.refuse_recording("a copy from the host");
  const int status = gpu.driver().cuMemcpyHtoDAsync_v2(address_of(to), from.data() + offset, bytes, stream.handle());
  if (status != 0) gpu.check(status, concat("copying ", size_text(bytes), " to the device"));
  stream.note_work();
  from.used_on(stream);
}

void copy_to_host(Gpu& gpu, PinnedBlock& to, size_t offset, const std::byte* from, size_t bytes) {
  Stream& stream = begin(gpu);
  if (bytes == 0) return;
  stream.refuse_recording("a copy to the host");
  const int status = gpu.driver().cuMemcpyDtoHAsync_v2(to.data() + offset, address_of(from), bytes, stream.handle());
  if (status != 0) gpu.check(status, concat("copying ", size_text(bytes), " to the host"));
  stream.note_work();
  to.used_on(stream);
}

// --- pinned memory --------------------------------------------------------------------------------------------------

PinnedBlock::PinnedBlock(Gpu& gpu, size_t bytes) : gpu_(&gpu), bytes_(bytes) {
  PinnedPool::Block block = gpu.pinned().take(gpu, bytes);
  data_ = block.data;
  capacity_ = block.capacity;
  uses_ = std::move(block.uses);
  uses_.clear();
}

PinnedBlock::~PinnedBlock() {
  if (data_) gpu_->pinned().give({data_, capacity_, std::move(uses_)});
}

void PinnedBlock::swap(PinnedBlock& other) noexcept {
  std::swap(gpu_, other.gpu_);
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(capacity_, other.capacity_);
  uses_.swap(other.uses_);
}

void PinnedBlock::used_on(Stream& stream) {
  auto use = std::find_if(uses_.begin(), uses_.end(), [&](const PinnedUse& u) { return u.stream == stream.handle(); });
  if (use == uses_.end()) use = uses_.insert(uses_.end(), {stream.handle(), Event(stream.gpu())});
  use->event.record(stream);
}

PinnedPool::Block PinnedPool::take(Gpu& gpu, size_t bytes) {
  constexpr size_t kLeast = 4096, kMost = size_t(1) << 44;
  Devices::get().check();
  if (bytes == 0) return {};
  if (bytes > kMost) raise(ErrorCode::out_of_memory, "CUDA: no pinned host memory for ", size_text(bytes));
  const size_t capacity = std::bit_ceil(std::max(bytes, kLeast));
  const std::lock_guard lock(mutex_);
  collect(bytes_busy_ + capacity > kMostBusy);
  const auto found =
      std::find_if(free_.rbegin(), free_.rend(), [&](const Block& block) { return block.capacity == capacity; });
  if (found != free_.rend()) {
    Block block = std::move(*found);
    free_.erase(std::next(found).base());
    return block;
  }
  gpu.activate();
  void* memory = nullptr;
  const int status = gpu.driver().cuMemHostAlloc(&memory, capacity, kHostAllocPortable);
  if (blame_of(status) == Blame::memory)
    raise(ErrorCode::out_of_memory, "CUDA: no pinned host memory for ", size_text(bytes));
  gpu.check(status, concat("allocating ", size_text(bytes), " of pinned memory"));
  return {static_cast<std::byte*>(memory), capacity, {}};
}

void PinnedPool::give(Block block) noexcept {
  const std::lock_guard lock(mutex_);
  if (block.uses.empty()) return free_.push_back(std::move(block));
  bytes_busy_ += block.capacity;
  busy_.push_back(std::move(block));
}

/// Moves those that are done, from the oldest on, to the free ones; waits for the oldest if `wait`.
void PinnedPool::collect(bool wait) {
  while (!busy_.empty()) {
    Block& block = busy_.front();
    for (const PinnedUse& use : block.uses) {
      if (wait) use.event.synchronize();
      if (!use.event.done()) return;
    }
    wait = false;
    bytes_busy_ -= block.capacity;
    block.uses.clear();
    free_.push_back(std::move(block));
    busy_.pop_front();
  }
}

void PinnedPool::trim(Gpu& gpu) noexcept {
  const std::lock_guard lock(mutex_);
  if (!gpu.try_activate()) return;
  try {
    collect(false);
  } catch (const Error&) { // who asks next hears of it
    return;
  }
  for (const Block& block : free_) gpu.note(gpu.driver().cuMemFreeHost(block.data), "giving back pinned memory");
  free_.clear();
}

} // namespace ogee::runtime::cuda
