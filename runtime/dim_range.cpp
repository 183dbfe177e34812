// Intervals of the values an expression can take. A bound that leaves int64 becomes "no bound", which is always right.
#include "runtime/dim_algebra.h"

#include <algorithm>

namespace ogee::runtime::detail {
namespace {

constexpr int64_t kNoLower = DimRange::kNoLower, kNoUpper = DimRange::kNoUpper;

bool is_infinite(int64_t bound) noexcept { return bound == kNoLower || bound == kNoUpper; }

int64_t add_bounds(int64_t a, int64_t b, int64_t infinity) noexcept {
  if (a == infinity || b == infinity) return infinity;
  const Checked sum = Checked(a) + b;
  return sum.valid() ? sum.value() : a < 0 ? kNoLower : kNoUpper;
}

int64_t multiply_bounds(int64_t a, int64_t b) noexcept {
  if (a == 0 || b == 0) return 0;
  const Checked product = Checked(a) * b;
  if (!product.valid() || is_infinite(a) || is_infinite(b)) return (a < 0) != (b < 0) ? kNoLower : kNoUpper;
  return product.value();
}

/// Of a quotient by a positive divisor.
int64_t divide_bounds(int64_t a, int64_t b) noexcept {
  if (is_infinite(a)) return a;
  if (b == kNoUpper) return a < 0 ? -1 : 0;
  return (Checked(a) / b).value();
}

DimRange floordiv(DimRange a, DimRange b) noexcept {
  if (b.lo < 1) return {};
  return {std::min(divide_bounds(a.lo, b.lo), divide_bounds(a.lo, b.hi)),
          std::max(divide_bounds(a.hi, b.lo), divide_bounds(a.hi, b.hi))};
}

DimRange mod(DimRange a, DimRange b) noexcept {
  if (b.lo < 1) return {};
  const int64_t below = b.hi == kNoUpper ? kNoUpper : b.hi - 1;
  return {0, a.lo >= 0 ? std::min(a.hi, below) : below};
}

} // namespace

DimRange add(DimRange a, DimRange b) noexcept {
  return {add_bounds(a.lo, b.lo, kNoLower), add_bounds(a.hi, b.hi, kNoUpper)};
}

DimRange multiply(DimRange a, DimRange b) noexcept {
  const auto [lo, hi] = std::minmax({multiply_bounds(a.lo, b.lo), multiply_bounds(a.lo, b.hi),
                                     multiply_bounds(a.hi, b.lo), multiply_bounds(a.hi, b.hi)});
  return {lo, hi};
}

DimRange combine(DimOp op, DimRange a, DimRange b) noexcept {
  switch (op) {
  case DimOp::floordiv: return floordiv(a, b);
  case DimOp::mod: return mod(a, b);
  case DimOp::min: return {std::min(a.lo, b.lo), std::min(a.hi, b.hi)};
  case DimOp::max: return {std::max(a.lo, b.lo), std::max(a.hi, b.hi)};
  default: return {};
  }
}

} // namespace ogee::runtime::detail
