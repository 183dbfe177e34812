// The attributes of function arguments and results, read from the IR.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <optional>

namespace ogee::ir {

inline constexpr llvm::StringLiteral kNameAttr = "ogee.name";
inline constexpr llvm::StringLiteral kDimsAttr = "ogee.dims";
inline constexpr llvm::StringLiteral kRangesAttr = "ogee.ranges";
inline constexpr llvm::StringLiteral kStridesAttr = "ogee.strides";
/// On an argument whose memory outlives the calls: "captured" (a tensor used from outside), "optimizer", or
/// "random" (the generator's key and draw number).
inline constexpr llvm::StringLiteral kStateAttr = "ogee.state";
/// On an argument of rank 0, a unit attribute: where the function runs on a device, the memory of this one is the
/// host's, and kernels get its element by value.
inline constexpr llvm::StringLiteral kHostAttr = "ogee.host";
/// On a result: the number of the argument whose memory it may take, since that argument ends with this value.
inline constexpr llvm::StringLiteral kOverwritesAttr = "ogee.overwrites";
/// On a result: the number of the argument whose elements it becomes, as they lie in memory: it is no result of the
/// program. Its caller sees to it that no other argument is in that memory.
inline constexpr llvm::StringLiteral kIntoAttr = "ogee.into";

/// What the attributes of one argument say; the lists have an entry per dim (one for an index argument) or are empty.
struct ArgumentInfo {
  std::string name;                    ///< "" without one
  llvm::SmallVector<std::string> dims; ///< "" where a dim has no name
  llvm::SmallVector<std::optional<std::pair<int64_t, int64_t>>> ranges;
  llvm::SmallVector<int64_t> strides; ///< kRunTimeStride where only a run knows it
  std::string state;                  ///< the kind of state, "" for what each call gives
  bool host = false;                  ///< its memory is the host's, wherever the function runs
};
inline constexpr int64_t kRunTimeStride = -1;

/// An error unless the function has one block, takes tensors of the dialect and index values, gives tensors, and no two
/// arguments and no two results have one name.
mlir::LogicalResult verifySignature(mlir::func::FuncOp function);

/// Reads verified attributes.
ArgumentInfo argumentInfo(mlir::func::FuncOp function, unsigned argument);
/// The name of a result, or "".
std::string resultName(mlir::func::FuncOp function, unsigned result);
/// The argument that a result may overwrite.
std::optional<unsigned> overwrittenArgument(mlir::func::FuncOp function, unsigned result);
/// The argument that a result is written into.
std::optional<unsigned> writtenArgument(mlir::func::FuncOp function, unsigned result);

/// Puts the arguments that are state behind those that calls give, as programs with state have them.
void putStateLast(mlir::func::FuncOp function);

} // namespace ogee::ir
