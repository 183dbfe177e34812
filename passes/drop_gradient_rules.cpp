// Removes ops that only differentiation looks at. Before: any graph. After: no stop_gradient, no custom_vjp.
#include "ir/dialect.h"
#include "passes/passes.h"

namespace ogee::passes {

#define GEN_PASS_DEF_DROPGRADIENTRULESPASS
#include "passes/passes.h.inc"

using namespace mlir;

namespace {

struct DropGradientRulesPass : impl::DropGradientRulesPassBase<DropGradientRulesPass> {
  using DropGradientRulesPassBase::DropGradientRulesPassBase;

  void runOnOperation() override {
    getOperation().walk([](Operation* op) {
      if (auto stop = dyn_cast<ir::StopGradientOp>(op))
        replace(op, stop.getOperand());
      else if (auto custom = dyn_cast<ir::CustomVjpOp>(op))
        replace(op, custom.getInputs().back());
    });
  }

  static void replace(Operation* op, Value value) {
    op->getResult(0).replaceAllUsesWith(value);
    op->erase();
  }
};

} // namespace
} // namespace ogee::passes
