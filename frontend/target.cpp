// Devices as targets of code generation.
#include "frontend/target.h"

#include "runtime/cuda/device.h"
#include "runtime/cuda/nvrtc.h"
#include "runtime/error.h"

#include <map>
#include <mutex>

namespace ogee::detail {

namespace {

struct CudaTarget {
  codegen::TargetInfo info;
  std::string key;
};

const CudaTarget& cuda_target(int index) {
  static std::mutex mutex;
  static auto* const targets = new std::map<int, CudaTarget>; // as long as kernels
  const runtime::cuda::Properties& gpu = runtime::cuda::Gpu::get(index).properties();
  const std::lock_guard lock(mutex);
  if (const auto known = targets->find(index); known != targets->end()) return known->second;
  runtime::Result<codegen::TargetInfo> info = codegen::cudaTargetFor(gpu);
  if (!info.ok()) runtime::raise(info.failure().code, info.message());
  const std::string key = runtime::concat(info->key(), " ", runtime::cuda::Nvrtc::get()->identity());
  return targets->try_emplace(index, CudaTarget{*std::move(info), key}).first->second;
}

} // namespace

const codegen::TargetInfo& target_of(runtime::Device device) {
  return device.is_cpu() ? codegen::hostTarget() : cuda_target(device.index()).info;
}

std::string target_key(runtime::Device device) {
  return device.is_cpu() ? codegen::hostTarget().key() : cuda_target(device.index()).key;
}

std::unique_ptr<const runtime::Executable>
make_executable(runtime::Program program, std::span<const runtime::TensorArg> bound, runtime::Device device) {
  return std::make_unique<const runtime::Executable>(std::move(program), bound, device);
}

} // namespace ogee::detail
