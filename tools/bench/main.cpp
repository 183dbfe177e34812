// bench: what first uses cost; ogee's matrix product beside one written by hand, and the cost of small calls: medians
// of interleaved runs on one thread.
#include "tools/bench/by_hand.h"
#include "tools/bench/first_use.h"
#include <ogee/ogee.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <vector>

using namespace ogee;

namespace {

double seconds(const auto& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double>& times) {
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

/// One size: eager (sizes at run time) and compiled (static sizes) against the hand-written kernel, all with the
/// packing.
bool bench_gemm(int64_t n, int rounds) {
  const Tensor a = randn({n, n}), b = randn({n, n});
  Tensor by_hand = zeros({n, n});
  std::vector<float> panel;
  const auto hand = [&] {
    return bench::gemm_by_hand(a.span<float>().data(), b.span<float>().data(), by_hand.span<float>().data(), n, n, n,
                               panel);
  };
  if (!hand()) return std::puts("no hand-written kernel for this machine"), true;
  auto compiled = compile([](const Tensor& x, const Tensor& y) { return matmul(x, y); }, {.name = "gemm"});
  if (!allclose(compiled(a, b), by_hand, 1e-4, 1e-3) || !allclose(matmul(a, b), by_hand, 1e-4, 1e-3))
    return std::printf("%5ld: results differ\n", static_cast<long>(n)), false;
  std::vector<double> hand_times, eager_times, compiled_times;
  for (int i = 0; i < rounds; ++i) {
    hand_times.push_back(seconds(hand));
    eager_times.push_back(seconds([&] { matmul(a, b); }));
    compiled_times.push_back(seconds([&] { compiled(a, b); }));
  }
  const double flop = 2.0 * std::pow(static_cast<double>(n), 3) * 1e-9;
  const double h = flop / median(hand_times), e = flop / median(eager_times), c = flop / median(compiled_times);
  std::printf("%5ld  %8.1f  %8.1f (%3.0f %%)  %8.1f (%3.0f %%)\n", static_cast<long>(n), h, e, 100 * e / h, c,
              100 * c / h);
  return true;
}

/// Nanoseconds of a call, as the median of batches of 1000.
double nanoseconds(const auto& run) {
  std::vector<double> times;
  for (int i = 0; i < 51; ++i)
    times.push_back(1e6 * seconds([&] {
                      for (int j = 0; j < 1000; ++j) run();
                    }));
  return median(times);
}

} // namespace

int main(int argc, char** argv) try {
  const bool quick = argc == 2 && std::strcmp(argv[1], "--quick") == 0;
  if (argc > 1 && !quick) return std::cerr << "usage: bench [--quick]\n", 2;
  bench::first_uses();
  set_num_threads(1);
  manual_seed(1);
  std::puts("f32 product on one core, packing included, in GFLOP/s");
  std::printf("    n   by hand   eager             compiled\n");
  for (int64_t n : {256, 512, 1024}) {
    if (!bench_gemm(n, quick ? 5 : 51)) return 1;
    if (quick) break;
  }
  const Tensor x = randn({64}), y = randn({64});
  auto compiled = compile([](const Tensor& p, const Tensor& q) { return (p + q) * p; }, {.name = "tiny"});
  compiled(x, y);
  std::printf("a + b, 64 elements, eager: %.0f ns\n", nanoseconds([&] { return x + y; }));
  std::printf("(a + b) * a, 64 elements, compiled: %.0f ns\n", nanoseconds([&] { return compiled(x, y); }));
  std::vector<Tensor> captured(150);
  for (Tensor& w : captured) w = randn({1});
  auto summing = compile([&](const Tensor& p) {
    Tensor total = p;
    for (const Tensor& w : captured) total = total + w;
    return total;
  });
  const Tensor one = randn({1});
  summing(one);
  std::printf("a sum of 150 captured tensors of one element, compiled: %.0f ns\n",
              nanoseconds([&] { return summing(one); }));
  return 0;
} catch (const Error& error) {
  std::cerr << "bench: " << error.what() << "\n";
  return 1;
}
