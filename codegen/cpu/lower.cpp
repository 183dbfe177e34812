// Lowers a kernel's module to the LLVM dialect.
#include "codegen/cpu/lower.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/ADT/TypeSwitch.h"

namespace ogee::codegen::cpu {

using namespace mlir;

StringRef libraryFunction(Operation* op) {
  if (op->getNumResults() != 1 || !getElementTypeOrSelf(op->getResult(0).getType()).isF64()) return "";
  return llvm::TypeSwitch<Operation*, StringRef>(op)
      .Case([](math::ExpOp) { return "exp"; })
      .Case([](math::ExpM1Op) { return "expm1"; })
      .Case([](math::LogOp) { return "log"; })
      .Case([](math::Log2Op) { return "log2"; })
      .Case([](math::Log10Op) { return "log10"; })
      .Case([](math::Log1pOp) { return "log1p"; })
      .Case([](math::SinOp) { return "sin"; })
      .Case([](math::CosOp) { return "cos"; })
      .Case([](math::TanOp) { return "tan"; })
      .Case([](math::TanhOp) { return "tanh"; })
      .Case([](math::ErfOp) { return "erf"; })
      .Case([](math::PowFOp) { return "pow"; })
      .Case([](math::Atan2Op) { return "atan2"; })
      .Case([](math::CbrtOp) { return "cbrt"; })
      .Default([](Operation*) { return ""; });
}

namespace {

/// The import slot of a C function: a hidden pointer that the runtime fills, external so that no pass takes its zero
/// for granted.
LLVM::GlobalOp importSlot(ModuleOp module, StringRef function) {
  const std::string name = (kImportPrefix + function).str();
  if (auto global = module.lookupSymbol<LLVM::GlobalOp>(name)) return global;
  OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
  Type pointer = LLVM::LLVMPointerType::get(module.getContext());
  auto global = b.create<LLVM::GlobalOp>(module.getLoc(), pointer, /*isConstant=*/false, LLVM::Linkage::External, name,
                                         Attribute(),
                                         /*alignment=*/8);
  global.setVisibility_(LLVM::Visibility::Hidden);
  Block* body = b.createBlock(&global.getInitializerRegion());
  b.setInsertionPointToStart(body);
  b.create<LLVM::ReturnOp>(module.getLoc(), b.create<LLVM::ZeroOp>(module.getLoc(), pointer));
  return global;
}

Value callThrough(ImplicitLocOpBuilder& b, LLVM::GlobalOp slot, ValueRange args) {
  Type f64 = b.getF64Type();
  Value address = b.create<LLVM::AddressOfOp>(slot);
  SmallVector<Value> operands{b.create<LLVM::LoadOp>(LLVM::LLVMPointerType::get(b.getContext()), address)};
  llvm::append_range(operands, args);
  auto type = LLVM::LLVMFunctionType::get(f64, SmallVector<Type>(args.size(), f64));
  return b.create<LLVM::CallOp>(type, operands).getResult();
}

/// A stack array of `type` in the entry block of the function around `op`.
Value stackArray(Operation* op, VectorType type) {
  auto function = op->getParentOfType<func::FuncOp>();
  OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
  return b.create<memref::AllocaOp>(op->getLoc(), MemRefType::get(type.getShape(), type.getElementType()),
                                    b.getI64IntegerAttr(64));
}

/// Replaces a math op by calls, lane by lane.
void callLibrary(ModuleOp module, Operation* op, StringRef function) {
  ImplicitLocOpBuilder b(op->getLoc(), op);
  LLVM::GlobalOp slot = importSlot(module, function);
  auto vector = dyn_cast<VectorType>(op->getResult(0).getType());
  if (!vector) {
    op->getResult(0).replaceAllUsesWith(callThrough(b, slot, op->getOperands()));
    op->erase();
    return;
  }
  Value zero = b.create<arith::ConstantIndexOp>(0), one = b.create<arith::ConstantIndexOp>(1);
  Value lanes = b.create<arith::ConstantIndexOp>(vector.getNumElements());
  SmallVector<Value> arrays;
  for (Value operand : op->getOperands()) {
    arrays.push_back(stackArray(op, vector));
    b.create<vector::StoreOp>(operand, arrays.back(), zero);
  }
  auto loop = b.create<scf::ForOp>(zero, lanes, one);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> args;
  for (Value array : arrays) args.push_back(b.create<memref::LoadOp>(array, loop.getInductionVar()));
  b.create<memref::StoreOp>(callThrough(b, slot, args), arrays[0], loop.getInductionVar());
  b.setInsertionPoint(op);
  op->getResult(0).replaceAllUsesWith(b.create<vector::LoadOp>(vector, arrays[0], zero).getResult());
  op->erase();
}

} // namespace

LogicalResult lowerToLLVM(ModuleOp module) {
  SmallVector<std::pair<Operation*, StringRef>> calls;
  module.walk([&](Operation* op) {
    if (StringRef function = libraryFunction(op); !function.empty()) calls.emplace_back(op, function);
  });
  for (auto [op, function] : calls) callLibrary(module, op, function);
  PassManager passes(module.getContext(), ModuleOp::getOperationName());
  passes.enableVerifier(false);
  passes.addPass(createConvertSCFToCFPass());
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertFuncToLLVMPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  return passes.run(module);
}

} // namespace ogee::codegen::cpu
