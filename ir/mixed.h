// Lists of numbers and index values mixed, as ops with run-time sizes take them.
#pragma once

#include "runtime/dim.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/OpDefinition.h"

namespace ogee::ir {

/// The dims of a tensor: numbers where its type knows them, else values of `ogee.dim`.
llvm::SmallVector<mlir::OpFoldResult> dimsOf(mlir::OpBuilder& builder, mlir::Location location, mlir::Value tensor);

// Sums, differences and products of sizes: numbers where both are.
mlir::OpFoldResult add(mlir::ImplicitLocOpBuilder& b, mlir::OpFoldResult x, mlir::OpFoldResult y);
mlir::OpFoldResult subtract(mlir::ImplicitLocOpBuilder& b, mlir::OpFoldResult x, mlir::OpFoldResult y);
mlir::OpFoldResult multiply(mlir::ImplicitLocOpBuilder& b, mlir::OpFoldResult x, mlir::OpFoldResult y);

/// A size as arithmetic on index values; `symbol` gives those of the named sizes. Only for valid Dims.
mlir::Value buildIndex(mlir::ImplicitLocOpBuilder& b, const runtime::Dim& dim,
                       llvm::function_ref<mlir::Value(const runtime::DimSymbol&)> symbol);

/// A mixed list taken apart: where an index value stands, the numbers say kDynamic.
struct Split {
  Split(llvm::ArrayRef<mlir::OpFoldResult> mixed);

  llvm::SmallVector<int64_t> statics;
  llvm::SmallVector<mlir::Value> dynamics;
};

} // namespace ogee::ir
