#include "runtime/environment.h"

#include "tests/catch.h"
#include "tests/runtime/programs.h"

#include <cstdlib>

using ogee::runtime::is_switched_on;

TEST_CASE("environment: switches are 0, 1 or not there") {
  constexpr const char* kName = "OGEE_TEST_SWITCH";
  const auto with = [&](const char* value, bool otherwise) {
    setenv(kName, value, 1);
    return is_switched_on(kName, otherwise);
  };
  unsetenv(kName);
  CHECK(is_switched_on(kName, true));
  CHECK_FALSE(is_switched_on(kName, false));
  CHECK(with("", true));
  CHECK(with("1", false));
  CHECK_FALSE(with("0", true));
  CHECK(ogee::runtime::testing::error_of([&] { with("on", true); }) == "OGEE_TEST_SWITCH: expected 0 or 1, got on");
  unsetenv(kName);
}
