// C++ operators on tensors. Only operators convert numbers by themselves (so that `1 + x` works and keeps its line).
#pragma once

#include "frontend/tensor.h"

namespace ogee {

Tensor operator+(const Operand& a, const Operand& b);
Tensor operator-(const Operand& a, const Operand& b);
Tensor operator*(const Operand& a, const Operand& b);
/// Real division: integers become floating.
Tensor operator/(const Operand& a, const Operand& b);
/// The sign of b, as in Python.
Tensor operator%(const Operand& a, const Operand& b);
Tensor operator-(const Operand& a);

Tensor operator==(const Operand& a, const Operand& b);
Tensor operator!=(const Operand& a, const Operand& b);
Tensor operator<(const Operand& a, const Operand& b);
Tensor operator<=(const Operand& a, const Operand& b);
Tensor operator>(const Operand& a, const Operand& b);
Tensor operator>=(const Operand& a, const Operand& b);

/// Integers: bits; bool: logic.
Tensor operator&(const Operand& a, const Operand& b);
Tensor operator|(const Operand& a, const Operand& b);
Tensor operator^(const Operand& a, const Operand& b);
Tensor operator~(const Operand& a);
/// Integers: 0, or the sign, where b is negative or at least the width.
Tensor operator<<(const Operand& a, const Operand& b);
Tensor operator>>(const Operand& a, const Operand& b);

} // namespace ogee
