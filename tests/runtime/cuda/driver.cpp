// Opening the driver: what is said of one that is missing, too old, a stub, or without a device.
#include "runtime/cuda/driver.h"

#include "tests/cuda/machine.h"
#include "tests/runtime/folder.h"

using namespace ogee::runtime;
using namespace ogee::runtime::cuda;
using namespace ogee::tests;
using ogee::runtime::testing::Folder;

namespace {

/// What opening the fake driver says in a process of its own.
std::string said_of(const std::map<std::string, std::string>& environment) {
  return in_child(environment, [] { std::puts(error_of([] { (void)Driver::open(OGEE_FAKE_CUDA).take(); }).c_str()); })
      .output;
}

} // namespace

TEST_CASE("driver: all functions are found, statuses have texts") {
  const auto outcome = in_child({}, [] {
    const Result<Driver> driver = Driver::open(OGEE_FAKE_CUDA);
    if (!driver) return void(std::puts(driver.message().c_str()));
    std::printf("%s\n%s\n%s\n%s\n", driver->version().c_str(), driver->path.c_str(), driver->describe(2).c_str(),
                driver->describe(12345).c_str());
  });
  CHECK(outcome.output == "13.0\n" OGEE_FAKE_CUDA "/libcuda.so.1\nCUDA_ERROR_OUT_OF_MEMORY (out of memory)\nerror "
                          "12345\n");
}

TEST_CASE("driver: one that cannot be used says which it is and why") {
  const std::string found = " (" OGEE_FAKE_CUDA "/libcuda.so.1)";
  CHECK(said_of({{"OGEE_FAKE_CUDA_VERSION", "11080"}}) ==
        "CUDA: the driver 11.8" + found + " is too old: 12.0 or newer is needed\n");
  CHECK(said_of({{"OGEE_FAKE_CUDA_FAIL", "cuInit:1:34"}}) == "CUDA: " OGEE_FAKE_CUDA
                                                             "/libcuda.so.1 is the toolkit's stub, not a driver\n");
  CHECK(said_of({{"OGEE_FAKE_CUDA_FAIL", "cuInit:1:999"}}) ==
        "CUDA: the driver 13.0" + found + " does not start: CUDA_ERROR_UNKNOWN (unknown error)\n");
  CHECK(said_of({{"CUDA_VISIBLE_DEVICES", ""}}) ==
        "CUDA: the driver 13.0" + found + " finds no device; CUDA_VISIBLE_DEVICES is ''\n");
  CHECK(said_of({}) == "no error\n");
}

TEST_CASE("driver: a library without its functions names the first that is missing") {
  const Folder folder;
  std::filesystem::copy_file(OGEE_FAKE_CUDA "/libnvrtc-builtins.so.13.0", folder.file("libcuda.so.1"));
  const auto driver = Driver::open(folder.path());
  REQUIRE_FALSE(driver.ok());
  CHECK(driver.failure().code == ErrorCode::no_device);
  CHECK(driver.message() == "CUDA: the driver 0.0 (" + folder.file("libcuda.so.1") + ") has no cuInit");
}

TEST_CASE("driver: a file that is no library says so") {
  const Folder folder;
  folder.write("libcuda.so.1", "text");
  const auto driver = Driver::open(folder.path());
  if (driver) return; // the system's
  CHECK_THAT(driver.message(), Catch::Matchers::StartsWith("CUDA: " + folder.file("libcuda.so.1") + ": "));
}
