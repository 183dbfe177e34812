// A picture of a function: its graph for Graphviz.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>

namespace ogee::ir {

/// One node for each argument, op and result; edges carry the types of tensors, index values are dashed. The ops of an
/// `ogee.group` stand in a frame with its name, and are joined to those outside directly.
std::string toDot(mlir::func::FuncOp function);

} // namespace ogee::ir
