// Slabs of executable memory: a memfd mapped twice costs under a microsecond an image, mmap and mprotect six.
#include "runtime/code_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

namespace ogee::runtime {
namespace {

constexpr size_t kSlabBytes = size_t(1) << 20;
constexpr size_t kAlignment = 64;

size_t round_to(size_t bytes, size_t multiple) noexcept { return (bytes + multiple - 1) / multiple * multiple; }

int make_memfd() noexcept {
#ifdef MFD_EXEC
  if (const int fd = memfd_create("ogee-code", MFD_CLOEXEC | MFD_EXEC); fd >= 0) return fd;
#endif
  return memfd_create("ogee-code", MFD_CLOEXEC); // kernels before 6.3 do not know the other flag
}

} // namespace

/// Two mappings of the same pages; images are placed one after the other, and all pages go when the last image has
/// gone.
struct CodeBlock::Slab {
  std::byte* writable = nullptr;
  std::byte* executable = nullptr;
  size_t bytes = 0, used = 0, live = 0;

  static Slab* create(size_t bytes) {
    const int fd = make_memfd();
    if (fd < 0) return nullptr;
    void *w = MAP_FAILED, *x = MAP_FAILED;
    if (ftruncate(fd, static_cast<off_t>(bytes)) == 0) {
      w = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      x = mmap(nullptr, bytes, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    }
    close(fd);
    auto slab = new Slab{w == MAP_FAILED ? nullptr : static_cast<std::byte*>(w),
                         x == MAP_FAILED ? nullptr : static_cast<std::byte*>(x), bytes};
    if (slab->writable && slab->executable) return slab;
    delete slab;
    return nullptr;
  }

  ~Slab() {
    if (writable) munmap(writable, bytes);
    if (executable) munmap(executable, bytes);
  }
};

/// The slab being filled, under a lock.
class CodeBlock::Slabs {
public:
  /// Places bytes in a slab: its code and the slab, or nulls.
  std::pair<const std::byte*, Slab*> place(std::span<const uint8_t> bytes) {
    const std::lock_guard lock(mutex_);
    const size_t size = round_to(bytes.size(), kAlignment);
    if (!enabled_ || !make_room(size)) return {};
    std::memcpy(current_->writable + current_->used, bytes.data(), bytes.size());
    const std::byte* const code = current_->executable + current_->used;
    current_->used += size;
    ++current_->live;
    return {code, current_};
  }

  void remove(Slab* slab) {
    const std::lock_guard lock(mutex_);
    if (--slab->live != 0) return;
    if (slab == current_)
      slab->used = 0;
    else
      delete slab;
  }

  bool enabled() {
    const std::lock_guard lock(mutex_);
    return enabled_ && make_room(kAlignment);
  }

  void enable(bool on) {
    const std::lock_guard lock(mutex_);
    enabled_ = on;
  }

private:
  /// Makes `current_` a slab of this process with room for `size` bytes.
  bool make_room(size_t size) {
    const bool inherited =
        owner_ != getpid(); // after a fork the pages are shared with the parent, which goes on filling them
    if (current_ && !inherited && current_->bytes - current_->used >= size) return true;
    Slab* const fresh = Slab::create(round_to(std::max(size, kSlabBytes), kSlabBytes));
    if (!fresh) return enabled_ = false;
    if (current_ && !inherited && current_->live == 0) delete current_;
    current_ = fresh;
    owner_ = getpid();
    return true;
  }

  std::mutex mutex_;
  Slab* current_ = nullptr;
  pid_t owner_ = getpid();
  bool enabled_ = true;
};

CodeBlock::Slabs& CodeBlock::slabs() {
  static auto* const slabs = new Slabs; // never destroyed: images may outlive everything else
  return *slabs;
}

bool CodeBlock::uses_slabs() { return slabs().enabled(); }
void CodeBlock::set_slabs(bool enabled) { slabs().enable(enabled); }

CodeBlock::CodeBlock(std::span<const uint8_t> bytes) {
  std::tie(code_, slab_) = slabs().place(bytes);
  if (!code_) {
    const size_t size = round_to(bytes.size(), static_cast<size_t>(sysconf(_SC_PAGESIZE)));
    void* const pages = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return;
    std::memcpy(pages, bytes.data(), bytes.size());
    if (mprotect(pages, size, PROT_READ | PROT_EXEC) != 0) {
      munmap(pages, size);
      return;
    }
    code_ = static_cast<const std::byte*>(pages);
    mapped_ = size;
  }
  auto* const begin = reinterpret_cast<char*>(const_cast<std::byte*>(code_));
  __builtin___clear_cache(begin, begin + bytes.size());
}

CodeBlock& CodeBlock::operator=(CodeBlock&& other) noexcept {
  std::swap(code_, other.code_);
  std::swap(mapped_, other.mapped_);
  std::swap(slab_, other.slab_);
  return *this;
}

CodeBlock::~CodeBlock() {
  if (slab_) slabs().remove(slab_);
  if (mapped_ != 0) munmap(const_cast<std::byte*>(code_), mapped_);
}

} // namespace ogee::runtime
