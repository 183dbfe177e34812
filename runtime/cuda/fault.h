// Faults of kernels (an index out of range): words of pinned memory that a kernel writes the number of its fault site
// into, read when the host waits.
#pragma once

#include "runtime/cuda/device.h"
#include "runtime/cuda/memory.h"

#include <string>
#include <vector>

namespace ogee::runtime::cuda {

/// The word of one launch: 0, or the number of the site at which a thread faulted first, from 1. The kernel gets its
/// address and writes it by compare-and-swap with 0.
class FaultWord {
public:
  /// `lines`: the Error of each site, in one line.
  FaultWord(Gpu& gpu, std::vector<std::string> lines);
  ~FaultWord();
  FaultWord(const FaultWord&) = delete;
  FaultWord& operator=(const FaultWord&) = delete;

  /// What the kernel gets: the same on the host and on the device.
  Address address() const noexcept { return address_; }

private:
  Gpu& gpu_;
  Address address_ = 0;
  size_t index_ = 0;
};

/// All fault words of a GPU. Thread-safe.
class FaultWords {
public:
  struct Word {
    uint32_t* at = nullptr;
    std::vector<std::string> lines;
    enum class Use : uint8_t { none, used, retired } use = Use::none;
  };
  /// A word that is 0.
  size_t take(Gpu& gpu, std::vector<std::string> lines);
  Address address(size_t index) const;
  /// Nothing new is enqueued with it; what is may still write it.
  void retire(size_t index) noexcept;
  /// Raises the Error of the word that was taken first of those that are not 0, and sets all to 0. `idle`: nothing is
  /// enqueued any more.
  void check(bool idle);

private:
  mutable std::mutex mutex_;
  std::vector<Word> words_;
  std::vector<PinnedBlock> blocks_;
};

} // namespace ogee::runtime::cuda
