// Runs the rows of the op table on the text of CUDA kernels, compiled for the CPU (cuda_text.py): a first run of the
// tests collects the kernels of all functions, a second one runs them.
#pragma once

#include "runtime/program.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <optional>

namespace ogee::tests {

/// OGEE_TEST_CUDA: not set, `collect:<folder>`, or `run:<folder>`.
enum class CudaText { off, collect, run };
CudaText cudaText();

/// Collects the kernels of a function (fuse has not seen it yet); false where it cannot be compiled.
bool collectCuda(mlir::func::FuncOp function, bool fuse);
/// The function's program on kernels that have been collected and compiled; nothing where it cannot be compiled, or one
/// is not there.
std::optional<runtime::Program> cudaProgram(mlir::func::FuncOp function, bool fuse);

} // namespace ogee::tests
