// Faults of kernels reach the host as Errors when it waits.
#include "runtime/cuda/fault.h"

#include "runtime/cuda/module.h"
#include "runtime/storage.h"
#include "tests/cuda/machine.h"

using namespace ogee::runtime;
using namespace ogee::runtime::cuda;
using namespace ogee::tests;

namespace {

/// Faults at site `site`, if it is not 0.
const std::string kText = R"(
extern "C" __global__ void check(unsigned site, unsigned* fault) {
  if (site) atomicCAS(fault, 0u, site + threadIdx.x / 1000);
}
)";

struct Check {
  Gpu& gpu = Gpu::get(0);
  Module module{gpu, compiled(kText)};
  Function function = module.function("check");

  void operator()(const FaultWord& word, unsigned site) const {
    void* address = reinterpret_cast<void*>(word.address());
    void* params[] = {&site, &address};
    launch(gpu, function, 1, 32, 0, params, LaunchNote("check", "", ""));
  }
};

} // namespace

TEST_CASE("fault: the first site in the order of words is raised, once") {
  const Check check;
  const FaultWord a(check.gpu, {"a: first", "a: second at model.cpp:3"}), b(check.gpu, {"b: first"});
  check(a, 0);
  check.gpu.synchronize();
  check(b, 1);
  check(a, 2);
  check(a, 1); // the word has its site already
  CHECK(error_of([&] { check.gpu.synchronize(); }) == "a: second at model.cpp:3");
  CHECK(error_of([&] { check.gpu.synchronize(); }) == "no error");
  check(b, 1);
  CHECK(error_of([&] { check.gpu.stream().synchronize(); }) == "b: first");
  check(b, 9);
  CHECK(error_of([&] { check.gpu.synchronize(); }) == "CUDA: unknown fault 9");
}

TEST_CASE("fault: copies to the host raise what happened before") {
  const Check check;
  const FaultWord word(check.gpu, {"gather: index out of range at model.cpp:3"});
  const StorageRef x = Storage::allocate(4, check.gpu.device());
  uint32_t value = 0;
  check(word, 1);
  try {
    copy_to_host(check.gpu, &value, x->data(), 4);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid_argument);
    CHECK(std::string(error.what()) == "gather: index out of range at model.cpp:3");
  }
  CHECK(error_of([&] { copy_to_host(check.gpu, &value, x->data(), 4); }) == "no error");
}

TEST_CASE("fault: a word that is gone is not given to another launch before its own has run", "[fake]") {
  const Check check;
  check.gpu.synchronize();
  Address first = 0;
  {
    const FaultWord word(check.gpu, {"from the first"});
    first = word.address();
    check(word, 1);
  }
  CHECK(FaultWord(check.gpu, {"from the second"}).address() != first);
  CHECK(error_of([&] { check.gpu.synchronize(); }) == "from the first");
  CHECK(FaultWord(check.gpu, {"from the third"}).address() == first);
  std::vector<std::unique_ptr<FaultWord>> many; // more than a page of them
  for (int i = 0; i < 3000; ++i) many.push_back(std::make_unique<FaultWord>(check.gpu, std::vector<std::string>{"x"}));
  check(*many.back(), 1);
  CHECK(error_of([&] { check.gpu.synchronize(); }) == "x");
}
