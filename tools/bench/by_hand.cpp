// The hand-written kernels.
#include "tools/bench/by_hand.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ogee::bench {

namespace {

void pack(const float* b, float* panel, int64_t n, int64_t k, int64_t columns) {
  for (int64_t j = 0; j < n; j += columns)
    for (int64_t p = 0; p < k; ++p, panel += columns) std::memcpy(panel, b + p * n + j, sizeof(float) * columns);
}

#if defined(__x86_64__)

#pragma GCC diagnostic ignored "-Wpsabi"

/// Rows past the end repeat the last one; only `rows` of them are stored.
__attribute__((target("avx512f"))) void tile_avx512(const float* const* a, const float* b, float* c, int64_t ldc,
                                                    int64_t k, int64_t rows) {
  __m512 sum[6][4];
#pragma GCC unroll 6
  for (auto& row : sum) row[0] = row[1] = row[2] = row[3] = _mm512_setzero_ps();
  for (int64_t p = 0; p < k; ++p, b += 64) {
    const __m512 b0 = _mm512_loadu_ps(b), b1 = _mm512_loadu_ps(b + 16), b2 = _mm512_loadu_ps(b + 32),
                 b3 = _mm512_loadu_ps(b + 48);
#pragma GCC unroll 6
    for (int r = 0; r < 6; ++r) {
      const __m512 x = _mm512_set1_ps(a[r][p]);
      sum[r][0] = _mm512_fmadd_ps(x, b0, sum[r][0]);
      sum[r][1] = _mm512_fmadd_ps(x, b1, sum[r][1]);
      sum[r][2] = _mm512_fmadd_ps(x, b2, sum[r][2]);
      sum[r][3] = _mm512_fmadd_ps(x, b3, sum[r][3]);
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < 6; ++r) {
    if (r >= rows) break;
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) _mm512_storeu_ps(c + r * ldc + v * 16, sum[r][v]);
  }
}

__attribute__((target("avx2,fma"))) void tile_avx2(const float* const* a, const float* b, float* c, int64_t ldc,
                                                   int64_t k, int64_t rows) {
  __m256 sum[6][2];
#pragma GCC unroll 6
  for (auto& row : sum) row[0] = row[1] = _mm256_setzero_ps();
  for (int64_t p = 0; p < k; ++p, b += 16) {
    const __m256 b0 = _mm256_loadu_ps(b), b1 = _mm256_loadu_ps(b + 8);
#pragma GCC unroll 6
    for (int r = 0; r < 6; ++r) {
      const __m256 x = _mm256_set1_ps(a[r][p]);
      sum[r][0] = _mm256_fmadd_ps(x, b0, sum[r][0]);
      sum[r][1] = _mm256_fmadd_ps(x, b1, sum[r][1]);
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < 6; ++r) {
    if (r >= rows) break;
    _mm256_storeu_ps(c + r * ldc, sum[r][0]);
    _mm256_storeu_ps(c + r * ldc + 8, sum[r][1]);
  }
}

using Tile = void (*)(const float* const*, const float*, float*, int64_t, int64_t, int64_t);

void multiply(Tile tile, int64_t columns, const float* a, const float* panel, float* c, int64_t m, int64_t n,
              int64_t k) {
  for (int64_t j = 0; j < n; j += columns)
    for (int64_t i = 0; i < m; i += 6) {
      const float* rows[6];
      for (int64_t r = 0; r < 6; ++r) rows[r] = a + std::min(i + r, m - 1) * k;
      tile(rows, panel + j * k, c + i * n + j, n, k, std::min<int64_t>(6, m - i));
    }
}

#endif

} // namespace

bool gemm_by_hand(const float* a, const float* b, float* c, int64_t m, int64_t n, int64_t k,
                  std::vector<float>& panel) {
#if defined(__x86_64__)
  panel.resize(static_cast<size_t>(n * k));
  if (__builtin_cpu_supports("avx512f")) {
    pack(b, panel.data(), n, k, 64);
    multiply(tile_avx512, 64, a, panel.data(), c, m, n, k);
    return true;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    pack(b, panel.data(), n, k, 16);
    multiply(tile_avx2, 16, a, panel.data(), c, m, n, k);
    return true;
  }
#endif
  (void)a, (void)b, (void)c, (void)m, (void)n, (void)k, (void)panel;
  return false;
}

} // namespace ogee::bench
