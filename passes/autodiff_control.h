// Reverse mode through ops that run regions.
#pragma once

#include "mlir/IR/Builders.h"

namespace ogee::passes {

/// The cotangents of the operands of a `cond`, `while` or `scan` that are wanted, from those of its results (null where
/// there is none), built at the insertion point of `builder`, in whose block the op stands before. Null for an operand
/// that gets none. What the op makes on the way and the product reads, a new op in its place makes too: it takes over
/// the uses of its results, which a rewriter's listener of `builder` hears of; the op stays, unused. A failure has been
/// reported.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> pullBackControl(mlir::OpBuilder& builder, mlir::Operation* op,
                                                                llvm::ArrayRef<mlir::Value> cotangents,
                                                                llvm::ArrayRef<bool> wanted);

} // namespace ogee::passes
