// Which dtype an operation computes in: PyTorch's type promotion.
#pragma once

#include "frontend/scalar.h"

#include <optional>

namespace ogee::detail {

/// The dtype that holds the values of both.
DType promote(DType a, DType b);

/// Collects operands: tensors with axes outrank rank-0 tensors, which outrank numbers. An operand of lower rank counts
/// only where its kind (bool < integer < floating) is higher.
class Promotion {
public:
  void tensor(DType dtype, size_t rank) { add(rank > 0 ? tensors_ : scalars_, dtype); }
  void number(const Scalar& number) { add(numbers_, number.dtype()); }
  /// The common dtype; at least one operand was given.
  DType result() const;

private:
  static void add(std::optional<DType>& group, DType dtype) { group = group ? promote(*group, dtype) : dtype; }

  std::optional<DType> tensors_, scalars_, numbers_;
};

} // namespace ogee::detail
