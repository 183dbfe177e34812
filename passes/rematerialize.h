// What a backward part keeps of its forward part, and what it computes again.
#pragma once

#include "ir/dims.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/DenseSet.h"

namespace ogee::passes {

/// On an op: it belongs to the backward part, as does everything that depends on it.
inline constexpr llvm::StringLiteral kBackwardAttr = "ogee.backward";
/// On an op of the backward part: it does again what one of the forward part has done. Fusion keeps the two apart.
inline constexpr llvm::StringLiteral kRecomputedAttr = "ogee.recomputed";
/// On an op: its results are never kept for the backward part, whatever it is; what reads them there computes them
/// again from values without the mark.
inline constexpr llvm::StringLiteral kCheckpointAttr = "ogee.checkpoint";

/// Where a named size stands: dim `axis` of a tensor, or an index argument.
struct SizePlace {
  ir::Dim symbol;
  mlir::Value value;
  unsigned axis = 0;
};

/// What passes from the forward part of a function to its backward part.
struct Handover {
  /// The values that the backward part gets, in the order of the function: arguments, then results of ops.
  llvm::SmallVector<mlir::Value> saved;
  /// The ops of the forward part that the backward part computes again, in their order. They read saved values, each
  /// other, and index values.
  llvm::SmallVector<mlir::Operation*> recomputed;
  /// Every named size that index values of the backward part and of `recomputed` are made of, as a dim of what the
  /// backward part has; see `ir::buildIndex`.
  std::vector<SizePlace> sizes;
  /// How many bytes `saved` holds besides arguments and results of the function, which live anyway, and how many it
  /// would hold without computing anything again. Of a named size they count the upper bound, or kTypicalSize where it
  /// has none.
  int64_t bytes = 0, bytesWithout = 0;
};
inline constexpr int64_t kTypicalSize = 64;

/// Chooses what to hand over so that it costs least: a byte that is kept until the backward part runs against the work
/// of making it again. Pointwise ops, movement and creation can be done again; contractions and reductions are only
/// where they have the mark above.
///
/// `joint` is one function that computes both parts. The backward part is `backward` with all that depends on it, and
/// on `backwardArguments`, which only it has (the cotangents). Results of the forward part that the function returns
/// are handed over at no cost, as are its arguments.
Handover chooseSaved(mlir::func::FuncOp joint, const llvm::DenseSet<mlir::Operation*>& backward,
                     llvm::ArrayRef<mlir::Value> backwardArguments, const ir::DimAnalysis& dims);

} // namespace ogee::passes
