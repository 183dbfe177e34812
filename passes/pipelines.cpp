// The order of the passes.
#include "passes/pipelines.h"

#include "passes/passes.h"

#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

namespace ogee::passes {

namespace {

#define GEN_PASS_REGISTRATION
#include "passes/passes.h.inc"

} // namespace

void addCheckNumbers(mlir::OpPassManager& passes, llvm::StringRef within, bool lines) {
  passes.addPass(createCheckNumbersPass({within.str(), lines}));
}

void addDropGradientRules(mlir::OpPassManager& passes) { passes.addPass(createDropGradientRulesPass()); }

void addSimplify(mlir::OpPassManager& passes) {
  passes.addPass(mlir::createCanonicalizerPass());
  passes.addPass(mlir::createCSEPass());
}

void addRematerialize(mlir::OpPassManager& passes) { passes.addPass(createRematerializePass()); }

void addDecompose(mlir::OpPassManager& passes) {
  passes.addPass(createDecomposePass());
  addSimplify(passes);
}

void addFuse(mlir::OpPassManager& passes, bool merge) { passes.addPass(createFusePass({merge})); }

void registerPasses() { registerOgeePasses(); }

void registerPipelines() {
  mlir::PassPipelineRegistration<> simplify("simplify", "folds, canonical forms, common subexpressions", addSimplify);
  mlir::PassPipelineRegistration<> graph("graph",
                                         "all that is done to a graph: simplify, rematerialize, decompose, fuse",
                                         [](mlir::OpPassManager& passes) {
                                           addDropGradientRules(passes);
                                           addSimplify(passes);
                                           addRematerialize(passes);
                                           addDecompose(passes);
                                           addFuse(passes);
                                         });
}

} // namespace ogee::passes
