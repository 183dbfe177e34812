// Devices: text in and out.
#include "runtime/device.h"

#include "runtime/error.h"
#include "tests/catch.h"

using namespace ogee::runtime;

TEST_CASE("device: text in and out") {
  CHECK(Device().to_string() == "cpu");
  CHECK(Device("cuda") == Device(Device::Kind::cuda, 0));
  CHECK(Device("cuda:12").index() == 12);
  CHECK(Device("cuda:1").to_string() == "cuda:1");
  for (const char* bad : {"", "CPU", "cuda:", "cuda:x", "cuda:-1", "cuda1", "cuda:99999", "cuda:1 "}) {
    INFO(bad);
    CHECK_THROWS_WITH(Device(bad), std::string("Device: '") + bad + "' is not a device: expected cpu, cuda or cuda:N" +
                                       place(std::source_location::current()));
  }
}
