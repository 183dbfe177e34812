// The frame of one CUDA kernel: its parameters, its run-time sizes, and index arithmetic as text.
//
//   extern "C" __global__ void name(const f32* b0, f32* b1, i64 s0, i64 s1)
//
// takes each buffer of the nest (where that is a number of the host `const f32 h2, const f32* q2`: its element, or
// where it lies on the device), then the sizes in the order of `runtimeSizes`. Any number of blocks of kThreads threads
// does all of the work: each block goes on with what is as many units further as there are blocks.
#pragma once

#include "codegen/cuda/text.h"
#include "codegen/nest.h"

namespace ogee::codegen::cuda {

constexpr int64_t kThreads = 256, kWarp = 32, kWarps = kThreads / kWarp;

/// An index as an expression: a name, a number, or a sum or product in parentheses.
using Index = std::string;

/// One index per dim of the nest.
using Point = llvm::SmallVector<Index, 4>;

class Kernel {
public:
  Kernel(const Nest& nest, llvm::StringRef name) : nest(nest), name(name), index_(indexType(nest)) {}

  const Nest& nest;
  const std::string name;
  Text functions; ///< what stands before the kernel
  Text text{1};   ///< its body

  /// i32 where all positions are known to fit, else i64.
  llvm::StringRef indexName() const { return index_; }
  /// The text of everything, the kernel's head included.
  std::string take();

  Index index(const Dim& dim) const;
  Index add(const Index& x, const Index& y) const;
  Index mul(const Index& x, const Index& y) const;
  Index div(const Index& x, const Index& y) const; ///< of non-negative values
  Index rem(const Index& x, const Index& y) const;
  Index ceilDiv(const Index& x, int64_t y) const;
  Index min(const Index& x, const Index& y) const;
  /// A name for an expression; one that is a name or a number stays.
  Index named(const Index& value);
  /// `at` at a point.
  Index evaluate(const Affine& at, llvm::ArrayRef<Index> point);
  /// Splits a linear index over extents (outermost first).
  Point delinearize(Index linear, llvm::ArrayRef<Index> extents);
  Index productOf(llvm::ArrayRef<Index> extents) const;
  Index bufferName(unsigned buffer) const { return "b" + std::to_string(buffer); }

  /// `for (first; < to; += step) {`: the name of the counter.
  Index openLoop(const Index& from, const Index& to, const Index& step);

private:
  static llvm::StringRef indexType(const Nest& nest);
  Index startValue(const Start& start);

  llvm::StringRef index_;
  Text starts_{1}; ///< numbers read from tensors, before the body
  std::vector<std::pair<Start, Index>> startNames_;
};

} // namespace ogee::codegen::cuda
