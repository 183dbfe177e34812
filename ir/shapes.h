// The shape rules: the dims of a result from the dims of the operands, for numbers and named sizes alike. Plain
// functions without MLIR that never throw: eager code calls them directly, the verifiers and the dim analysis through
// the ops.
//
// `op` is the name in error texts: "matmul: inner sizes differ: [32, 784] x [512, 10]". Where named sizes leave open
// whether the operands fit, the rule accepts them and adds what must hold at run time to `requirements`, unless that is
// null. Axes are not negative.
#pragma once

#include "runtime/result.h"
#include "runtime/shape.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ogee::ir {

using runtime::Dim;
using runtime::Result;
using runtime::Shape;

using Dims = std::span<const Dim>;
using Axes = std::span<const int64_t>;

/// Something about sizes that only a run can decide.
struct Requirement {
  enum class Kind {
    equal,  ///< left == right
    atMost, ///< left <= right
  };
  Kind kind = Kind::equal;
  Dim left, right;
  std::string message; ///< what to say when it does not hold; the text that the rule gives when it is known not to
};

using Requirements = std::vector<Requirement>;

/// Operands and result of a pointwise op have the same dims. Of two equal sizes the result gets the one that is a
/// number.
Result<Shape> pointwiseShape(std::string_view op, std::span<const Dims> operands, Requirements* requirements = nullptr);

/// The dims that both operands broadcast to by PyTorch's rule: aligned at the last dim, the number 1 fits every size.
/// No op of the dialect does this by itself; the front end does it with `broadcast`.
Result<Shape> broadcastTogether(std::string_view op, Dims lhs, Dims rhs, Requirements* requirements = nullptr);

/// The dims without `axes`, which ascend.
Result<Shape> reductionShape(std::string_view op, Dims operand, Axes axes);

/// Which axes of two operands are walked together and which are multiplied and summed; the i-th ones correspond.
struct DotAxes {
  Axes lhsBatch, rhsBatch, lhsContract, rhsContract;
};
/// The batch dims, then the free dims of lhs, then those of rhs.
Result<Shape> dotShape(std::string_view op, Dims lhs, Dims rhs, const DotAxes& axes,
                       Requirements* requirements = nullptr);

/// `sizes`, which have as many elements as `operand`.
Result<Shape> reshapeShape(std::string_view op, Dims operand, Dims sizes, Requirements* requirements = nullptr);

/// Dim i of the result is dim perm[i] of the operand.
Result<Shape> transposeShape(std::string_view op, Dims operand, Axes perm);

/// `sizes`; dim i of the operand becomes dim axes[i] of the result, equal to it or the number 1. Axes ascend.
Result<Shape> broadcastShape(std::string_view op, Dims operand, Axes axes, Dims sizes,
                             Requirements* requirements = nullptr);

/// `sizes`; offset + (size - 1) * stride lies within the operand. Offsets and sizes are at least 0, strides at least 1.
Result<Shape> sliceShape(std::string_view op, Dims operand, Dims offsets, Dims sizes, Dims strides,
                         Requirements* requirements = nullptr);

/// low + size + (size - 1) * interior + high, where size is not 0. Low and high may be negative, the result's sizes
/// not.
Result<Shape> padShape(std::string_view op, Dims operand, Dims low, Dims high, Axes interior,
                       Requirements* requirements = nullptr);

/// The sum of the sizes along `axis`; the other dims are equal. At least one operand.
Result<Shape> concatenateShape(std::string_view op, std::span<const Dims> operands, int64_t axis,
                               Requirements* requirements = nullptr);

/// The operand's dims; axes ascend.
Result<Shape> reverseShape(std::string_view op, Dims operand, Axes axes);

/// `sizes`, each at most the operand's; there is a start for each dim.
Result<Shape> dynamicSliceShape(std::string_view op, Dims operand, size_t starts, Dims sizes,
                                Requirements* requirements = nullptr);

/// The operand's dims; those of the part are at most these, and there is a start for each dim.
Result<Shape> dynamicUpdateShape(std::string_view op, Dims operand, Dims part, size_t starts,
                                 Requirements* requirements = nullptr);

/// `sizes`, which are not negative (iota, random numbers, fills).
Result<Shape> creationShape(std::string_view op, Dims sizes, Requirements* requirements = nullptr);

} // namespace ogee::ir
