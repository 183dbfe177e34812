// What passes ask of the ops of control alike: which values their regions get, and the dims of what they give.
#pragma once

#include "ir/dialect.h"

#include <utility>
#include <vector>

namespace ogee::ir {

/// Whether `op` is a `cond`, a `while` or a `scan`.
bool isControl(mlir::Operation* op);

/// One region of such an op.
struct RegionInputs {
  mlir::Region* region;
  llvm::SmallVector<mlir::Value> values; ///< per argument of its block; of a loop those of the first round
  std::pair<unsigned, unsigned> parts{}; ///< the arguments from the first up to the second are parts of their value
  bool isPart(unsigned argument) const { return argument >= parts.first && argument < parts.second; }
};
llvm::SmallVector<RegionInputs> regionInputs(mlir::Operation* op);

/// The dims of the results, from those of the operands and of what the regions give, which `dims` knows.
Result<std::vector<Shape>> controlDims(mlir::Operation* op, const DimSource& dims, Requirements* requirements);

} // namespace ogee::ir
