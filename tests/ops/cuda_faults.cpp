// Kernels with a planted fault each, to show that cuda_text.py finds it: `cuda_faults <name>` runs one; `none` has
// none. Compiled under AddressSanitizer and UndefinedBehaviorSanitizer, or ThreadSanitizer.
#include "tests/cuda/shim.h"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace {

using f32 = float;
using i32 = int;

constexpr i32 kCount = 1000;

bool owns(i32 i) { return i < kCount; }

/// Reads one element past the end of a buffer.
void bounds(const f32* from, f32* to) {
  for (i32 i = i32(blockIdx.x * 256 + threadIdx.x); i < kCount; i += i32(gridDim.x * 256)) to[i] = from[i + 1];
}

/// Writes one element past the end of shared memory.
void shared(const f32*, f32* to) {
  __shared__ f32 tile[255];
  tile[threadIdx.x] = 1;
  __syncthreads();
  if (owns(i32(threadIdx.x))) to[threadIdx.x] = tile[0];
}

/// Reads 16 bytes at an address that is a multiple of 4 alone.
void alignment(const f32* from, f32* to) {
  if (threadIdx.x == 0) *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(from + 1);
}

/// Adds signed numbers past the end of their range.
void overflow(const f32* from, f32* to) {
  const i32 large = 0x7fffff00 + i32(from[threadIdx.x] != 0) + i32(threadIdx.x) + 1;
  if (owns(i32(threadIdx.x))) to[threadIdx.x] = f32(large);
}

/// Reads what another warp writes to shared memory, without a barrier between.
void barrier(const f32* from, f32* to) {
  __shared__ f32 tile[256];
  tile[threadIdx.x] = from[threadIdx.x];
  to[threadIdx.x] = tile[255 - threadIdx.x];
}

/// The same within a warp.
void warp(const f32* from, f32* to) {
  __shared__ f32 tile[256];
  tile[threadIdx.x] = from[threadIdx.x];
  to[threadIdx.x] = tile[threadIdx.x ^ 1u];
}

/// The next round overwrites what slower threads still read.
void late_barrier(const f32* from, f32* to) {
  __shared__ f32 tile[256];
  for (i32 round = 0; round < 2; ++round) {
    tile[threadIdx.x] = from[threadIdx.x];
    __syncthreads();
    to[threadIdx.x] = tile[255 - threadIdx.x];
  }
}

/// Two threads of a block write one element of a buffer.
void twice(const f32* from, f32* to) { to[threadIdx.x / 2] = from[threadIdx.x]; }

/// A barrier that half of the threads never reach.
void divergent(const f32* from, f32* to) {
  if (threadIdx.x < 128) __syncthreads();
  to[threadIdx.x] = from[threadIdx.x];
}

/// All in order.
void none(const f32* from, f32* to) {
  __shared__ f32 tile[256];
  for (i32 round = 0; round < 2; ++round) {
    tile[threadIdx.x] = from[threadIdx.x];
    __syncthreads();
    const f32 other = __shfl_sync(0xffffffffu, tile[255 - threadIdx.x], 3);
    __syncthreads();
    to[threadIdx.x] = other;
  }
}

} // namespace

int main(int count, char** names) {
  const std::map<std::string, std::function<void(const f32*, f32*)>> kernels = {
      {"bounds", bounds},       {"shared", shared}, {"alignment", alignment},       {"overflow", overflow},
      {"barrier", barrier},     {"warp", warp},     {"late_barrier", late_barrier}, {"twice", twice},
      {"divergent", divergent}, {"none", none}};
  if (count != 2 || !kernels.contains(names[1])) {
    std::fprintf(stderr, "usage: cuda_faults <name>\n");
    return 2;
  }
  const std::unique_ptr<f32[]> from(new f32[kCount]()), to(new f32[kCount]());
  const auto& kernel = kernels.at(names[1]);
  shim::launch(0, 1, 1, true, [&] { kernel(from.get(), to.get()); });
  return 0;
}
