// Buffers at guard pages, and between rims.
#include "tests/ops/memory.h"

#include "tests/catch.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

namespace ogee::tests {

namespace {

constexpr size_t kRim = 256; ///< bytes before and after a tensor of a GPU, whose allocations begin at multiples

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
  std::memset(mapping_, int(kUnwritten), pages_ * pageSize());
}

Guarded::Guarded(Guarded&& other) noexcept
    : mapping_(std::exchange(other.mapping_, nullptr)), pages_(other.pages_), data_(other.data_) {}

Guarded::~Guarded() {
  if (mapping_) freeMappings()[pages_].push_back(mapping_);
}

TensorMemory::TensorMemory(size_t bytes, size_t item, Guard guard, runtime::Device device) : bytes_(bytes) {
  if (device.is_cpu()) {
    here_.emplace(bytes, guard);
    return;
  }
  gpu_ = &runtime::cuda::Gpu::get(device.index());
  offset_ = kRim + (guard == Guard::start ? item : 0);
  const std::vector<std::byte> pattern(offset_ + bytes + kRim, kUnwritten);
  block_ = runtime::cuda::DeviceBlock(*gpu_, pattern.size());
  runtime::cuda::copy_to_device(*gpu_, block_.data(), pattern.data(), pattern.size());
}

void TensorMemory::write(std::span<const std::byte> bytes) {
  if (gpu_) return runtime::cuda::copy_to_device(*gpu_, data(), bytes.data(), bytes.size());
  std::ranges::copy(bytes, data());
}

std::vector<std::byte> TensorMemory::read() const {
  if (!gpu_) return {data(), data() + bytes_};
  std::vector<std::byte> all(offset_ + bytes_ + kRim);
  runtime::cuda::copy_to_host(*gpu_, all.data(), block_.data(), all.size());
  const auto isRim = [](std::byte byte) { return byte == kUnwritten; };
  const auto begin = all.begin() + int64_t(offset_), end = begin + int64_t(bytes_);
  if (!std::all_of(all.begin(), begin, isRim)) FAIL_CHECK("the call wrote before a tensor");
  if (!std::all_of(end, all.end(), isRim)) FAIL_CHECK("the call wrote behind a tensor");
  return {begin, end};
}

} // namespace ogee::tests
