// bench: what first uses cost; ogee's matrix product beside one written by hand, the cost of small calls and of
// gradients: medians of interleaved runs on one thread.
#include "tools/bench/by_hand.h"
#include "tools/bench/first_use.h"
#include "tools/bench/gradients.h"
#include "tools/bench/timing.h"
#include <ogee/ogee.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <vector>

using namespace ogee;
using namespace ogee::bench;

namespace {

/// One size: eager (sizes at run time) and compiled (static sizes) against the hand-written kernel, all with the
/// packing.
bool bench_gemm(int64_t n, int rounds) {
  const Tensor a = randn({n, n}), b = randn({n, n});
  Tensor by_hand = zeros({n, n});
  std::vector<float> panel;
  const auto hand = [&] {
    return gemm_by_hand(a.span<float>().data(), b.span<float>().data(), by_hand.span<float>().data(), n, n, n, panel);
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

} // namespace

int main(int argc, char** argv) try {
  const bool quick = argc == 2 && std::strcmp(argv[1], "--quick") == 0;
  if (argc > 1 && !quick) return std::cerr << "usage: bench [--quick]\n", 2;
  first_uses();
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
  return gradients(quick) ? 0 : 1;
} catch (const Error& error) {
  std::cerr << "bench: " << error.what() << "\n";
  return 1;
}
