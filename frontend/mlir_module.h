// The MLIR side of a graph: a context of its own with one function. Included by graph_builder.cpp and graph.cpp alone.
#pragma once

#include "frontend/graph_impl.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <mutex>

namespace ogee::detail {

struct GraphImpl::Module {
  Module();

  std::mutex mutex;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  bool trusted = false;
};

} // namespace ogee::detail
