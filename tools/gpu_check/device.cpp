// The suite `device`: what machine this is.
#include "runtime/cuda/cublaslt.h"
#include "runtime/cuda/driver.h"
#include "runtime/cuda/nvrtc.h"
#include "tools/gpu_check/suites.h"
#include <ogee/ogee.h>

namespace ogee::gpu_check {
namespace {

using runtime::concat;
namespace cuda = runtime::cuda;

std::string cublaslt_version(size_t number) {
  return concat(number / 10000, ".", number / 100 % 100, ".", number % 100);
}

Json describe(const DeviceProperties& properties) {
  return {{"name", properties.name},
          {"architecture", concat("sm_", properties.major, properties.minor)},
          {"multiprocessors", properties.multiprocessors},
          {"memory_bytes", properties.memory_bytes},
          {"l2_bytes", properties.l2_bytes},
          {"shared_bytes_per_block", properties.shared_bytes_per_block},
          {"driver", cuda::Driver::get()->version()}};
}

} // namespace

void run_device(Findings& findings) {
  const auto& driver = cuda::Driver::get();
  if (!driver) return findings.skip(concat("no GPU: ", driver.message()));
  Json device = describe(device_properties());
  findings.check(driver->version_number > 0, "the driver has no version");
  const auto& nvrtc = cuda::Nvrtc::get();
  if (findings.check(nvrtc.ok(), nvrtc.ok() ? "" : nvrtc.message()))
    device["nvrtc"] = {{"version", nvrtc->version()}, {"path", nvrtc->path()}};
  const auto& library = cuda::CublasLt::get();
  if (findings.check(library.ok(), library.ok() ? "" : library.message()))
    device["cublaslt"] = {{"version", cublaslt_version(library->version)}, {"path", library->path}};
  findings.fact("device", device);
}

} // namespace ogee::gpu_check
