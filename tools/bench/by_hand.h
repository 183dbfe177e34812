// A matrix product written by hand with intrinsics: what ogee's generated one is measured against.
#pragma once

#include <cstdint>
#include <vector>

namespace ogee::bench {

/// c[m, n] = a[m, k] * b[k, n], f32, row-major, on one core: B packed into panels, then 6 x 64 (AVX-512) or 6 x 16
/// (AVX2) accumulators in registers over the whole of k. n is a multiple of 64. False where the machine has neither.
bool gemm_by_hand(const float* a, const float* b, float* c, int64_t m, int64_t n, int64_t k, std::vector<float>& panel);

} // namespace ogee::bench
