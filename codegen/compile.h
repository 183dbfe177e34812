// The plot of a compilation: graph -> simplify -> decompose -> fuse -> nests -> code -> program.
#pragma once

#include "codegen/plan.h"
#include "codegen/stages.h"

#include <string>

namespace ogee::codegen {

struct CompileOptions {
  std::string name;                   ///< of the function: in dumps, profiles and error texts
  const TargetInfo* target = nullptr; ///< null: this machine
  bool trusted = false;               ///< Program::trusted: the caller vouches for the arguments
  bool fuse = true;                   ///< false: each op is a kernel of its own, as eager code runs it
  bool checkNumbers = false; ///< NaN mode: not fused, and a run ends at the op that first makes a NaN of numbers
  bool eager = false;        ///< a kernel of many lines: errors of a run name the function, and no line
  bool verify = false;       ///< runs MLIR's verifier after each pass, in release builds too
  /// Called with the text of every stage, as it is reached; kernels of a program come in one text, in launch order.
  StageObserver onStage;
};

/// The dialects that graphs and code generation use, and what translates them to LLVM IR.
void registerDialects(mlir::DialectRegistry& registry);

/// Compiles a function of the dialect. The function is left as `fuse` made it. A failure has been reported as a
/// diagnostic.
mlir::FailureOr<runtime::Program> compile(mlir::func::FuncOp graph, const CompileOptions& options = {});

/// The first half of that, which images and objects have in common: the function as launches and nests, without code.
mlir::FailureOr<Plan> lowerToPlan(mlir::func::FuncOp graph, const CompileOptions& options = {});

} // namespace ogee::codegen
