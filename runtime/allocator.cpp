// The caching allocator: stacks of free blocks per size class for small sizes, an ordered set of free mappings for
// large ones.
#include "runtime/allocator.h"

#include "runtime/checked.h"
#include "runtime/error.h"

#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define OGEE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OGEE_ASAN 1
#endif
#endif
#ifdef OGEE_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

namespace ogee::runtime {
namespace {

constexpr size_t kHugePage = size_t(2) << 20;
constexpr size_t kSlack = size_t(256) << 20;
constexpr bool is_large(size_t bytes) noexcept { return bytes > Allocator::kMaxSmall; }

/// Small classes: 64, 128, 192 and 256 bytes, then four per doubling: 320, 384, 448, 512, 640 …
constexpr size_t class_of(size_t bytes) noexcept {
  if (bytes <= 256) return (bytes + 63) / 64 - 1;
  const int doubling = std::bit_width(bytes - 1) - 1; // 2^doubling < bytes <= 2^(doubling + 1)
  return static_cast<size_t>(doubling - 8) * 4 + ((bytes - 1) >> (doubling - 2));
}

constexpr size_t class_bytes(size_t index) noexcept {
  return index < 4 ? (index + 1) * 64 : (index % 4 + 5) << (index / 4 + 5);
}

constexpr size_t kClasses = class_of(Allocator::kMaxSmall) + 1;
static_assert(class_bytes(kClasses - 1) == Allocator::kMaxSmall);
static_assert(class_of(257) == 4 && class_bytes(4) == 320 && class_of(320) == 4 && class_of(321) == 5 &&
              class_of(512) == 7);

/// Large sizes: multiples of 64 KB, later of an eighth of the power of two below, so that similar sizes share blocks.
size_t large_bytes(size_t bytes) noexcept {
  const size_t step = std::max<size_t>(size_t(64) << 10, std::bit_floor(bytes) / 8);
  const Checked rounded = round_up(Checked(bytes), step);
  return rounded.valid() ? static_cast<size_t>(rounded.value()) : SIZE_MAX;
}

/// A mapping that starts at a 2 MB boundary and asks for huge pages, or null.
std::byte* map_large(size_t bytes) noexcept {
  const size_t padded = bytes + kHugePage;
  if (padded < bytes) return nullptr;
  void* const start = mmap(nullptr, padded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return nullptr;
  const auto address = reinterpret_cast<uintptr_t>(start);
  const uintptr_t aligned = (address + kHugePage - 1) / kHugePage * kHugePage;
  if (aligned != address) munmap(start, aligned - address);
  munmap(reinterpret_cast<void*>(aligned + bytes), address + padded - (aligned + bytes));
  madvise(reinterpret_cast<void*>(aligned), bytes, MADV_HUGEPAGE);
  return reinterpret_cast<std::byte*>(aligned);
}

std::string readable(double bytes) {
  constexpr std::array<const char*, 7> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  const auto tenths = static_cast<int64_t>(bytes * 10);
  return concat(tenths / 10, ".", tenths % 10, " ", kUnits[unit]);
}

/// Held for a few instructions; a std::mutex costs three times as much here.
class SpinLock {
public:
  void lock() noexcept {
    while (held_.exchange(true, std::memory_order_acquire))
      while (held_.load(std::memory_order_relaxed)) sched_yield();
  }
  void unlock() noexcept { held_.store(false, std::memory_order_release); }

private:
  std::atomic<bool> held_{false};
};

} // namespace

// Both lists reserve room for every block there is when it is obtained, so that giving one back cannot fail.

struct alignas(64) Allocator::SmallClass {
  SpinLock lock;
  std::vector<std::byte*> free; ///< last in, first out: the warmest first
  size_t total = 0;             ///< blocks obtained from the system
};

struct Allocator::Large {
  std::mutex mutex;
  std::vector<Block> free; ///< by size
  size_t total = 0;
};

namespace {

/// Makes room for one more block than there are.
template <class Blocks>
void make_room(Blocks& free, size_t total) {
  if (free.capacity() <= total) free.reserve(2 * total + 8);
}

} // namespace

Allocator::Allocator() : small_(new SmallClass[kClasses]), large_(new Large) {}

Allocator::~Allocator() { release_cached(); }

size_t Allocator::rounded(size_t bytes) noexcept {
  if (bytes == 0) return 0;
  return is_large(bytes) ? large_bytes(bytes) : class_bytes(class_of(bytes));
}

Block Allocator::allocate(size_t bytes) {
  if (bytes == 0) return {};
  const Block block = is_large(bytes) ? allocate_large(bytes) : allocate_small(bytes);
  if (!block.data)
    raise(ErrorCode::out_of_memory, "out of memory: cannot allocate ", bytes, " bytes (",
          readable(static_cast<double>(bytes)), "); ", readable(static_cast<double>(bytes_live())), " are in use");
  ASAN_UNPOISON_MEMORY_REGION(block.data, bytes); // the rest of the block stays forbidden
  count_live(block.bytes);
  return block;
}

Block Allocator::allocate_small(size_t bytes) {
  const size_t index = class_of(bytes), rounded = class_bytes(index);
  SmallClass& cls = small_[index];
  {
    const std::lock_guard lock(cls.lock);
    if (!cls.free.empty()) {
      std::byte* const data = cls.free.back();
      cls.free.pop_back();
      return {data, rounded};
    }
    make_room(cls.free, cls.total);
    ++cls.total;
  }
  const auto obtain = [&] { return static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded)); };
  std::byte* data = obtain();
  if (!data) {
    release_cached();
    data = obtain();
  }
  ASAN_POISON_MEMORY_REGION(data, data ? rounded : 0);
  return {data, rounded};
}

