// Kernels split over threads: faults and scratch memory.
#include "runtime/launch.h"

#include "runtime/runtime.h"
#include "tests/catch.h"
#include "tests/runtime/programs.h"

using namespace ogee::runtime;
using namespace ogee::runtime::testing;

TEST_CASE("launch: a fault is an Error with the op's line, also from another thread's chunk") {
  const auto faulty = [](void* const*, const int64_t* sizes, int64_t begin, int64_t end, void*) -> int32_t {
    return begin <= sizes[0] && sizes[0] < end ? 2 : 0;
  };
  Builder b;
  b.arg("x", {n});
  KernelLaunch launch = b.launch(faulty, {}, n, {n / 2});
  launch.sites = {{"never", ""}, {"gather: index 9 is out of range", "model.cpp:12"}};
  launch.unit_cost = b.sizes.slot(1 << 20);
  b.program.launches.push_back({launch});
  const Executable executable(b.finish());
  std::vector<float> x(100);
  const std::vector<int64_t> sizes = {100};
  const TensorArg args[] = {tensor(x, sizes)};
  const int before = num_threads();
  for (const int threads : {1, 4}) {
    set_num_threads(threads);
    CHECK(error_of([&] { executable.run({args}, std::span<void* const>()); }) ==
          "gather: index 9 is out of range at model.cpp:12");
  }
  set_num_threads(before);
}

TEST_CASE("launch: every concurrent chunk has scratch memory of its own") {
  const auto kernel = [](void* const* buffers, const int64_t* sizes, int64_t begin, int64_t end, void* scratch) {
    auto* const own = static_cast<volatile int64_t*>(scratch);
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t j = 0; j < sizes[0]; ++j) own[j] = i; // another chunk in the same memory would be seen
      int64_t sum = 0;
      for (int64_t j = 0; j < sizes[0]; ++j) sum += own[j];
      static_cast<int64_t*>(buffers[0])[i] = sum;
    }
    return 0;
  };
  const int before = num_threads();
  for (const int64_t words : {10, 1000, 50000})
    for (const bool direct : {true, false}) {
      Builder b;
      const uint32_t out = b.result("out", {200}, DType::i64);
      KernelLaunch launch = b.launch(kernel, {out}, 200, {words});
      launch.unit_cost = b.sizes.slot(100000);
      launch.scratch_bytes = b.sizes.slot(words * 8);
      b.program.launches.push_back({launch});
      if (!direct) b.arena(64, 0, 0);
      const Executable executable(b.finish());
      std::vector<int64_t> got(200), expected(200);
      for (int64_t i = 0; i < 200; ++i) expected[i] = i * words;
      void* const results[] = {got.data()};
      for (const int threads : {1, 4, 2}) {
        set_num_threads(threads);
        executable.run({}, results);
        REQUIRE(got == expected);
      }
    }
  set_num_threads(before);
}
