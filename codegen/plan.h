// From a fused function to a program: which buffer each value lives in, which launches run in which order, when memory
// can be reused.
#pragma once

#include "codegen/nest.h"
#include "codegen/target.h"
#include "runtime/program.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace ogee::codegen {

/// A program whose launches have no images yet: launch i of `nests` (in launch order) runs nest i.
struct Plan {
  runtime::Program program;
  std::vector<Nest> nests;
};

/// Plans `graph`, which fuse has left as groups, views and data movement. Keeps views of the graph's ops in the nests.
mlir::FailureOr<Plan> plan(mlir::func::FuncOp graph, const TargetInfo& target);

} // namespace ogee::codegen
