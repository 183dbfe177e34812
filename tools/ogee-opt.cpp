// ogee-opt: runs passes and pipelines by name on IR text, as mlir-opt does.
#include "codegen/passes.h"
#include "ir/dialect.h"
#include "passes/passes.h"
#include "passes/pipelines.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char** argv) {
  mlir::DialectRegistry registry;
  registry.insert<ogee::ir::OgeeDialect, mlir::arith::ArithDialect, mlir::func::FuncDialect, mlir::LLVM::LLVMDialect,
                  mlir::math::MathDialect, mlir::memref::MemRefDialect, mlir::scf::SCFDialect,
                  mlir::vector::VectorDialect>();
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  ogee::passes::registerPasses();
  ogee::passes::registerPipelines();
  ogee::codegen::registerPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "ogee's optimizer\n", registry));
}
