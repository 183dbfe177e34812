// The order of the passes: what a compilation runs, stage by stage.
#pragma once

#include "mlir/Pass/PassManager.h"

namespace ogee::passes {

/// NaN mode: a check behind every op that can make a NaN. Texts name the function `within` besides the op, and its line
/// if `lines`.
void addCheckNumbers(mlir::OpPassManager& passes, llvm::StringRef within = "", bool lines = true);
/// What only differentiation looks at goes.
void addDropGradientRules(mlir::OpPassManager& passes);
/// Folds, canonical forms, common subexpressions.
void addSimplify(mlir::OpPassManager& passes);
/// Values of the forward part that the backward part computes again.
void addRematerialize(mlir::OpPassManager& passes);
/// The forms that code generation knows.
void addDecompose(mlir::OpPassManager& passes);
/// Groups; `merge` false puts each op into one of its own (those of the condition of a check stay together).
void addFuse(mlir::OpPassManager& passes, bool merge = true);

/// Makes the pipelines known by name (`--simplify`, `--graph`: all of the above), for tools.
void registerPipelines();

} // namespace ogee::passes
