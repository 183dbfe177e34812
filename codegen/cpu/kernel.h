// The frame of one CPU kernel: its entry function, the memrefs of its buffers, its run-time sizes, and index
// arithmetic.
//
//   int32_t kernel(void *const *buffers, const int64_t *sizes, int64_t begin, int64_t end, void *scratch)
//
// Buffers become one-dimensional `memref<?xT>` (bools as i8) read at linear indices; sizes that are numbers become
// constants.
#pragma once

#include "codegen/nest.h"
#include "codegen/target.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace ogee::codegen::cpu {

/// The type an element has in memory: bools are bytes.
mlir::Type storageType(mlir::Type element);
/// Bytes of an element in memory.
unsigned storageBytes(mlir::Type element);
/// Whether a count is a constant that leaves nothing to do.
bool isKnownEmpty(mlir::Value count);

class Kernel {
public:
  /// Starts `func @kernel` in `module`; code is then emitted through `b`.
  Kernel(mlir::ModuleOp module, const Nest& nest, const TargetInfo& target);
  /// Ends the entry function with `return 0`.
  void finish();

  mlir::ImplicitLocOpBuilder b;
  const Nest& nest;
  const TargetInfo& target;

  mlir::Value begin() const { return begin_; }
  mlir::Value end() const { return end_; }
  /// The memref of nest buffer `index`.
  mlir::Value buffer(unsigned index) const { return buffers_[index]; }
  /// `count` elements of scratch memory (this chunk's own), `offset` bytes from its start.
  mlir::Value scratch(mlir::Type element, mlir::Value offsetBytes);
  /// A small array on the stack, allocated at the entry of the function.
  mlir::Value stackArray(mlir::Type element, int64_t count);

  // Index arithmetic; constants fold.
  mlir::Value index(int64_t value); ///< one constant per number, at the entry of the function
  mlir::Value index(const Dim& dim);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value min(mlir::Value x, mlir::Value y);
  mlir::Value div(mlir::Value x, mlir::Value y); ///< of non-negative values
  mlir::Value rem(mlir::Value x, mlir::Value y); ///< of non-negative values
  mlir::Value ceilDiv(mlir::Value x, int64_t y);
  /// `at` at a point given by one index value per dim.
  mlir::Value evaluate(const Affine& at, mlir::ValueRange point);
  /// Splits a linear index over `extents` (outermost first) into one index per extent.
  mlir::SmallVector<mlir::Value> delinearize(mlir::Value linear, mlir::ArrayRef<mlir::Value> extents);

  /// `for (i = from; i < to; i += step) body(i)`.
  void forLoop(mlir::Value from, mlir::Value to, int64_t step, llvm::function_ref<void(mlir::Value)> body);
  /// The same with carried values: the body returns the next ones.
  mlir::SmallVector<mlir::Value>
  forLoop(mlir::Value from, mlir::Value to, int64_t step, mlir::ValueRange init,
          llvm::function_ref<mlir::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> body);
  /// `condition ? then() : otherwise()`; folds when the condition is constant.
  mlir::SmallVector<mlir::Value> ifElse(mlir::Value condition,
                                        llvm::function_ref<mlir::SmallVector<mlir::Value>()> then,
                                        llvm::function_ref<mlir::SmallVector<mlir::Value>()> otherwise);
  void ifThen(mlir::Value condition, llvm::function_ref<void()> then);
  mlir::Value less(mlir::Value x, mlir::Value y);

private:
  mlir::Value viewPointer(mlir::Value pointer, mlir::Type element);
  mlir::Value startValue(const Start& start);

  mlir::Value begin_, end_, scratch_;
  mlir::SmallVector<mlir::Value> buffers_;
  std::vector<std::pair<Dim, mlir::Value>> sizes_;
  llvm::DenseMap<int64_t, mlir::Value> constants_;
  std::vector<std::pair<Start, mlir::Value>> starts_;
  mlir::Operation* entrySetUp_ = nullptr; ///< buffers and sizes stand before it
  mlir::Operation* entryEnd_ = nullptr;   ///< stack arrays are put before it
};

} // namespace ogee::codegen::cpu
