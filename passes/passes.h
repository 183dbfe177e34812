// The passes as classes and constructors, generated from passes.td.
#pragma once

#include "ir/dialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace ogee::passes {

#define GEN_PASS_DECL
#include "passes/passes.h.inc"

/// Makes the passes known by name (`--fuse`), for tools.
void registerPasses();

} // namespace ogee::passes
