// OGEE_TEST_DEVICE=cuda: that is the default device of the tests' thread, so that the tests of the CPU are tests of it.
#include "tests/frontend/support.h"

#include <cstdlib>

namespace {

const bool is_set = [] {
  const char* const device = std::getenv("OGEE_TEST_DEVICE");
  if (device) ogee::set_default_device(device);
  return device != nullptr;
}();

} // namespace
