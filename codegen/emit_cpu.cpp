// The pass from groups to loops. Before: functions that `fuse` has been through. After: a module for each kernel, in
// launch order, with its function of scf, vector and memref; the functions are gone.
#include "codegen/compile.h"
#include "codegen/cpu/emit.h"
#include "codegen/passes.h"
#include "codegen/plan.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"

namespace ogee::codegen {

using namespace mlir;

namespace {

struct EmitCpuPass : PassWrapper<EmitCpuPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(EmitCpuPass)
  StringRef getArgument() const override { return "emit-cpu"; }
  StringRef getDescription() const override { return "Groups to the loops of their kernels, for this machine's CPU."; }
  void getDependentDialects(DialectRegistry& registry) const override { registerDialects(registry); }

  void runOnOperation() override {
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      FailureOr<Plan> planned = plan(function, hostTarget());
      if (failed(planned)) return signalPassFailure();
      for (const Nest& nest : planned->nests) // under names of their own
        SymbolTable(getOperation()).insert(cpu::emit(getContext(), nest, hostTarget()).release());
      function.erase();
    }
  }
};

} // namespace

void registerEmitCpu() { PassRegistration<EmitCpuPass>(); }

} // namespace ogee::codegen
