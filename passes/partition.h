// A function and its gradient as two functions: what runs forward, and what runs backward from values that were saved.
#pragma once

#include "passes/autodiff.h"
#include "passes/backward_signature.h"

namespace ogee::passes {

struct Partition {
  mlir::func::FuncOp forward;  ///< the function, with saved values as further results; null for Saved::results
  mlir::func::FuncOp backward; ///< -> the gradients
  BackwardSignature signature;
};

/// Makes the two functions of `function` and its gradient with respect to the arguments `wrt`, behind it as
/// `<name>_forward` and `<name>_backward`. The backward function reads a size where it needs no more of an argument, so
/// that only what it reads has to be kept. A failure has been reported.
mlir::FailureOr<Partition> partition(mlir::func::FuncOp function, llvm::ArrayRef<unsigned> wrt, Saved saved);

} // namespace ogee::passes
