// Makes the device that the environment names the default one before the first test.
#include "tests/on_device.h"

#include <ogee/ogee.h>

#include <cstdio>
#include <cstdlib>

namespace ogee::tests {

namespace {

Device chosen() {
  const char* const name = std::getenv("OGEE_TEST_DEVICE");
  if (!name) return {};
  try {
    const Device device(name);
    synchronize(device);
    set_default_device(device);
    return device;
  } catch (const Error& error) {
    const bool isThere = error.code() != runtime::ErrorCode::no_device;
    std::printf("%s: %s\n", isThere ? "OGEE_TEST_DEVICE" : "skipped", error.what());
    std::exit(isThere);
  }
}

const Device device = chosen();

} // namespace

Device testDevice() { return device; }

} // namespace ogee::tests
