// PyTorch's type promotion.
#include "frontend/promote.h"

#include <algorithm>
#include <cassert>

namespace ogee::detail {

namespace {

using runtime::is_floating;

std::optional<DType> combine(std::optional<DType> higher, std::optional<DType> lower) {
  if (!higher || !lower) return higher ? higher : lower;
  if (is_floating(*higher)) return higher;
  if (*higher == DType::boolean || is_floating(*lower)) return promote(*higher, *lower);
  return higher;
}

} // namespace

DType promote(DType a, DType b) {
  if (a == b) return a;
  const DType high = std::max(a, b), low = std::min(a, b);
  if (high == DType::bf16 && low == DType::f16) return DType::f32;
  // Two kinds of 8-bit integers hold each other's values in none of them.
  if (high == DType::i8 && low == DType::u8) return DType::i32;
  return high; // the order of DType: bool, integers by size, floats by size
}

DType Promotion::result() const {
  const std::optional<DType> result = combine(combine(tensors_, scalars_), numbers_);
  assert(result);
  return *result;
}

} // namespace ogee::detail
