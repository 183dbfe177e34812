// The element types of the dialect and what they are called at run time: the one place that relates MLIR's types to
// ogee's dtypes.
#pragma once

#include "runtime/dtype.h"
#include "runtime/shape.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ValueRange.h"

#include <optional>

namespace ogee::ir {

/// The dtype of an element type, if it has one.
std::optional<runtime::DType> dtypeOf(mlir::Type element);
/// The element type of a dtype. Unsigned integers keep their sign in the dialect.
mlir::Type elementType(mlir::MLIRContext* context, runtime::DType dtype);

/// Whether `type` is a ranked tensor without encoding whose size in bytes, `?` counted as 1, fits into an int64.
bool isPlainTensor(mlir::Type type);
/// Whether `type` is tensor<i64>.
bool isI64Scalar(mlir::Type type);
/// Whether `type` is tensor<i1>.
bool isBoolScalar(mlir::Type type);

/// The element type of a tensor, the type itself otherwise.
mlir::Type elementOf(mlir::Type type);
inline mlir::Type elementOf(mlir::Value value) { return elementOf(value.getType()); }
/// How many bits an element of a tensor has.
inline unsigned elementBits(mlir::Value value) { return elementOf(value).getIntOrFloatBitWidth(); }
/// Whether all values have the same element type.
bool haveSameElement(mlir::ValueRange values);

/// The tensor type of rank 0 with the elements of `type`.
mlir::Type scalarTypeLike(mlir::Type type);
/// The tensor type with the dims of `type` and i1 elements; i1 for what is no tensor.
mlir::Type boolTypeLike(mlir::Type type);

/// The tensor type of `shape`: numbers stay, everything else is `?`.
mlir::RankedTensorType tensorType(const runtime::Shape& shape, mlir::Type element);

} // namespace ogee::ir
