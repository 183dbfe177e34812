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

TEST_CASE("module: PTX is compiled by the driver", "[fake]") {
  Gpu& gpu = Gpu::get(0);
  const auto code = Nvrtc::get()->compile(kText, "compute_80");
  REQUIRE(code.ok());
  CHECK(code->cubin.empty());
  const std::vector<uint8_t> ptx(code->ptx.begin(), code->ptx.end());
  const Module module(gpu, ptx);
  CHECK(module.resources(module.function("scale")).registers == 32);
}

TEST_CASE("module: code that does not fit says why", "[fake]") {
  Gpu& gpu = Gpu::get(0);
  CHECK(error_of([&] { Module(gpu, compiled(kText, "sm_80")); }) ==
        "CUDA: cuda:0: loading code on sm_90 failed: CUDA_ERROR_NO_BINARY_FOR_GPU (no kernel image is available for "
        "execution on the device)");
  const std::string text = "no PTX";
  const std::vector<uint8_t> ptx(text.begin(), text.end());
  CHECK(
      error_of([&] { Module(gpu, ptx); }) ==
      "CUDA: cuda:0: loading PTX on sm_90: ptxas fatal   : no PTX of the fake NVRTC failed: CUDA_ERROR_INVALID_PTX (a "
      "PTX JIT compilation failed)");
  const Module module(gpu, compiled(kText));
  CHECK(error_of([&] { module.function("missing"); }) == "CUDA: cuda:0: the code has no kernel missing");
}

TEST_CASE("module: launches of nothing, and of more than a device has", "[fake]") {
  Gpu& gpu = Gpu::get(0);
  const Module module(gpu, compiled(kText));
  const Function scale = module.function("scale");
  void *none = nullptr, *count = nullptr;
  void* params[] = {&none, &none, &count};
  const LaunchNote note("scale", "mul", "");
  const uint64_t before = fake_calls("cuLaunchKernel");
  launch(gpu, scale, 0, 256, 0, params, note);
  CHECK(fake_calls("cuLaunchKernel") == before);
  launch(gpu, scale, 1, 256, 0, params, note);
  launch(gpu, scale, 1, 256, 100 << 10, params, note); // more shared memory than a kernel has by itself
  CHECK_THAT(
      error_of([&] { launch(gpu, scale, 1, 512, 0, params, note); }),
      Catch::Matchers::StartsWith("CUDA: cuda:0: launching scale (mul) failed: CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"));
  CHECK_THAT(error_of([&] { launch(gpu, scale, 1, 2000, 0, params, note); }),
             Catch::Matchers::StartsWith("CUDA: cuda:0: launching scale (mul) failed: CUDA_ERROR_INVALID_VALUE"));
  CHECK_THAT(error_of([&] { launch(gpu, scale, 1, 256, 1 << 20, params, note); }),
             Catch::Matchers::StartsWith("CUDA: cuda:0: preparing scale (mul) failed: "));
  gpu.synchronize();
}

TEST_CASE("module: a module that goes waits for its kernels") {
  Gpu& gpu = Gpu::get(0);
  const StorageRef y = Storage::allocate(4, gpu.device());
  {
    const Module module(gpu, compiled("extern \"C\" __global__ void seven(unsigned* y) { y[0] = 7; }"));
    void* to = y->data();
    void* params[] = {&to};
    launch(gpu, module.function("seven"), 1, 1, 0, params, LaunchNote("seven", "", ""));
  }
  uint32_t value = 0;
  copy_to_host(gpu, &value, y->data(), 4);
  CHECK(value == 7);
}

TEST_CASE("module: notes of launches") {
  CHECK(LaunchNote("k", "", "").text == "k");
  CHECK(LaunchNote("k", "add", "").text == "k (add)");
  CHECK(LaunchNote("k", "", "model.cpp:3").text == "k (at model.cpp:3)");
  CHECK(LaunchNote("k", "add", "model.cpp:3").text == "k (add at model.cpp:3)");
}

TEST_CASE("module: errors that come later name the line that a kernel was launched for") {
  Gpu& gpu = Gpu::get(0);
  const Module module(gpu, compiled(kText));
  const StorageRef x = Storage::allocate(1024, gpu.device());
  gpu.synchronize();
  void* memory = x->data();
  void* params[] = {&memory, &memory};
  CHECK(launch_line().empty());
  const std::source_location here = std::source_location::current();
  {
    const LaunchLine line(here);
    launch(gpu, module.function("total"), 1, 256, 0, params, LaunchNote("total", "sum", ""));
  }
  launch(gpu, module.function("total"), 1, 256, 0, params, LaunchNote("total", "sum", ""));
  CHECK(gpu.recent().text() == concat("; launches since the last check: total (sum)", place(here), ", total (sum)"));
  gpu.synchronize();
}
