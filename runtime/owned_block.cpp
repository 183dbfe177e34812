// Taking memory and giving it back.
#include "runtime/owned_block.h"

#include "runtime/cuda/memory.h"
#include "runtime/runtime.h"

namespace ogee::runtime {

OwnedBlock::OwnedBlock(size_t bytes)
    : block_(Runtime::get().allocator().allocate(Allocator::rounded(bytes))), bytes_(Allocator::rounded(bytes)) {}

OwnedBlock::OwnedBlock(size_t bytes, cuda::Gpu& gpu)
    : block_{cuda::allocate(gpu, bytes), bytes}, bytes_(bytes), gpu_(&gpu) {}

OwnedBlock::~OwnedBlock() {
  if (gpu_)
    cuda::deallocate(*gpu_, block_.data, bytes_);
  else
    Runtime::get().allocator().deallocate(block_);
}

} // namespace ogee::runtime
