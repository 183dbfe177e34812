// The memory of one or more tensors: views share it. Counts its owners and its writes.
#pragma once

#include "runtime/allocator.h"
#include "runtime/device.h"
#include "runtime/ref.h"

#include <functional>

namespace ogee::runtime {

class Storage;
using StorageRef = Ref<Storage>;

class Storage : public RefCounted<Storage> {
public:
  /// New uninitialised memory, 64-byte aligned (256-byte on a GPU, for the work of this thread's stream);
  /// Error(out_of_memory, no_device).
  static StorageRef allocate(size_t bytes, Device device = {});
  /// Memory of someone else, given back through `deleter` (may be empty) when the last owner goes.
  static StorageRef external(void* data, size_t bytes, std::function<void()> deleter = {}, Device device = {});

  /// Where it begins: an address of the device, which on a GPU the host cannot read.
  std::byte* data() noexcept { return data_; }
  const std::byte* data() const noexcept { return data_; }
  size_t bytes() const noexcept { return bytes_; }
  Device device() const noexcept { return device_; }
  bool is_external() const noexcept { return external_; }

  /// The number of writes so far: what was saved for a backward pass names the version that it saw.
  uint64_t version() const noexcept { return version_.load(std::memory_order_relaxed); }
  void bump_version() noexcept { version_.fetch_add(1, std::memory_order_relaxed); }

private:
  friend class RefCounted<Storage>;
  Storage(Block block, size_t bytes, Device device) noexcept
      : data_(block.data), bytes_(bytes), capacity_(block.bytes), device_(device) {}
  Storage(std::byte* data, size_t bytes, std::function<void()> deleter, Device device)
      : data_(data), bytes_(bytes), device_(device), external_(true), deleter_(std::move(deleter)) {}
  ~Storage();

  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
  size_t capacity_ = 0; ///< of the allocator's block
  std::atomic<uint64_t> version_{0};
  Device device_;
  bool external_ = false;
  std::function<void()> deleter_;
};

} // namespace ogee::runtime
