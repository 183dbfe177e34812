// The plot of a compilation: graph -> simplify -> decompose -> fuse -> nests -> machine code -> program.
#pragma once

#include "codegen/plan.h"

#include <functional>
#include <string>

namespace ogee::codegen {

/// The stages of a compilation, in order. Their names are those of `ogee show --stage` and of dumped files.
enum class Stage { trace, simplify, decompose, fuse, nest, loops, llvm, assembly };

/// "trace", "simplify", "decompose", "fuse", "nest", "loops", "llvm", "asm".
llvm::StringRef nameOf(Stage stage);

using StageObserver = std::function<void(Stage, const std::string&)>;

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

/// An observer that adds the text of each stage to `texts`, then tells `next`, if there is one.
StageObserver keepStages(std::vector<runtime::StageText>& texts, StageObserver next = nullptr);

/// An observer that writes each stage into the folder that OGEE_DUMP names, as <name>.<number>-<stage>.<suffix>; a name
/// that was there before gets a number. Null without that variable, and for eager kernels without OGEE_DUMP_EAGER=1.
/// `error` is set when the folder cannot be written.
StageObserver dumpFromEnvironment(llvm::StringRef name, bool eager, std::string& error);

} // namespace ogee::codegen
