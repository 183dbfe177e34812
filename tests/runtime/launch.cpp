// Kernels split over threads: faults and scratch memory.
#include "runtime/launch.h"

#include "runtime/runtime.h"
#include "tests/catch.h"
#include "tests/runtime/programs.h"

#include <atomic>
#include <chrono>
#include <thread>

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

TEST_CASE("launch: after a change of the number of threads, all of them work") {
  // A kernel whose chunks wait for each other, as long as it takes a thread to wake.
  struct Meeting {
    std::atomic<int> there{0};
    std::atomic<bool> met{false};
  } meeting;
  const auto meet = [](void* const* buffers, const int64_t*, int64_t, int64_t, void*) -> int32_t {
    auto& here = *static_cast<Meeting*>(buffers[0]);
    ++here.there;
    const auto start = std::chrono::steady_clock::now();
    while (here.there < 2 && std::chrono::steady_clock::now() - start < std::chrono::seconds(20))
      std::this_thread::yield();
    here.met = here.there >= 2;
    return 0;
  };
  Builder b;
  const uint32_t x = b.arg("x", {1}, DType::u8);
  b.arena(64, 0, 0);
  KernelLaunch launch = b.launch(meet, {x}, 2);
  launch.unit_cost = b.sizes.slot(1 << 20);
  b.program.launches.push_back({launch});
  b.program.trusted = true;
  const Executable executable(b.finish());
  const int before = num_threads();
  const std::vector<int64_t> one = {1};
  const TensorArg args[] = {{&meeting, one.data(), nullptr, 1, DType::u8}};
  for (const int threads : {1, 2}) {
    set_num_threads(threads);
    meeting.there = threads == 1 ? 1 : 0; // alone there is nobody to wait for
    executable.run({args}, std::span<void* const>());
    CHECK(meeting.met);
  }
  set_num_threads(before);
}

TEST_CASE("launch: scratch memory grows with the iterations of a loop") {
  const auto fill = [](void* const* buffers, const int64_t* sizes, int64_t, int64_t, void* scratch) {
    std::memset(scratch, 1, static_cast<size_t>(sizes[0]));
    *static_cast<int64_t*>(buffers[0]) += static_cast<const uint8_t*>(scratch)[sizes[0] - 1];
    return 0;
  };
  Builder b;
  const uint32_t out = b.result("out", {1}, DType::i64);
  b.program.launches.push_back({FillLaunch{out, b.sizes.slot(8)}});
  ForEntry loop;
  loop.count = b.sizes.slot(8);
  loop.induction = b.sizes.begin_loop();
  const Slot next = b.sizes.apply(SizeOp::add, loop.induction, b.sizes.slot(1));
  KernelLaunch body = b.launch(fill, {out}, 1);
  body.scratch_bytes = b.sizes.apply(SizeOp::mul, next, b.sizes.slot(100000));
  body.sizes = {body.scratch_bytes};
  loop.steps = b.sizes.end_loop();
  loop.body.push_back({body});
  b.program.launches.push_back({loop});
  const Executable executable(b.finish());
  int64_t count = -1;
  void* const results[] = {&count};
  executable.run({}, results); // without its memory the kernel would write to null
  CHECK(count == 8);
}
