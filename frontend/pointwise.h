// Element-wise operations: how they promote, broadcast and run.
#pragma once

#include "frontend/tensor.h"

#include <array>
#include <initializer_list>
#include <span>

namespace ogee::detail {

/// What an element-wise operation computes in and gives.
enum class Rule : uint8_t {
  arithmetic, ///< the promoted dtype
  floating,   ///< the promoted dtype; integers and bool become the default dtype
  numeric,    ///< the promoted dtype; not bool
  integral,   ///< the promoted dtype; integers and bool only
  comparison, ///< computes in the promoted dtype, gives bool
  logical,    ///< computes in bool, gives bool
  selection,  ///< the first operand is bool, the others are promoted
};

/// An element-wise operation: of the dialect, or composed of front-end functions (one kernel either way).
struct PointwiseOp {
  const char* name; ///< the user's function
  Rule rule;
  /// Records the operation on tensors of one shape and, but for the first one of a selection, the dtype computed in.
  Tensor (*build)(std::span<const Tensor> x, Loc loc);
  std::array<const char*, 4> operands = {"x", "y", "z", "w"}; ///< what Errors call them
};

/// Applies the operation, in a trace or not. With `into` the result goes there (and is `*into`).
Tensor apply(const PointwiseOp& op, std::initializer_list<Operand> operands, Loc loc, const Tensor* into = nullptr);

/// x in another dtype; x itself where nothing changes.
Tensor convert(const Tensor& x, DType dtype, Loc loc);

} // namespace ogee::detail
