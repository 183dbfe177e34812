// Which copy it is.
#include "runtime/copy.h"

#include "runtime/cuda/memory.h"

#include <cstring>

namespace ogee::runtime {
namespace {

void check_range(const Storage& storage, size_t offset, size_t bytes) {
  if (offset <= storage.bytes() && bytes <= storage.bytes() - offset) return;
  raise(ErrorCode::invalid_argument, "copy: ", bytes, " bytes at ", offset, " are not within ", storage.bytes(),
        " bytes");
}

} // namespace

void copy_bytes(Storage& to, size_t to_offset, const Storage& from, size_t from_offset, size_t bytes) {
  check_range(to, to_offset, bytes);
  check_range(from, from_offset, bytes);
  if (bytes == 0) return;
  std::byte* const target = to.data() + to_offset;
  const std::byte* const source = from.data() + from_offset;
  const auto gpu = [](const Storage& storage) -> cuda::Gpu& { return cuda::Gpu::get(storage.device().index()); };
  if (to.device().is_cpu() && from.device().is_cpu())
    std::memcpy(target, source, bytes);
  else if (from.device().is_cpu())
    cuda::copy_to_device(gpu(to), target, source, bytes);
  else if (to.device().is_cpu())
    cuda::copy_to_host(gpu(from), target, source, bytes);
  else
    cuda::copy_between(gpu(to), target, gpu(from), source, bytes);
}

} // namespace ogee::runtime
