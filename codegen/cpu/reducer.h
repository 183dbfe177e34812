// One reduction of a nest while it runs: its accumulators (the values of its state: an element, or an element and its
// position), how they combine, and the fixed binary tree by which the partial results of chunks are combined (design,
// section 7).
#pragma once

#include "codegen/cpu/body.h"

namespace ogee::codegen::cpu {

/// The virtual lanes where nothing but positions is reduced: fewer are less code.
constexpr int64_t kPositionLanes = 16;

/// The accumulators of one reduction: empty stands for "nothing yet", the neutral element.
using Partial = mlir::SmallVector<mlir::Value, 2>;

class Reducer {
public:
  Reducer(Kernel& kernel, Body& body, unsigned node);

  unsigned node() const { return node_; }
  /// Whether its state also holds the position of an element.
  bool needsIndex() const { return types_.size() == 2; }
  mlir::ArrayRef<mlir::Type> types() const { return types_; }

  bool isExact() const { return codegen::isExact(kernel_.nest, node_); }

  Partial neutral(unsigned width);
  // Within a chunk positions are i32 and count from its begin: half the registers.
  Partial neutralInChunk(unsigned width);
  /// The state of a chunk as one among chunks.
  Partial fromChunk(Partial partial, mlir::Value begin);
  /// An element (and its index in the chunk, i32) as accumulators.
  Partial lift(mlir::Value element, mlir::Value index) const;
  Partial combine(mlir::ArrayRef<mlir::Value> x, mlir::ArrayRef<mlir::Value> y);
  /// The same where y is one element that comes after all in x.
  Partial combineNext(mlir::ArrayRef<mlir::Value> x, mlir::ArrayRef<mlir::Value> y);
  /// `mask ? x : y`.
  Partial select(mlir::Value mask, mlir::ArrayRef<mlir::Value> x, mlir::ArrayRef<mlir::Value> y);
  /// The reduction's result.
  mlir::Value result(mlir::ArrayRef<mlir::Value> partial) const { return partial.back(); }
  /// Folds the lanes of the vectors in `parts` (all lanes of a chunk, ascending) to scalars: lane i of n with i + n /
  /// 2, then with i + n / 4, …
  Partial foldLanes(mlir::SmallVector<Partial> parts);

  /// A state at index `at` of one memref per value, as wide as the scope.
  Partial load(mlir::ArrayRef<mlir::Value> memrefs, mlir::Value at, const Scope& lanes);
  void store(mlir::ArrayRef<mlir::Value> memrefs, mlir::Value at, mlir::ArrayRef<mlir::Value> partial,
             const Scope& lanes);

  // The tree over chunks: a stack of partial results kept in scratch memory, one level per bit of the number of chunks.
  /// Scratch bytes that the stack takes with `width` lanes per accumulator.
  static int64_t stackBytes(const Nest& nest, unsigned node, unsigned width);
  void placeStack(mlir::Value offsetBytes, unsigned width);
  void push(mlir::Value chunk, Partial partial);
  Partial pop(mlir::Value chunks);

private:
  Partial loadLevel(mlir::Value level);

  Kernel& kernel_;
  Body& body_;
  unsigned node_;
  mlir::Operation* op_;
  mlir::SmallVector<mlir::TypedAttr, 2> neutral_;
  mlir::SmallVector<mlir::Type, 2> types_;
  mlir::SmallVector<mlir::Value, 2> stack_;
  unsigned stackWidth_ = 1;
};

/// The total of each reduction over the chunks 0 … chunks - 1, whose partial results, `width` lanes wide, `partialsOf`
/// gives. Stacks have been placed for reducers that are not exact.
mlir::SmallVector<Partial> reduceChunks(Kernel& kernel, llvm::MutableArrayRef<Reducer> reducers, unsigned width,
                                        mlir::Value chunks,
                                        llvm::function_ref<mlir::SmallVector<Partial>(mlir::Value chunk)> partialsOf);

} // namespace ogee::codegen::cpu