Block Allocator::allocate_large(size_t bytes) {
  const size_t rounded = large_bytes(bytes);
  {
    const std::lock_guard lock(large_->mutex);
    const auto found = std::ranges::lower_bound(large_->free, bytes, {}, &Block::bytes);
    if (found != large_->free.end() && found->bytes <= rounded + bytes / 4) {
      const Block block = *found;
      large_->free.erase(found);
      return block;
    }
    make_room(large_->free, large_->total);
    ++large_->total;
  }
  trim(rounded);
  std::byte* data = map_large(rounded);
  if (!data) {
    release_cached();
    data = map_large(rounded);
  }
  ASAN_POISON_MEMORY_REGION(data, data ? rounded : 0);
  return {data, rounded};
}

void Allocator::deallocate(Block block) noexcept {
  if (!block.data) return;
  ASAN_POISON_MEMORY_REGION(block.data, block.bytes);
  live_.fetch_sub(static_cast<int64_t>(block.bytes), std::memory_order_relaxed);
  if (is_large(block.bytes)) {
    const std::lock_guard lock(large_->mutex);
    large_->free.insert(std::ranges::upper_bound(large_->free, block.bytes, {}, &Block::bytes), block);
  } else {
    SmallClass& cls = small_[class_of(block.bytes)];
    const std::lock_guard lock(cls.lock);
    cls.free.push_back(block.data);
  }
}

int64_t Allocator::bytes_cached() const noexcept {
  size_t cached = 0;
  for (size_t index = 0; index < kClasses; ++index) {
    const std::lock_guard lock(small_[index].lock);
    cached += small_[index].free.size() * class_bytes(index);
  }
  const std::lock_guard lock(large_->mutex);
  for (const Block& block : large_->free) cached += block.bytes;
  return static_cast<int64_t>(cached);
}

void Allocator::release_cached() noexcept {
  for (size_t index = 0; index < kClasses; ++index) {
    SmallClass& cls = small_[index];
    const std::lock_guard lock(cls.lock);
    for (std::byte* const data : cls.free) {
      ASAN_UNPOISON_MEMORY_REGION(data, class_bytes(index));
      std::free(data);
    }
    cls.total -= cls.free.size();
    cls.free.clear();
  }
  trim(SIZE_MAX);
}

/// Gives large blocks back, largest first, until `wanted` more bytes fit under the bound on all memory held.
void Allocator::trim(size_t wanted) noexcept {
  const Checked bound = Checked(bytes_peak()) / 2 * 3 + kSlack;
  Checked held = Checked(bytes_live()) + bytes_cached() + wanted;
  const std::lock_guard lock(large_->mutex);
  while (!large_->free.empty() && !(held.valid() && held.value() <= bound.value())) {
    const Block block = large_->free.back();
    large_->free.pop_back();
    --large_->total;
    held = held - block.bytes;
    ASAN_UNPOISON_MEMORY_REGION(block.data, block.bytes);
    munmap(block.data, block.bytes);
  }
}

void Allocator::count_live(size_t bytes) noexcept {
  const int64_t live =
      live_.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed) + static_cast<int64_t>(bytes);
  int64_t peak = peak_.load(std::memory_order_relaxed);
  while (live > peak && !peak_.compare_exchange_weak(peak, live, std::memory_order_relaxed)) {}
}

} // namespace ogee::runtime
