// The global object: threads, generator, epoch, statistics.
#include "runtime/runtime.h"

#include "runtime/storage.h"
#include "tests/catch.h"
#include "tests/runtime/programs.h"

#include <set>
#include <thread>

using namespace ogee::runtime;
using namespace ogee::runtime::testing;

TEST_CASE("runtime: the number of threads") {
  const int before = num_threads();
  CHECK(before >= 1);
  set_num_threads(3);
  CHECK(num_threads() == 3);
  for (const int bad : {0, -1, 4097})
    CHECK_THROWS_WITH(set_num_threads(bad),
                      "set_num_threads: " + std::to_string(bad) + " is not a number from 1 to 4096");
  CHECK(num_threads() == 3);
  set_num_threads(before);
}

TEST_CASE("runtime: the generator gives each draw a number of its own") {
  Generator generator(7);
  CHECK(generator.state() == GeneratorState{7, 0});
  CHECK(generator.draw() == GeneratorState{7, 0});
  CHECK(generator.draw(5) == GeneratorState{7, 1});
  CHECK(generator.draw() == GeneratorState{7, 6});
  const GeneratorState saved = generator.state();
  generator.manual_seed(9);
  CHECK(generator.state() == GeneratorState{9, 0});
  generator.set_state(saved);
  CHECK(generator.draw() == GeneratorState{7, 7});

  std::vector<std::vector<uint64_t>> drawn(4);
  std::vector<std::thread> threads;
  for (auto& mine : drawn)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) mine.push_back(generator.draw().number);
    });
  for (std::thread& thread : threads) thread.join();
  std::set<uint64_t> all;
  for (const auto& mine : drawn) all.insert(mine.begin(), mine.end());
  CHECK(all.size() == 4000);
}

TEST_CASE("runtime: the epoch grows") {
  Runtime& runtime = Runtime::get();
  const uint64_t before = runtime.epoch();
  runtime.bump_epoch();
  CHECK(runtime.epoch() == before + 1);
}

TEST_CASE("runtime: statistics") {
  reset_stats();
  const Stats before = stats();
  CHECK(before.launches == 0);
  CHECK(before.kernels_compiled == 0);
  CHECK(before.bytes_peak == before.bytes_live);
  run_two(Executable(add_program().finish()), ramp(8), ramp(8));
  CHECK(stats().launches == 1);
  {
    const StorageRef storage = Storage::allocate(5 << 20);
    CHECK(stats().bytes_live >= before.bytes_live + (5 << 20));
  }
  CHECK(stats().bytes_live == before.bytes_live);
  CHECK(stats().bytes_peak >= before.bytes_live + (5 << 20));
  CHECK(stats().bytes_cached >= 5 << 20);
  Runtime::get().allocator().release_cached();
  CHECK(stats().bytes_cached == 0);
}
