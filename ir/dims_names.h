// The named sizes of a function's arguments: which dims have one size, and the values it can have.
#pragma once

#include "ir/dims.h"
#include "ir/signature.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace ogee::ir {

/// Gives every unknown dim of the arguments a name: the one of `ogee.dims`, else one of its own. Two names can be
/// united.
class DimNames {
public:
  explicit DimNames(mlir::func::FuncOp function);

  /// Finds the range in which all dims of one name agree; fails, with a diagnostic at the argument, where there is
  /// none.
  mlir::LogicalResult declare();

  /// The size of a dim of a tensor argument: a number, or a symbol.
  Dim dim(unsigned argument, unsigned axis) const { return named(dims_[argument][axis]); }
  /// The stride of a dim of a tensor argument, where its attribute gives one.
  Dim stride(unsigned argument, unsigned axis) const;
  /// The value of an index argument, by its own name.
  Dim value(unsigned argument) const;
  /// The size that an index argument must be: the one of its name in `ogee.dims`, or its only value.
  std::optional<Dim> knownValue(unsigned argument) const;
  const ArgumentInfo& info(unsigned argument) const { return infos_[argument]; }

  /// Learns from checks that demand equal sizes; true if there was something new, so that the dims follow anew.
  bool unite(llvm::ArrayRef<DimCheck> checks);

private:
  Dim named(llvm::StringRef name) const;
  std::string resolve(llvm::StringRef name) const;
  std::string base(unsigned argument) const;
  mlir::LogicalResult narrow(unsigned argument, llvm::StringRef name, runtime::DimRange range);
  runtime::DimRange statedRange(unsigned argument, unsigned axis) const;
  bool isDim(const Dim& size) const;
  bool equate(Dim left, Dim right, llvm::StringSet<>& touched);

  mlir::func::FuncOp function_;
  llvm::SmallVector<ArgumentInfo> infos_;
  llvm::SmallVector<llvm::SmallVector<std::string>> dims_; ///< names by argument and axis
  llvm::StringSet<> dimNames_;                             ///< of the dims of tensors
  llvm::StringMap<std::string> united_;                    ///< names that became others
  llvm::StringMap<int64_t> fixed_;                         ///< names that became numbers
  llvm::StringMap<runtime::DimRange> ranges_;
};

} // namespace ogee::ir
