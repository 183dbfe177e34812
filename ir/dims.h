// The dims of every value of a function, as numbers and expressions over named sizes, and what a call must check about
// them.
#pragma once

#include "ir/dialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/DenseMap.h"

#include <string>
#include <vector>

namespace ogee::ir {

/// Where the value of a named size comes from.
struct SymbolSource {
  enum class Kind { dim, stride, index };
  Dim symbol;
  Kind kind = Kind::dim;
  unsigned argument = 0;
  unsigned axis = 0; ///< of a dim or stride
};

/// A requirement of an op of the function.
struct DimCheck {
  Requirement requirement;
  mlir::Operation* op; ///< whose (the function, for its index arguments); its location is what an error names
};

/// The dims of the values of one function. Argument dims have the names and ranges that `ogee.dims` and `ogee.ranges`
/// give; an unnamed `?` is a size of its own, until an op demands that it equals another one or a number: then they are
/// one. Everything else follows by the shape rules, and index values by arithmetic. Values in `ogee.group`s are known
/// too.
class DimAnalysis : public DimSource {
public:
  /// Fails, with a diagnostic at the op, where dims contradict each other or an index value is not computed from sizes.
  static mlir::FailureOr<DimAnalysis> run(mlir::func::FuncOp function);

  Shape shape(mlir::Value tensor) const override;
  Dim index(mlir::Value value) const override;

  /// Every named size, once: those of tensors, then those of index arguments.
  llvm::ArrayRef<SymbolSource> symbols() const { return symbols_; }
  /// The strides of an argument in elements, one per dim: numbers, or symbols of their own. Empty: dense row-major.
  llvm::ArrayRef<Dim> strides(unsigned argument) const { return strides_[argument]; }
  /// What a call has to check, in the order of the ops.
  llvm::ArrayRef<DimCheck> checks() const { return checks_; }

private:
  friend class DimAnalyzer;

  llvm::DenseMap<mlir::Value, Shape> shapes_;
  llvm::DenseMap<mlir::Value, Dim> indices_;
  std::vector<SymbolSource> symbols_;
  std::vector<std::vector<Dim>> strides_;
  std::vector<DimCheck> checks_;
};

} // namespace ogee::ir
