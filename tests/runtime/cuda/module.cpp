// Loading code on a GPU and launching it: on the fake machine, whose kernels run on this one.
#include "runtime/cuda/module.h"

#include "runtime/copy.h"
#include "runtime/cuda/memory.h"
#include "tests/cuda/machine.h"

#include <numeric>

using namespace ogee::runtime;
using namespace ogee::runtime::cuda;
using namespace ogee::tests;

namespace {

const std::string kText = R"(
static __device__ float twice(float x) { return x + x; }
extern "C" __global__ void __launch_bounds__(256) scale(const float* x, float* y, long long n) {
  for (long long i = blockIdx.x * 256 + threadIdx.x; i < n; i += gridDim.x * 256) y[i] = twice(x[i]);
}
extern "C" __global__ void total(const float* x, float* y) {
  __shared__ float parts[256];
  parts[threadIdx.x] = x[threadIdx.x];
  for (int step = 128; step > 0; step /= 2) {
    __syncthreads();
    if (threadIdx.x < step) parts[threadIdx.x] += parts[threadIdx.x + step];
  }
  if (threadIdx.x == 0) y[0] = parts[0];
}
)";

} // namespace

TEST_CASE("module: a kernel's text runs, and its results come back") {
  Gpu& gpu = Gpu::get(0);
  const Module module(gpu, compiled(kText));
  constexpr size_t kCount = 1000;
  std::vector<float> values(kCount), results(kCount);
  std::iota(values.begin(), values.end(), 1.0f);
  const StorageRef x = Storage::allocate(kCount * 4, gpu.device()), y = Storage::allocate(kCount * 4, gpu.device());
  copy_to_device(gpu, x->data(), values.data(), kCount * 4);
  void *from = x->data(), *to = y->data();
  long long count = kCount;
  void* params[] = {&from, &to, &count};
  launch(gpu, module.function("scale"), 2, 256, 0, params, LaunchNote("scale", "mul", "model.cpp:3"));
  void* sums[] = {&to, &from};
  launch(gpu, module.function("total"), 1, 256, 0, sums, LaunchNote("total", "sum", ""));
  copy_to_host(gpu, results.data(), y->data(), kCount * 4);
  CHECK(results[0] == 2);
  CHECK(results[999] == 2000);
  copy_to_host(gpu, results.data(), x->data(), 4);
  CHECK(results[0] == 256 * 257);
}
