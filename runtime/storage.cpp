// Storage: memory from the runtime's allocator, or someone else's.
#include "runtime/storage.h"

#include "runtime/cuda/memory.h"
#include "runtime/runtime.h"

namespace ogee::runtime {

StorageRef Storage::allocate(size_t bytes, Device device) {
  if (device.is_cuda()) {
    cuda::Gpu& gpu = cuda::Gpu::get(device.index());
    return StorageRef(new Storage({cuda::allocate(gpu, bytes), bytes}, bytes, device));
  }
  const Block block = Runtime::get().allocator().allocate(bytes);
  return StorageRef(new Storage(block, bytes, device));
}

StorageRef Storage::external(void* data, size_t bytes, std::function<void()> deleter, Device device) {
  return StorageRef(new Storage(static_cast<std::byte*>(data), bytes, std::move(deleter), device));
}

Storage::~Storage() {
  if (deleter_) deleter_();
  if (external_) return;
  if (device_.is_cpu())
    Runtime::get().allocator().deallocate({data_, capacity_});
  else
    cuda::deallocate(device_.index(), data_, capacity_);
}

} // namespace ogee::runtime
