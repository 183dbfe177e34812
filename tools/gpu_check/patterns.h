// Tensors of bit patterns, and whether two of them have the same bits, all NaNs being equal.
#pragma once

#include <ogee/ogee.h>

#include <string>

namespace ogee::gpu_check {

/// Two operands for functions of one or two: patterns that lie evenly over all that the dtype has, so that every
/// exponent, both signs, subnormals, infinities and NaNs come; first each of a list of special ones with each. At least
/// 2^10 elements; the two are in different orders.
struct Operands {
  Tensor x, y;
};
Operands patterns(DType dtype, int64_t count);

/// How often two tensors of the CPU differ, and the first place.
struct Difference {
  int64_t count = 0;
  int64_t at = 0;
};
Difference difference(const Tensor& a, const Tensor& b);

/// The bits of an element and what they stand for: "0x3f800000 (1)".
std::string element_text(const Tensor& tensor, int64_t at);

} // namespace ogee::gpu_check
