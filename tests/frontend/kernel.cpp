// Eager kernels: one per key, for all threads.
#include "tests/frontend/support.h"

#include <thread>
#include <vector>

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("kernel: many threads use one kernel") {
  const Tensor x = arange(100).to(f32), expected = x * 3 + 1;
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) wrong += !equal(x * 3 + 1, expected);
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("kernel: composed operations are one kernel") {
  const Tensor x = ones({5, 7});
  softmax(x, 1);
  gelu(x);
  for (auto op : {+[](const Tensor& t) { return softmax(t, 1); }, +[](const Tensor& t) { return gelu(t); }}) {
    const uint64_t before = stats().launches;
    op(x);
    CHECK(stats().launches == before + 1);
  }
}
