// Operations of the dialect recorded one to one into the current trace. Operands already have the dtypes and shapes
// that the operation asks for.
#pragma once

#include "frontend/op_call.h"
#include "frontend/tensor.h"

#include <algorithm>
#include <span>

namespace ogee::detail {

/// A number as a rank-0 tensor.
Tensor record_constant(const Scalar& value, DType dtype, Loc loc, Device device = {});
/// A size as a rank-0 i64 tensor, computed in the graph where it is no number.
Tensor record_size(const Dim& size, Loc loc);
/// An element-wise operation; the result has the operands' shape.
Tensor record_pointwise(const char* mnemonic, std::span<const Tensor> operands, DType result, Loc loc,
                        std::vector<Attribute> attributes = {});
/// x in another dtype; x itself where nothing changes.
Tensor record_convert(const Tensor& x, DType dtype, Loc loc);
/// A reduction along axes that ascend.
Tensor record_reduction(const char* mnemonic, const Tensor& x, const std::vector<int64_t>& axes, DType result, Loc loc);
/// A tensor made from nothing or from rank-0 operands: iota, random numbers.
Tensor record_creation(const char* mnemonic, std::span<const Tensor> operands, DType dtype, const Shape& shape,
                       Device device, Loc loc, std::vector<Attribute> attributes = {});

/// Comparisons, numbered as in the dialect.
enum class Comparison : int32_t { eq, ne, lt, le, gt, ge };
Tensor record_compare(Comparison comparison, const Tensor& x, const Tensor& y, Loc loc);

/// A string literal as a template argument.
template <size_t N>
struct Literal {
  char text[N];
  consteval Literal(const char (&literal)[N]) { std::copy_n(literal, N, text); }
};

/// The operation of that name on operands of one dtype, which is the result's too.
template <Literal kMnemonic>
Tensor primitive(std::span<const Tensor> x, Loc loc) {
  return record_pointwise(kMnemonic.text, x, x[0].dtype(loc), loc);
}

} // namespace ogee::detail
