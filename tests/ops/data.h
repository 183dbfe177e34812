// The arguments that rows are run on.
#pragma once

#include "tests/ops/harness.h"

namespace ogee::tests {

enum class Values {
  special,  ///< every combination of NaN, ±inf, ±0, subnormals, the limits of integers …; bit patterns; ordinary values
  ordinary, ///< floats from [-4, 4), integers from [-100, 100]
  whole, ///< integers from [-8, 8], whatever the dtype: their sums and those of their products are exact in any order
  unit,  ///< mostly 1 and -1, some 2 and 1/2: products are exact in any order
  infinite, ///< ordinary ones, and among the floats some NaN and ±inf
};

/// The argument `operand` of a function of `operands` arguments. The same for the same parameters, in every process.
Array makeArray(DType dtype, const Index& shape, Values values, size_t operand = 0, size_t operands = 1);

/// A rank-0 array of i64: an index argument.
Array indexArray(int64_t value);

/// The array whose rows consist of their last element each: what `Layout::repeated` can hold.
Array repeatRows(Array array);

/// Floats and integers, floats, integers …
inline const std::vector<DType> kFloats = {DType::f32, DType::f64};
inline const std::vector<DType> kIntegers = {DType::i32, DType::i64};
inline const std::vector<DType> kNumbers = {DType::f32, DType::f64, DType::i32, DType::i64};
inline const std::vector<DType> kBits = {DType::i32, DType::i64, DType::boolean};
inline const std::vector<DType> kAll = {DType::f32, DType::f64, DType::i32, DType::i64, DType::boolean};

} // namespace ogee::tests
