// Measures the arithmetic peak with chains of fused multiply-adds, and memory with copies far larger than the caches.
#include "tools/ogee/limits.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace ogee::tools {

namespace {

using Clock = std::chrono::steady_clock;
constexpr int kRounds = 100000;
/// Chains that are independent of each other: enough to hide the latency of two units, few enough for the registers.
constexpr int kChains = 12;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Runs kRounds of multiply-adds; `keep` gets their result. Each gives the operations it did.
#if defined(__x86_64__)
[[gnu::target("avx512f")]] double multiplyAdd512(float* keep) {
  __m512 sums[kChains], factor = _mm512_set1_ps(0.5f), offset = _mm512_set1_ps(1.0f);
  for (__m512& sum : sums) sum = offset;
  for (int round = 0; round < kRounds; ++round)
    for (__m512& sum : sums) sum = _mm512_fmadd_ps(sum, factor, offset);
  for (const __m512& sum : sums) *keep += _mm512_cvtss_f32(sum);
  return 2.0 * 16 * kChains * kRounds;
}

[[gnu::target("avx2,fma")]] double multiplyAdd256(float* keep) {
  __m256 sums[kChains], factor = _mm256_set1_ps(0.5f), offset = _mm256_set1_ps(1.0f);
  for (__m256& sum : sums) sum = offset;
  for (int round = 0; round < kRounds; ++round)
    for (__m256& sum : sums) sum = _mm256_fmadd_ps(sum, factor, offset);
  for (const __m256& sum : sums) *keep += _mm256_cvtss_f32(sum);
  return 2.0 * 8 * kChains * kRounds;
}

double multiplyAdd(float* keep) {
  static const bool wide = __builtin_cpu_supports("avx512f");
  return wide ? multiplyAdd512(keep) : multiplyAdd256(keep);
}
#else
double multiplyAdd(float* keep) {
  float32x4_t sums[kChains], factor = vdupq_n_f32(0.5f), offset = vdupq_n_f32(1.0f);
  for (float32x4_t& sum : sums) sum = offset;
  for (int round = 0; round < kRounds; ++round)
    for (float32x4_t& sum : sums) sum = vfmaq_f32(offset, sum, factor);
  for (const float32x4_t& sum : sums) *keep += vgetq_lane_f32(sum, 0);
  return 2.0 * 4 * kChains * kRounds;
}
#endif

/// The most per second that `threads` threads together get done, of several tries. `work(thread)` says how much it did.
template <class Work>
double bestRate(unsigned threads, double seconds, Work work) {
  double best = 0;
  for (const Clock::time_point start = Clock::now(); secondsSince(start) < seconds;) {
    std::atomic<unsigned> ready = 0;
    std::vector<double> rates(threads);
    std::vector<std::thread> others;
    const auto measure = [&](unsigned thread) {
      ++ready;
      while (ready < threads) std::this_thread::yield();
      const Clock::time_point begin = Clock::now();
      const double done = work(thread);
      rates[thread] = done / secondsSince(begin);
    };
    for (unsigned thread = 1; thread < threads; ++thread) others.emplace_back(measure, thread);
    measure(0);
    for (std::thread& other : others) other.join();
    double sum = 0;
    for (double rate : rates) sum += rate;
    best = std::max(best, sum);
  }
  return best;
}

double measureFlops(unsigned threads) {
  std::vector<float> kept(16 * size_t(threads)); // a cache line each
  return bestRate(threads, 0.25, [&](unsigned thread) {
    double flop = 0;
    for (int i = 0; i < 10; ++i) flop += multiplyAdd(&kept[16 * thread]);
    return flop;
  });
}

double measureBytes(unsigned threads) {
  const size_t bytes = (size_t(256) << 20) / threads;
  std::vector<std::unique_ptr<char[]>> from(threads), to(threads);
  for (auto* buffers : {&from, &to})
    for (auto& buffer : *buffers) {
      buffer = std::make_unique_for_overwrite<char[]>(bytes);
      std::memset(buffer.get(), 1, bytes); // so that the pages are there
    }
  return bestRate(threads, 0.25, [&](unsigned thread) {
    std::memcpy(to[thread].get(), from[thread].get(), bytes);
    return 2.0 * double(bytes);
  });
}

} // namespace

Limits measureLimits(unsigned threads) { return {measureFlops(threads), measureBytes(threads)}; }

} // namespace ogee::tools
