// Memory whose last byte (or first) lies at a page that cannot be touched: what AddressSanitizer does not see in
// generated code becomes a segmentation fault. Memory of devices whose surroundings are looked at afterwards.
#pragma once

#include "runtime/cuda/memory.h"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace ogee::tests {

inline constexpr std::byte kUnwritten{0xa5}; ///< what memory holds that nobody has written: part of no plausible value

/// Which end of a buffer lies at the guard page.
enum class Guard { end, start };

/// `bytes` bytes between two guard pages, filled with `kUnwritten`. The mappings are reused.
class Guarded {
public:
  Guarded(size_t bytes, Guard guard);
  ~Guarded();
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  Guarded(Guarded&& other) noexcept;

  std::byte* data() const { return data_; }

private:
  std::byte* mapping_ = nullptr;
  size_t pages_ = 0; ///< that can be touched
  std::byte* data_ = nullptr;
};

/// The memory of a tensor where a program runs: guarded here; on a GPU between two rims that nothing may write to.
class TensorMemory {
public:
  /// On a GPU, `Guard::end` begins where allocations do, and `Guard::start` at the worst place that fits `item` bytes.
  TensorMemory(size_t bytes, size_t item, Guard guard, runtime::Device device);

  /// What the program is given.
  std::byte* data() const { return here_ ? here_->data() : block_.data() + offset_; }
  void write(std::span<const std::byte> bytes);
  /// All bytes, after all work. The test fails if a rim has changed.
  std::vector<std::byte> read() const;

private:
  size_t bytes_, offset_ = 0;
  std::optional<Guarded> here_;
  runtime::cuda::Gpu* gpu_ = nullptr;
  runtime::cuda::DeviceBlock block_;
};

} // namespace ogee::tests
