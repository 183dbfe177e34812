// Memory with one owner: a block of the runtime's allocator, or of a GPU's memory.
#pragma once

#include "runtime/allocator.h"

#include <utility>

namespace ogee::runtime {

namespace cuda {
class Gpu;
}

class OwnedBlock {
public:
  OwnedBlock() noexcept = default;
  explicit OwnedBlock(size_t bytes);
  /// 256-byte aligned, for the work of this thread's stream; given back behind all work that is enqueued then.
  OwnedBlock(size_t bytes, cuda::Gpu& gpu);
  OwnedBlock(OwnedBlock&& other) noexcept { *this = std::move(other); }
  OwnedBlock& operator=(OwnedBlock&& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(bytes_, other.bytes_);
    std::swap(gpu_, other.gpu_);
    return *this;
  }
  ~OwnedBlock();
  std::byte* data() const noexcept { return block_.data; }
  /// Those that may be used.
  size_t bytes() const noexcept { return bytes_; }

private:
  Block block_;
  size_t bytes_ = 0;
  cuda::Gpu* gpu_ = nullptr;
};

} // namespace ogee::runtime
