// A function of a file of IR text: parsed, compiled, interpreted.
#pragma once

#include "codegen/compile.h"
#include "tools/ogee/call.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include "llvm/Support/SourceMgr.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mlir {
class SourceMgrDiagnosticHandler;
}

namespace ogee::tools {

/// The dialects of all stages.
mlir::DialectRegistry dialects();

/// "cpu" (this machine), a name that codegen::namedTarget knows, "cuda" (the first device's, where there is one) or
/// "cuda:sm_90"; an Error for any other.
codegen::TargetInfo targetNamed(const std::string& name);
/// That of a device of this machine; an Error where it is not there or cannot be compiled for.
codegen::TargetInfo targetOf(runtime::Device device);

/// What ends a command after diagnostics have said why.
struct Reported {};

class Function {
public:
  /// Reads `path` ("-": standard input) and finds the function: `entry`, or the only one of the file where `entry` is
  /// "". Raises an Error, or Reported after diagnostics on the standard error stream.
  Function(const std::string& path, const std::string& entry);
  /// The file alone, whatever functions it has.
  explicit Function(const std::string& path);
  ~Function();

  mlir::ModuleOp module() const { return *module_; }

  mlir::func::FuncOp op() const { return op_; }
  /// `ogee.name` of an argument or result, else "arg0", "result0" …
  std::string argumentName(unsigned index) const;
  std::string resultName(unsigned index) const;

  /// Compiles a copy, with dumps where OGEE_DUMP asks for them. Raises Reported.
  runtime::Program compile(codegen::CompileOptions options) const;
  /// What the interpreter gives. Raises Reported.
  std::vector<HostArray> interpret(std::span<const HostArray> arguments) const;

private:
  mlir::MLIRContext context_;
  llvm::SourceMgr source_;
  std::unique_ptr<mlir::SourceMgrDiagnosticHandler> diagnostics_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
  mlir::func::FuncOp op_;
};

/// A call of a function on its arguments in order, index arguments being rank-0 arrays of i64. `executable` was
/// compiled from it.
Call callOf(const runtime::Executable& executable, mlir::func::FuncOp function, std::span<const HostArray> arguments);

} // namespace ogee::tools
