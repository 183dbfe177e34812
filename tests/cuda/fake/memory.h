// Memory of the fake devices and pinned memory of the host. Device memory is reserved once and mapped twice: at the
// addresses that the caller sees, where nothing may touch it but a kernel that was given a pointer to it while it runs;
// and at others, for the machine itself. Addresses are never used twice; what is freed is gone. The bytes around an
// allocation are looked at after each kernel.
#pragma once

#include "tests/cuda/fake/machine.h"

#include <deque>

namespace ogee::fake {

struct Allocation {
  Address base = 0;
  size_t bytes = 0;
  int device = 0;
  int stream = 0; ///< on which it was allocated, and how far that stream was
  uint64_t created = 0;
  Clock reads, writes; ///< the last of each stream
  bool freed = false;  ///< its end is enqueued
  bool live = false;   ///< its beginning has run, its end has not
};

struct Stream;

class Memory {
public:
  static Memory& get();

  /// Null if the device has no memory left.
  Allocation* allocate(int device, size_t bytes);
  /// The allocation that holds [address, address + bytes), or null. One that is freed is found as well.
  Allocation* find(Address address, size_t bytes);
  bool is_device(Address address) const;
  /// Whoever touches device memory that is closed: a kernel while `name` is one's, else the host.
  static void set_running(const char* name);
  /// Runs the end of an allocation: its bytes are gone.
  void release(Allocation& allocation);

  /// Where the machine itself reads and writes an address.
  char* alias(Address address) const;
  /// Lets a kernel touch it, or no more.
  void open(const Allocation& allocation, bool open);
  /// A violation if the bytes around an allocation have changed; `who` may have done it.
  void check_rim(const Allocation& allocation, const std::string& who);

  size_t used(int device) const;
  size_t reserved(int device) const;
  void trim(int device, size_t keep);
  void forget(Allocation& allocation);

  void* allocate_host(size_t bytes);
  bool free_host(void* memory);
  /// Whether the range is pinned.
  bool is_host(const void* memory, size_t bytes) const;

  std::string leaks() const;

private:
  Memory();
  struct Pool {
    size_t used = 0, reserved = 0;
  };

  char *seen_ = nullptr, *alias_ = nullptr;
  size_t bytes_ = 0, next_ = 0;
  int file_ = -1;
  std::map<Address, std::unique_ptr<Allocation>> allocations_;
  std::deque<Address> gone_; ///< freed allocations that are still known
  std::map<int, Pool> pools_;
  std::map<uintptr_t, size_t> host_;
};

} // namespace ogee::fake
