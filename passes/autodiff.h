// Reverse mode as a transformation of graphs.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/DenseMap.h"

namespace ogee::passes {

/// Values that are not differentiated: the cotangent of such a value is that of another one, which comes before it
/// (what the value was before it was changed in place), or is dropped where that is null.
using Detours = llvm::DenseMap<mlir::Value, mlir::Value>;

/// The cotangents of `wrt` given those of `outputs`, built at the insertion point of `builder`, which all of the ops
/// that compute `outputs` (in one block) come before. Null for a value that no output depends on. Only what leads from
/// `wrt` to `outputs` is differentiated; each op is located at the one it derives from, as a part of
/// its gradient (ir/location.h). `readers`, if given, gets the ops whose operands or results the gradient reads, other
/// than numbers. A failure has been reported at the op that has no gradient.
mlir::FailureOr<llvm::SmallVector<mlir::Value>>
differentiate(mlir::OpBuilder& builder, llvm::ArrayRef<mlir::Value> outputs, llvm::ArrayRef<mlir::Value> cotangents,
              llvm::ArrayRef<mlir::Value> wrt, const Detours& detours = Detours(),
              llvm::SmallVectorImpl<mlir::Operation*>* readers = nullptr);

/// The vector-Jacobian product of `function`, put behind it as `<name>_vjp`: (arguments, a cotangent for each result of
/// floats) -> a cotangent for each of the arguments `wrt`, which are tensors of floats.
mlir::FailureOr<mlir::func::FuncOp> buildVjp(mlir::func::FuncOp function, llvm::ArrayRef<unsigned> wrt);

/// The Jacobian-vector product, as `<name>_jvp`: (arguments, a tangent for each of the arguments `wrt`) -> a tangent
/// for each result of floats. It is the product above, differentiated with respect to its cotangents, in which it is
/// linear.
mlir::FailureOr<mlir::func::FuncOp> buildJvp(mlir::func::FuncOp function, llvm::ArrayRef<unsigned> wrt);

} // namespace ogee::passes
