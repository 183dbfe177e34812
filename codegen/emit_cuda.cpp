// The pass from groups to CUDA C++. Before: functions that `fuse` has been through. After: they are gone; what was made
// of them stands on the standard output: a program of all kernels, in launch order.
#include "codegen/compile.h"
#include "codegen/cuda/emit.h"
#include "codegen/cuda/spell.h"
#include "codegen/passes.h"
#include "codegen/plan.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"

namespace ogee::codegen {

using namespace mlir;

namespace {

struct EmitCudaPass : PassWrapper<EmitCudaPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(EmitCudaPass)
  EmitCudaPass() = default;
  EmitCudaPass(const EmitCudaPass& other) : PassWrapper(other) {}
  StringRef getArgument() const override { return "emit-cuda"; }
  StringRef getDescription() const override { return "Writes the CUDA C++ text of the kernels of groups."; }
  void getDependentDialects(DialectRegistry& registry) const override { registerDialects(registry); }

  Option<bool> whole{*this, "whole", llvm::cl::desc("with the prelude: text that compiles"), llvm::cl::init(false)};

  void runOnOperation() override {
    std::string text = whole ? cuda::prelude().str() : "";
    unsigned kernels = 0;
    const TargetInfo target = cudaTarget();
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      FailureOr<Plan> planned = plan(function, target);
      if (failed(planned)) return signalPassFailure();
      for (const Nest& nest : planned->nests) {
        FailureOr<std::string> kernel = cuda::emit(nest, "k" + std::to_string(kernels++));
        if (failed(kernel)) return signalPassFailure();
        text += "\n// " + nest.name + "\n" + *kernel;
      }
      function.erase();
    }
    llvm::outs() << text << "\n";
  }
};

} // namespace

void registerEmitCuda() { PassRegistration<EmitCudaPass>(); }

} // namespace ogee::codegen
