// What a call of a function costs at least: arithmetic and memory traffic, from its graph and the sizes of a call.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cstdint>
#include <span>
#include <vector>

namespace ogee::codegen {

struct Cost {
  /// One for each element that a pointwise op makes or a reduction reads, two for each product summed by a dot.
  double flop = 0;
  double bytes = 0;        ///< arguments read and results written once
  double unfusedBytes = 0; ///< the same, summed over the ops one by one
};

/// `shapes` holds the dims of each tensor argument, and {value} for each index argument.
mlir::FailureOr<Cost> costOf(mlir::func::FuncOp function, std::span<const std::vector<int64_t>> shapes);

} // namespace ogee::codegen
