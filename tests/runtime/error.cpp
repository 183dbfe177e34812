// Errors, and results that become them.
#include "runtime/error.h"

#include "runtime/result.h"
#include "tests/catch.h"

using namespace ogee::runtime;

TEST_CASE("error: a code and a text from parts") {
  struct Named {
    std::string to_string() const { return "a thing"; }
  };
  try {
    raise(ErrorCode::no_device, "there is ", Named(), ' ', 3, " and ", int64_t(-4), std::string("!"));
    FAIL();
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::no_device);
    CHECK(name(error.code()) == "no_device");
    CHECK(std::string(error.what()) == "there is a thing 3 and -4!");
  }
}

TEST_CASE("result: a value or a failure that becomes an Error") {
  const auto half = [](int x) -> Result<int> {
    if (x % 2 != 0) return failure("half: ", x, " is odd");
    return x / 2;
  };
  CHECK(*half(4) == 2);
  CHECK(half(4).take() == 2);
  CHECK_FALSE(half(3));
  CHECK(half(3).message() == "half: 3 is odd");
  CHECK_THROWS_WITH(half(3).take(), "half: 3 is odd");
  Status status;
  CHECK(status);
  status = Failure{"disk full", ErrorCode::io};
  try {
    std::move(status).take();
    FAIL();
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::io);
    CHECK(std::string(error.what()) == "disk full");
  }
}
