// Buffers at guard pages.
#include "tests/ops/memory.h"

#include "tests/catch.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <utility>
#include <vector>

namespace ogee::tests {

namespace {

size_t pageSize() {
  static const size_t size = size_t(sysconf(_SC_PAGESIZE));
  return size;
}

/// Mappings that nobody uses, by number of pages.
std::map<size_t, std::vector<std::byte*>>& freeMappings() {
  static std::map<size_t, std::vector<std::byte*>> mappings;
  return mappings;
}

/// `pages` pages between two that cannot be touched.
std::byte* takeMapping(size_t pages) {
  std::vector<std::byte*>& free = freeMappings()[pages];
  if (!free.empty()) {
    std::byte* mapping = free.back();
    free.pop_back();
    return mapping;
  }
  void* mapping = mmap(nullptr, (pages + 2) * pageSize(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(mapping != MAP_FAILED);
  std::byte* first = static_cast<std::byte*>(mapping) + pageSize();
  REQUIRE((pages == 0 || mprotect(first, pages * pageSize(), PROT_READ | PROT_WRITE) == 0));
  return first;
}

} // namespace

Guarded::Guarded(size_t bytes, Guard guard) : pages_((bytes + pageSize() - 1) / pageSize()) {
  mapping_ = takeMapping(pages_);
  data_ = guard == Guard::start ? mapping_ : mapping_ + pages_ * pageSize() - bytes;
  std::memset(mapping_, 0xa5, pages_ * pageSize());
}

Guarded::Guarded(Guarded&& other) noexcept
    : mapping_(std::exchange(other.mapping_, nullptr)), pages_(other.pages_), data_(other.data_) {}

Guarded::~Guarded() {
  if (mapping_) freeMappings()[pages_].push_back(mapping_);
}

} // namespace ogee::tests
