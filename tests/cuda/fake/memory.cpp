// Two mappings of one file, allocations in it, and what stands around them.
#include "tests/cuda/fake/memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>

namespace ogee::fake {
namespace {

constexpr size_t kPage = 4096, kAlignment = 256;
constexpr size_t kMostGone = 65536;
constexpr char kRim = 0x5a, kFresh = char(0xff);

size_t round_up(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }
Address page_of(Address address) { return address / kPage * kPage; }

char* map_file(int file, size_t bytes, int protection) {
  void* const memory = mmap(nullptr, bytes, protection, MAP_SHARED | MAP_NORESERVE, file, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<char*>(memory);
}

// What touches device memory that is closed is told apart from other faults by the address.
struct sigaction previous[2];
const char* running = nullptr;

void on_fault(int signal, siginfo_t* info, void* context) {
  if (Memory::get().is_device(reinterpret_cast<Address>(info->si_addr))) {
    if (running) violation("%s touches an address that it was given no pointer to", running);
    violation("the host touches device memory");
  }
  struct sigaction& before = previous[signal == SIGBUS];
  if (before.sa_flags & SA_SIGINFO) return before.sa_sigaction(signal, info, context);
  sigaction(signal, &before, nullptr); // it faults again, and what was there before sees it
}

void watch_faults() {
  struct sigaction action{};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSEGV, &action, &previous[0]);
  sigaction(SIGBUS, &action, &previous[1]);
}

} // namespace

void Memory::set_running(const char* name) { running = name; }

Memory& Memory::get() {
  static Memory* const memory = new Memory;
  return *memory;
}

Memory::Memory() {
  file_ = memfd_create("ogee-fake-cuda", MFD_CLOEXEC);
  for (bytes_ = size_t(1) << 40; bytes_ >= size_t(1) << 33; bytes_ /= 2) {
    if (ftruncate(file_, off_t(bytes_)) != 0) continue;
    seen_ = map_file(file_, bytes_, PROT_NONE);
    alias_ = map_file(file_, bytes_, PROT_READ | PROT_WRITE);
    if (seen_ && alias_) {
      watch_faults();
      return;
    }
    if (seen_) munmap(seen_, bytes_);
    if (alias_) munmap(alias_, bytes_);
  }
  violation("no address space for device memory");
}

Allocation* Memory::allocate(int device, size_t bytes) {
  Pool& pool = pools_[device];
  const size_t limit = Machine::get().devices[size_t(device)].memory, rounded = round_up(bytes, kAlignment);
  if (rounded < bytes || rounded > limit || pool.used + rounded > limit) return nullptr;
  const size_t pages = round_up(rounded, kPage);
  if (next_ + pages + kPage > bytes_) violation("all addresses of device memory have been used");
  // It ends with its last page, so that what runs over meets the next one, which nobody may touch.
  auto allocation = std::make_unique<Allocation>();
  allocation->base = reinterpret_cast<Address>(seen_) + next_ + pages - rounded;
  allocation->bytes = bytes;
  allocation->device = device;
  next_ += pages + kPage;
  pool.used += rounded;
  pool.reserved = std::max(pool.reserved, pool.used);
  char* const first = alias(page_of(allocation->base));
  std::memset(first, kRim, pages);
  std::memset(alias(allocation->base), kFresh, bytes);
  return (allocations_[allocation->base] = std::move(allocation)).get();
}

Allocation* Memory::find(Address address, size_t bytes) {
  auto after = allocations_.upper_bound(address);
  if (after == allocations_.begin()) return nullptr;
  Allocation& allocation = *std::prev(after)->second;
  const size_t offset = address - allocation.base;
  return offset <= allocation.bytes && bytes <= allocation.bytes - offset ? &allocation : nullptr;
}

bool Memory::is_device(Address address) const {
  const auto first = reinterpret_cast<Address>(seen_);
  return address >= first && address < first + bytes_;
}

void Memory::forget(Allocation& allocation) {
  allocation.freed = true;
  pools_[allocation.device].used -= round_up(allocation.bytes, kAlignment);
}

void Memory::release(Allocation& allocation) {
  allocation.live = false;
  const Address first = page_of(allocation.base);
  const size_t bytes = allocation.base + round_up(allocation.bytes, kAlignment) - first;
  fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off_t(first - reinterpret_cast<Address>(seen_)),
            off_t(bytes));
  gone_.push_back(allocation.base);
  if (gone_.size() <= kMostGone) return;
  allocations_.erase(gone_.front());
  gone_.pop_front();
}

char* Memory::alias(Address address) const { return alias_ + (address - reinterpret_cast<Address>(seen_)); }

void Memory::open(const Allocation& allocation, bool open) {
  const Address first = page_of(allocation.base);
  const size_t bytes = allocation.base + round_up(allocation.bytes, kAlignment) - first;
  if (mprotect(reinterpret_cast<void*>(first), bytes, open ? PROT_READ | PROT_WRITE : PROT_NONE) != 0)
    violation("mprotect failed: %s", strerror(errno));
}

void Memory::check_rim(const Allocation& allocation, const std::string& who) {
  const Address end = allocation.base + allocation.bytes;
  const auto look = [&](Address from, Address to) {
    for (const char* at = alias(from); at < alias(to); ++at)
      if (*at != kRim)
        violation("%s has written byte %lld of an allocation of %zu bytes", who.c_str(),
                  static_cast<long long>(at - alias(allocation.base)), allocation.bytes);
  };
  look(page_of(allocation.base), allocation.base);
  look(end, round_up(end, kAlignment));
}

size_t Memory::used(int device) const {
  const auto found = pools_.find(device);
  return found == pools_.end() ? 0 : found->second.used;
}

size_t Memory::reserved(int device) const {
  const auto found = pools_.find(device);
  return found == pools_.end() ? 0 : found->second.reserved;
}

void Memory::trim(int device, size_t keep) {
  Pool& pool = pools_[device];
  pool.reserved = std::max(pool.used, std::min(pool.reserved, keep));
}

void* Memory::allocate_host(size_t bytes) {
  void* const memory =
      mmap(nullptr, round_up(bytes, kPage), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  host_[reinterpret_cast<uintptr_t>(memory)] = bytes;
  return memory;
}

bool Memory::free_host(void* memory) {
  const auto found = host_.find(reinterpret_cast<uintptr_t>(memory));
  if (found == host_.end()) return false;
  munmap(memory, round_up(found->second, kPage));
  host_.erase(found);
  return true;
}

bool Memory::is_host(const void* memory, size_t bytes) const {
  const auto address = reinterpret_cast<uintptr_t>(memory);
  auto after = host_.upper_bound(address);
  if (after == host_.begin()) return false;
  const auto& [base, size] = *std::prev(after);
  return address - base <= size && bytes <= size - (address - base);
}

std::string Memory::leaks() const {
  size_t count = 0, bytes = 0;
  for (const auto& [base, allocation] : allocations_)
    if (!allocation->freed) ++count, bytes += allocation->bytes;
  std::string all = count ? text("%zu allocations (%zu bytes) ", count, bytes) : "";
  if (!host_.empty()) all += text("%zu pinned blocks ", host_.size());
  return all;
}

} // namespace ogee::fake
