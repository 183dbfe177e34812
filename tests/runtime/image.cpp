// Images: real machine code, import slots, and everything that makes one be refused.
#include "runtime/image.h"

#include "tests/catch.h"
#include "tests/runtime/programs.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>

using namespace ogee::runtime;
using namespace ogee::runtime::testing;

namespace {

/// Runs an image of `store_size_code`: out[i] = size for units [begin, end).
std::vector<int64_t> run_store_size(const Image& image, int64_t size) {
  const Result<KernelFn> kernel = image.function(0);
  REQUIRE(kernel);
  std::vector<int64_t> out(10, -1);
  void* const buffers[] = {out.data()};
  CHECK((*kernel)(buffers, &size, 3, 7, nullptr) == 0);
  return out;
}

} // namespace

TEST_CASE("image: machine code runs where it is mapped") {
  const Image image(store_size_image());
  REQUIRE(image.check());
  CHECK(run_store_size(image, 42) == std::vector<int64_t>{-1, -1, -1, 42, 42, 42, 42, -1, -1, -1});
  CHECK(*image.function(0) == *image.function(0)); // mapped once
}

TEST_CASE("image: import slots are filled with functions of the allow-list") {
  // Data alone: a kernel reads the slot through its own code; here the mapped bytes are read back.
  ImageData data = store_size_image();
  data.bytes.resize(64 + 16);
  data.imports = {{"exp", 64}, {"tanhf", 72}};
  data.entries.push_back({"slots", 64});
  const Image image(data);
  REQUIRE(image.check());
  const auto mapped = reinterpret_cast<uintptr_t>(*image.function(1));
  std::array<const void*, 2> slots;
  std::memcpy(slots.data(), reinterpret_cast<const void*>(mapped), sizeof slots);
  CHECK(slots[0] == importable_function("exp"));
  CHECK(slots[1] == importable_function("tanhf"));
}

TEST_CASE("image: the functions of the allow-list are libm's") {
  const auto unary = [](const char* name, double x) {
    const void* const function = importable_function(name);
    REQUIRE(function != nullptr);
    return reinterpret_cast<double (*)(double)>(reinterpret_cast<uintptr_t>(function))(x);
  };
  CHECK(unary("exp", 1.5) == std::exp(1.5));
  CHECK(unary("erf", 0.3) == std::erf(0.3));
  CHECK(unary("log1p", 0.3) == std::log1p(0.3));
  const auto pow_float =
      reinterpret_cast<float (*)(float, float)>(reinterpret_cast<uintptr_t>(importable_function("powf")));
  CHECK(pow_float(2.5f, 3.0f) == std::pow(2.5f, 3.0f));
  for (const char* name :
       {"exp", "expm1", "log", "log1p", "sin", "cos", "tan", "tanh", "erf", "pow", "atan2", "cbrt", "fmod"}) {
    CHECK(importable_function(name) != nullptr);
    CHECK(importable_function(std::string(name) + "f") != nullptr);
  }
  for (const char* name : {"", "system", "malloc", "expl", "memcpy"}) CHECK(importable_function(name) == nullptr);
}

TEST_CASE("image: what does not hold together is found before it is mapped") {
  const auto reason = [](auto change) {
    ImageData data = store_size_image();
    data.bytes.resize(64);
    change(data);
    const Status status = Image(data).check();
    return status ? std::string("right") : status.message();
  };
  CHECK(reason([](ImageData&) {}) == "right");
  CHECK(reason([](ImageData& d) { d.entries[0].offset = 64; }) == "image: entry store_size lies outside");
  CHECK(reason([](ImageData& d) { d.imports = {{"exp", 64}}; }) == "image: the slot of exp lies outside");
  CHECK(reason([](ImageData& d) { d.imports = {{"exp", UINT64_MAX - 7}}; }) == "image: the slot of exp lies outside");
  CHECK(reason([](ImageData& d) { d.imports = {{"exp", 4}}; }) == "image: the slot of exp lies outside");
  CHECK(reason([](ImageData& d) { d.imports = {{"system", 8}}; }) == "image: may not call system");
  CHECK(reason([](ImageData& d) { d.functions = {nullptr, nullptr}; }) ==
        "image: as many functions as entries are needed");
}

TEST_CASE("image: another machine's code is refused with what is missing") {
  ImageData data = store_size_image();
  data.architecture = "pdp11";
  CHECK(Image(data).function(0).message() == concat("the code is for pdp11, this machine is ", host_architecture()));
  CHECK(Image(data).function(0).failure().code == ErrorCode::unsupported);
  data = store_size_image();
  data.features = CpuFeatures(uint64_t(1) << 63);
  CHECK(Image(data).function(0).message() == "the code needs CPU features that this machine lacks: feature 63");
}

TEST_CASE("image: a process whose perf map is looked at", "[.perf-map]") {
  run_store_size(Image(store_size_image()), 1);
}

TEST_CASE("image: OGEE_PERF_MAP tells perf the names of kernels") {
  for (const char* wanted : {"1", "0"}) {
    const pid_t child = fork();
    if (child == 0) { // a process of its own, since the variable is read once
      setenv("OGEE_PERF_MAP", wanted, 1);
      execl("/proc/self/exe", "runtime_tests", "[.perf-map]", "--out", "/dev/null", static_cast<char*>(nullptr));
      _exit(1);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
    const std::string path = "/tmp/perf-" + std::to_string(child) + ".map";
    std::ifstream file(path);
    uint64_t address = 0, size = 0;
    std::string name;
    file >> std::hex >> address >> size >> name;
    if (*wanted == '1') {
      CHECK(address % 64 == 0);
      CHECK(size == store_size_code().size());
      CHECK(name == "store_size");
      unlink(path.c_str());
    } else {
      CHECK_FALSE(file);
    }
  }
}
