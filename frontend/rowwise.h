// Operations along axes of one tensor: reductions, and what is composed of them (softmax, var). Each is one kernel.
#pragma once

#include "frontend/tensor.h"

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace ogee::detail {

struct RowwiseOp {
  const char* name; ///< the user's function
  bool keeps_shape; ///< the result has the operand's shape, else it lacks the axes
  size_t results = 1;
  /// Records the operation on x along axes, which ascend; `numbers` are rank-0 tensors of x's dtype. Results may have
  /// any dtype.
  std::vector<Tensor> (*build)(const Tensor& x, const std::vector<int64_t>& axes, std::span<const Tensor> numbers,
                               Loc loc);
};

/// A number beside the operand: known now, or in a trace a rank-0 tensor of any dtype.
struct RowwiseNumber {
  RowwiseNumber(double value) : value(value) {}
  RowwiseNumber(Tensor traced) : traced(std::move(traced)) {}

  double value = 0;
  Tensor traced;
};

/// One call: what it computes in, along which axes, with which numbers, and the dtypes of its results.
struct RowwiseCall {
  const RowwiseOp& op;
  DType compute;
  std::vector<int64_t> axes; ///< ascending
  std::vector<RowwiseNumber> numbers;
  std::vector<DType> results;
  bool keepdim = false;
};

std::vector<Tensor> apply(const RowwiseCall& call, const Tensor& x, Loc loc);

/// A named size of a kernel, known to be at most `chunk`, or more.
Dim within_chunk(const Dim& size, int64_t chunk, bool is_within);

/// `reduced`, which lacks the axes, broadcast over x again.
Tensor spread(const Tensor& reduced, const std::vector<int64_t>& axes, const Tensor& x, Loc loc);

} // namespace ogee::detail
