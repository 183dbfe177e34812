// The device that tests run on, which the environment chooses.
#pragma once

#include "runtime/device.h"

namespace ogee::tests {

/// OGEE_TEST_DEVICE=cuda: that is the default device of the tests' thread, so that the tests of the CPU are tests of
/// it. Where it is not there, the program says that it is skipped, and ends well.
runtime::Device testDevice();

} // namespace ogee::tests
