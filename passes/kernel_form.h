// The form that the ops of a group have so that one kernel can compute them. `fuse` makes groups of this form; code
// generation takes no other one.
//
// A group has one full shape. Pointwise ops of that shape compute per element; reductions of it along one set of
// adjacent axes leave the kept shape, on which further pointwise ops may work and from which a broadcast leads back to
// the full shape (so softmax is one group). A contraction of operands from outside, each with one free and one
// contracted axis, stands first in its group, and only pointwise ops of its result's shape come after it.
#pragma once

#include "ir/dialect.h"
#include "ir/dims.h"

namespace ogee::passes {

class KernelForm {
public:
  /// The form that a group has which begins with `op`; none where `op` is no part of kernels.
  static std::optional<KernelForm> startingWith(mlir::Operation* op, const ir::DimAnalysis& dims);

  /// Whether `op`, which reads a result of the group, can be computed in it.
  bool accepts(mlir::Operation* op, const ir::DimAnalysis& dims) const;
  void add(mlir::Operation* op);
  /// Whether two groups can be one: the same full shape, and no two sets of reduced axes.
  bool compatible(const KernelForm& other) const;
  void merge(const KernelForm& other);

private:
  bool isKept(const ir::Shape& shape) const;
  bool isKeptBroadcast(ir::BroadcastOp op, const ir::DimAnalysis& dims) const;

  ir::Shape full_;
  llvm::SmallVector<int64_t> axes_; ///< reduced axes, empty: nothing is reduced
  bool contraction_ = false;
  bool iota_ = false; ///< asks for positions, which several axes reduced as one do not have
};

/// A constant that is written into each kernel that reads it rather than kept in memory.
bool isCheapConstant(mlir::Operation* op);

/// An error at the first op that keeps a group from being a kernel.
mlir::LogicalResult verifyKernel(ir::GroupOp group, const ir::DimAnalysis& dims);

} // namespace ogee::passes
