// What follows from the sizes of a call: derived sizes, the arena, many calls at once.
#include "runtime/executable.h"
#include "runtime/runtime.h"
#include "tests/catch.h"
#include "tests/runtime/programs.h"

#include <thread>

using namespace ogee::runtime;
using namespace ogee::runtime::testing;

TEST_CASE("execution: sizes that overflow are an Error, and nothing runs") {
  const Dim big = Dim::symbol("big");
  const auto never = [](void* const*, const int64_t*, int64_t, int64_t, void*) -> int32_t {
    throw std::logic_error("ran");
  };
  const auto error = [&](const Dim& dim, bool direct) {
    Builder b;
    b.program.name = "f";
    const uint32_t x = b.arg("x", {big}, DType::u8), out = b.result("out", {dim});
    if (!direct) b.arena(dim, 0, 0);
    b.program.launches.push_back({b.launch(never, {x, out}, 1)});
    const Executable executable(b.finish());
    std::vector<uint8_t> data(1);
    const std::vector<int64_t> sizes = {int64_t(1) << 40};
    const TensorArg args[] = {tensor(data, sizes, DType::u8)};
    return error_of([&] {
      Sink sink;
      executable.run({args}, sink);
    });
  };
  for (const bool direct : {true, false}) {
    CHECK(error(big * big, direct) == "a size overflows or is divided by zero");
    CHECK(error(big / (big - (int64_t(1) << 40)), direct) == "a size overflows or is divided by zero");
    CHECK(error(big * (1 << 22), direct) == "result out: too many bytes: [4611686018427387904] of f32");
    CHECK(error(1 - big, direct) == "result out: negative size -1099511627775");
  }
}

TEST_CASE("execution: arena buffers live as long as they are used, at every size") {
  // r = 2 * (2 * x) + 2 * y: three temporaries of which two are alive at a time.
  Builder b;
  const uint32_t x = b.arg("x", {n}), y = b.arg("y", {n}), r = b.result("r", {n});
  const uint32_t t0 = b.arena(n * 4, 0, 1), t1 = b.arena(n * 4, 1, 3), t2 = b.arena(n * 4, 2, 3);
  b.program.launches.push_back({b.launch(twice_kernel, {x, t0}, n)});
  b.program.launches.push_back({b.launch(twice_kernel, {t0, t1}, n)});
  b.program.launches.push_back({b.launch(twice_kernel, {y, t2}, n)});
  b.program.launches.push_back({b.launch(add_kernel, {t1, t2, r}, n)});
  const Executable executable(b.finish());
  reset_stats();
  for (int round = 0; round < 3; ++round)
    for (const size_t count : {1u, 17u, 1000u, 300000u, 5u}) {
      std::vector<float> expected(count);
      for (size_t i = 0; i < count; ++i) expected[i] = 6 * static_cast<float>(i) + 2;
      REQUIRE(run_two(executable, ramp(count), ramp(count, 1)) == expected);
    }
  CHECK(stats().launches == 60);
  CHECK(stats().bytes_peak < 2 * 300000 * 4 + (1 << 20)); // two alive, and blocks are rounded up
  CHECK(stats().bytes_live < 300000);                     // a large arena goes back between calls
}

TEST_CASE("execution: buffers move in an arena that stays") {
  // Two temporaries, x copied into one and y into the other; their sizes change places while their sum does not.
  Builder b;
  const Dim p = Dim::symbol("p"), q = Dim::symbol("q");
  const uint32_t x = b.arg("x", {p}, DType::u8), y = b.arg("y", {q}, DType::u8);
  const uint32_t first = b.result("first", {p}, DType::u8), second = b.result("second", {q}, DType::u8);
  const uint32_t t = b.arena(p, 0, 3), u = b.arena(q, 0, 3);
  b.program.launches.push_back({CopyLaunch{x, t, b.sizes.slot(p)}});
  b.program.launches.push_back({CopyLaunch{y, u, b.sizes.slot(q)}});
  b.program.launches.push_back({CopyLaunch{t, first, b.sizes.slot(p)}});
  b.program.launches.push_back({CopyLaunch{u, second, b.sizes.slot(q)}});
  const Executable executable(b.finish());
  for (const int64_t count : {640, 64, 320, 0, 704}) {
    const std::vector<int64_t> px = {count}, qx = {704 - count};
    std::vector<uint8_t> xs(704, 1), ys(704, 2);
    const TensorArg args[] = {tensor(xs, px, DType::u8), tensor(ys, qx, DType::u8)};
    Sink sink;
    executable.run({args}, sink);
    CHECK(sink.values<uint8_t>(0) == std::vector<uint8_t>(static_cast<size_t>(count), 1));
    CHECK(sink.values<uint8_t>(1) == std::vector<uint8_t>(static_cast<size_t>(704 - count), 2));
  }
}

TEST_CASE("execution: many threads and sizes at once") {
  Builder b;
  const uint32_t x = b.arg("x", {n}), y = b.arg("y", {n}), r = b.result("r", {n});
  const uint32_t t = b.arena(n * 4, 0, 1);
  b.program.launches.push_back({b.launch(twice_kernel, {x, t}, n)});
  KernelLaunch last = b.launch(add_kernel, {t, y, r}, n);
  last.unit_cost = b.sizes.slot(100);
  b.program.launches.push_back({last});
  const Executable executable(b.finish());
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (unsigned caller = 0; caller < 8; ++caller)
    callers.emplace_back([&, caller] {
      for (size_t round = 0; round < 60; ++round) {
        const size_t count = 1 + (caller * 37 + round * 101) % 3000;
        const std::vector<float> got = run_two(executable, ramp(count), ramp(count, 1));
        for (size_t i = 0; i < count; ++i) wrong += got[i] != 3 * static_cast<float>(i) + 1;
      }
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
}

TEST_CASE("execution: a sink that raises leaves the executable usable") {
  Builder b = add_program();
  b.arena(64, 0, 0);
  const Executable executable(b.finish());
  struct Refusing final : ResultSink {
    void* memory(uint32_t, std::span<const int64_t>, int64_t) override { raise(ErrorCode::out_of_memory, "none left"); }
  } refusing;
  std::vector<float> x(4);
  const std::vector<int64_t> sizes = {4};
  const TensorArg args[] = {tensor(x, sizes), tensor(x, sizes)};
  CHECK(error_of([&] { executable.run({args}, refusing); }) == "none left");
  CHECK(run_two(executable, ramp(4), ramp(4)) == std::vector<float>{0, 2, 4, 6});
}
