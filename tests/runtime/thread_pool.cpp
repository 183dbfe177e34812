// The thread pool: every unit once, whatever the number of threads; faults; busy pools; parking.
#include "runtime/thread_pool.h"

#include "tests/catch.h"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

using namespace ogee::runtime;

namespace {

/// Counts how often each unit runs, and that no worker number is used twice at a time.
struct Recorder {
  explicit Recorder(size_t units) : counts(units) {}
  std::vector<std::atomic<int>> counts;
  std::array<std::atomic<int>, 64> busy{};
  std::atomic<int> clashes{0};
  int64_t fault_at = -1;
  int spin = 0;

  static int32_t chunk(void* context, int64_t begin, int64_t end, unsigned worker) {
    auto& self = *static_cast<Recorder*>(context);
    self.clashes += self.busy[worker].exchange(1) != 0;
    int32_t fault = 0;
    for (int64_t i = begin; i < end; ++i) {
      ++self.counts[static_cast<size_t>(i)];
      for (int j = 0; j < self.spin; ++j) std::atomic_signal_fence(std::memory_order_seq_cst); // takes time
      if (self.fault_at >= 0 && i % self.fault_at == self.fault_at - 1) {
        fault = static_cast<int32_t>(i) + 1;
        break;
      }
    }
    self.busy[worker] = 0;
    return fault;
  }
  bool all_once() const {
    for (const std::atomic<int>& count : counts)
      if (count != 1) return false;
    return clashes == 0;
  }
};

} // namespace

TEST_CASE("thread pool: every unit runs once, for any number of threads and chunks") {
  for (const unsigned threads : {1u, 2u, 3u, 8u}) {
    ThreadPool pool(threads);
    CHECK(pool.threads() == threads);
    for (const int64_t units : {1, 2, 7, 1000})
      for (const int64_t chunk : {1, 3, 64, 5000})
        for (const unsigned workers : {1u, 2u, 8u}) {
          Recorder recorder(static_cast<size_t>(units));
          REQUIRE(pool.run(units, chunk, workers, Recorder::chunk, &recorder) == 0);
          REQUIRE(recorder.all_once());
        }
    Recorder none(1);
    CHECK(pool.run(0, 1, threads, Recorder::chunk, &none) == 0);
    CHECK(none.counts[0] == 0);
  }
}

TEST_CASE("thread pool: the other threads really work") {
  ThreadPool pool(2);
  const ThreadPool::KeepAwake awake(pool);
  struct Meeting {
    std::atomic<int> there{0};
  } meeting;
  const ChunkFn meet = [](void* context, int64_t, int64_t, unsigned) -> int32_t { // returns only when both have come
    auto& there = static_cast<Meeting*>(context)->there;
    ++there;
    while (there < 2) std::this_thread::yield();
    return 0;
  };
  CHECK(pool.run(2, 1, 2, meet, &meeting) == 0);
  CHECK(meeting.there == 2);
}

TEST_CASE("thread pool: the fault of the lowest faulty chunk wins") {
  for (const unsigned threads : {1u, 4u}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 200; ++round) {
      Recorder recorder(1000);
      recorder.fault_at = 300;
      recorder.spin = 5;
      REQUIRE(pool.run(1000, 7, threads, Recorder::chunk, &recorder) == 300);
    }
  }
}

TEST_CASE("thread pool: callers that find it busy do their own work") {
  ThreadPool pool(3);
  std::atomic<bool> right{true};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 6; ++caller)
    callers.emplace_back([&] {
      for (int round = 0; round < 300; ++round) {
        Recorder recorder(50);
        if (pool.run(50, 3, 3, Recorder::chunk, &recorder) != 0 || !recorder.all_once()) right = false;
      }
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(right);
}

TEST_CASE("thread pool: a loop inside a loop runs in the thread that meets it") {
  ThreadPool pool(2);
  struct Outer {
    ThreadPool& pool;
    std::atomic<int> inner{0};
  } outer{pool};
  const ChunkFn nested = [](void* context, int64_t, int64_t, unsigned) -> int32_t {
    auto& self = *static_cast<Outer*>(context);
    const ChunkFn count = [](void* counter, int64_t begin, int64_t end, unsigned) -> int32_t {
      *static_cast<std::atomic<int>*>(counter) += static_cast<int>(end - begin);
      return 0;
    };
    return self.pool.run(10, 1, 2, count, &self.inner);
  };
  CHECK(pool.run(8, 1, 2, nested, &outer) == 0);
  CHECK(outer.inner == 80);
}

TEST_CASE("thread pool: works again after parking, and after a change of the number of threads") {
  ThreadPool pool(2);
  for (int round = 0; round < 6; ++round) {
    Recorder recorder(100);
    CHECK(pool.run(100, 1, 8, Recorder::chunk, &recorder) == 0);
    CHECK(recorder.all_once());
    if (round % 2 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(3)); // longer than threads linger
    if (round == 3) pool.set_threads(5);
    if (round == 4) pool.set_threads(1);
  }
}

TEST_CASE("thread pool: the number of threads may change while others use the pool") {
  ThreadPool pool(2);
  std::atomic<bool> right{true}, done{false};
  std::thread caller([&] {
    while (!done) {
      Recorder recorder(64);
      pool.run(64, 2, 4, Recorder::chunk, &recorder);
      if (!recorder.all_once()) right = false;
    }
  });
  for (unsigned round = 0; round < 40; ++round) pool.set_threads(1 + round % 4);
  done = true;
  caller.join();
  CHECK(right);
}

#if defined(__SANITIZE_THREAD__)
#define OGEE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define OGEE_TSAN 1
#endif
#endif
#ifndef OGEE_TSAN // which loses its own threads in a fork
TEST_CASE("thread pool: a forked child, which has none of the threads, does all work itself") {
  ThreadPool pool(3);
  Recorder before(30);
  pool.run(30, 1, 3, Recorder::chunk, &before);
  const pid_t child = fork();
  if (child == 0) {
    Recorder recorder(100);
    const bool right = pool.run(100, 3, 3, Recorder::chunk, &recorder) == 0 && recorder.all_once();
    _exit(right ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}
#endif
