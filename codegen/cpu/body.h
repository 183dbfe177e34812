// Evaluates the nodes of a nest at a point, as scalars or as vectors along the innermost dim, masked at the end of a
// row or not.
#pragma once

#include "codegen/cpu/kernel.h"
#include "codegen/phases.h"

#include "llvm/ADT/DenseMap.h"

namespace ogee::codegen::cpu {

/// Where nodes are evaluated, and what is known there already. Copied on entry into a loop: inner scopes see outer
/// values.
struct Scope {
  mlir::SmallVector<mlir::Value> point; ///< an index per dim of the nest; that of the vector dim is the first lane's
  unsigned width = 1;                   ///< lanes; 1: scalars
  mlir::Value count;                    ///< lanes that are valid, null: all of them
  mlir::Value mask;                     ///< the same as vector<width x i1>
  /// Loads happen only if this holds, and give 0 otherwise (null: always): what is evaluated ahead of a loop that may
  /// have no iteration must not touch operands that may have no element.
  mlir::Value guard;
  llvm::DenseMap<unsigned, mlir::Value> known;
};

class Body {
public:
  explicit Body(Kernel& kernel) : kernel_(kernel), nest_(kernel.nest) {}

  /// The node's value at the scope's point: a vector where the node differs along the vector dim and width > 1, else a
  /// scalar.
  mlir::Value evaluate(unsigned node, Scope& scope);
  /// The same, broadcast to the scope's width if it is a scalar.
  mlir::Value evaluateWide(unsigned node, Scope& scope);
  /// Writes the nodes of stores, by their number in the nest, at the scope's point. All are evaluated before the first
  /// is written: a store may take the place of what another one reads.
  void store(mlir::ArrayRef<unsigned> stores, Scope& scope);
  void storeAll(Scope& scope);

  /// The points' indices along `dim`, counted from `begin`, as i32, as wide as the scope.
  mlir::Value positions(const Scope& scope, unsigned dim, mlir::Value begin);
  /// Limits a scope to its first `count` lanes.
  void setCount(Scope& scope, mlir::Value count);
  /// `width` elements of `memref` from linear index `at`, steps of `stride`: vectors if width > 1.
  mlir::Value load(mlir::Value memref, mlir::Type element, mlir::Value at, const Dim& stride, const Scope& scope);
  void storeVector(mlir::Value value, mlir::Value memref, mlir::Value at, const Dim& stride, const Scope& scope);

private:
  void store(const Store& store, Scope& scope);
  mlir::Value compute(unsigned node, Scope& scope);
  mlir::Value computeScalar(const Node& node, Scope& scope, bool wide);
  mlir::Value coordinate(const Affine& at, const Scope& scope, bool wide);
  mlir::Value laneIndices(mlir::Value first, mlir::Value step, unsigned width, mlir::Type element);
  mlir::Value widen(mlir::Value value, unsigned width);
  bool masksAreCheap(mlir::Type storage) const;
  mlir::Value fromStorage(mlir::Value value, mlir::Type element);
  mlir::Value toStorage(mlir::Value value);

  Kernel& kernel_;
  const Nest& nest_;
};

} // namespace ogee::codegen::cpu
