// The plot of a compilation: graph -> simplify -> decompose -> fuse -> nests -> machine code -> program.
#pragma once

#include "codegen/target.h"
#include "runtime/program.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <functional>
#include <string>

namespace ogee::codegen {

/// The stages of a compilation, in order. Their names are those of `ogee show --stage` and of dumped files.
enum class Stage { trace, simplify, decompose, fuse, nest, loops, llvm, assembly };

/// "trace", "simplify", "decompose", "fuse", "nest", "loops", "llvm", "asm".
llvm::StringRef nameOf(Stage stage);

struct CompileOptions {
  std::string name;                   ///< of the function: in dumps, profiles and error texts
  const TargetInfo* target = nullptr; ///< null: this machine
  bool trusted = false;               ///< Program::trusted: the caller vouches for the arguments
  bool fuse = true;                   ///< false: each op is a kernel of its own, as eager code runs it
  /// Called with the text of every stage, as it is reached; kernels of a program come in one text, in launch order.
  std::function<void(Stage, const std::string&)> onStage;
};

/// The dialects that graphs and code generation use, and what translates them to LLVM IR.
void registerDialects(mlir::DialectRegistry& registry);

/// Compiles a function of the dialect. The function is left as `fuse` made it. A failure has been reported as a
/// diagnostic.
mlir::FailureOr<runtime::Program> compile(mlir::func::FuncOp graph, const CompileOptions& options = {});

/// An observer that writes each stage to `folder`/<name>.<number>-<stage>.<suffix>; null if the folder cannot be made.
std::function<void(Stage, const std::string&)> dumpTo(const std::string& folder, const std::string& name);

} // namespace ogee::codegen
