// From a kernel's module (scf, vector, memref, arith, math) to an object in memory, then to an image that the runtime
// can load.
#pragma once

#include "codegen/target.h"
#include "runtime/image.h"

#include "mlir/IR/BuiltinOps.h"

#include "llvm/IR/Module.h"
#include "llvm/Support/MemoryBuffer.h"

namespace ogee::codegen::cpu {

/// What the names of import slots begin with.
inline constexpr llvm::StringLiteral kImportPrefix = "import.";

/// The C library's name for what a math op computes on f64; empty for ops that stay instructions.
llvm::StringRef libraryFunction(mlir::Operation* op);

/// Lowers a module in place to the LLVM dialect. Functions of f64 that are left to the C library become calls through
/// import slots: hidden writable pointers named `import.<function>`, which the runtime fills.
llvm::LogicalResult lowerToLLVM(mlir::ModuleOp module);

/// Translates to LLVM IR; null if that fails. What follows does not touch the module's MLIRContext.
std::unique_ptr<llvm::Module> translate(mlir::ModuleOp module, llvm::LLVMContext& context, const TargetInfo& target);

/// Says in a module and its functions what they are for; false where LLVM does not know it.
bool setTarget(llvm::Module& module, const TargetInfo& target);

/// A short list of passes, no unrolling, nothing that changes a float's bits.
void optimize(llvm::Module& module, const TargetInfo& target);

/// Machine code: position independent, no unwind tables, no thread-local storage. `assembly` gives text instead.
mlir::FailureOr<llvm::SmallVector<char, 0>> generate(llvm::Module& module, const TargetInfo& target, bool assembly,
                                                     mlir::Location loc);

/// Links an object into a self-contained image. An undefined symbol that is no import slot is an error.
mlir::FailureOr<runtime::ImageData> link(llvm::ArrayRef<char> object, const TargetInfo& target, mlir::Location loc);

} // namespace ogee::codegen::cpu
