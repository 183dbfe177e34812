// One reduction of a nest: its state (an element, or an element and its position) as variables, how states combine, and
// the fixed binary tree over the chunks of the reduced range (design, section 7), which gives the bits that every other
// target gives.
#pragma once

#include "codegen/cuda/body.h"

namespace ogee::codegen::cuda {

/// What can be assigned, one for each value of a state: variables, or elements of arrays.
using State = llvm::SmallVector<std::string, 2>;

class Reducer {
public:
  /// Writes the functions that combine states before the kernel.
  Reducer(Kernel& kernel, Body& body, unsigned node);

  unsigned node() const { return node_; }
  unsigned values() const { return types_.size(); }

  /// Variables, or arrays of `count`, that hold the neutral state.
  State declare(int64_t count = 0);
  /// Arrays of `count` states, of a thread, or shared by those of a block, that hold nothing yet.
  State declareArray(int64_t count, llvm::StringRef where = "");
  State declareShared(int64_t count) { return declareArray(count, "__shared__ "); }
  /// The state at an index of arrays.
  static State at(const State& arrays, const Index& index);

  void assign(const State& to, const State& from);
  /// x becomes x combined with y, which comes after it.
  void join(const State& x, const State& y);
  /// The same where y is one element, whose position is `position`.
  void next(const State& x, const std::string& element, const Index& position);
  /// Folds the states of a warp's lanes into that of lane 0: lane i with i + 16, then with i + 8, …
  void foldWarp(const State& x);
  /// Each lane's state becomes that of lane 0.
  void fromFirstLane(const State& to, const State& from);
  /// The value that the reduction has.
  static const std::string& result(const State& state) { return state.back(); }

  // A stack of the finished subtrees over chunks, one level per bit of their number.
  /// Adds chunk number `chunk`, the next one.
  void push(const State& stack, const Index& chunk, const State& state);
  /// The total of `chunks` chunks.
  void pop(const State& stack, const Index& chunks, const State& total);

private:
  void writeFunction(llvm::StringRef name, bool next);

  Kernel& kernel_;
  Body& body_;
  unsigned node_;
  bool needsIndex_;
  llvm::SmallVector<mlir::TypedAttr, 2> neutral_;
  llvm::SmallVector<std::string, 2> types_;
  std::string join_, next_; ///< functions
};

/// The reductions of a block's threads over chunks, `slots` (a power of two) at a time, whose states lie in shared
/// memory.
class BlockTree {
public:
  BlockTree(Kernel& kernel, llvm::MutableArrayRef<Reducer> reducers, int64_t slots);

  /// Where the state of the chunk in a slot goes, before `push`.
  State slot(unsigned reducer, const Index& slot) const { return Reducer::at(slots_[reducer], slot); }
  /// Combines the chunks of a round, of which there are `count`.
  void push(const Index& round, const Index& count);
  /// The totals of all rounds, for every thread.
  void pop(const Index& rounds, llvm::ArrayRef<State> totals);

private:
  Kernel& kernel_;
  llvm::MutableArrayRef<Reducer> reducers_;
  llvm::SmallVector<State> slots_, stacks_;
};

/// Levels of a stack of chunks, or of rounds of them, of which there are at most so many.
int64_t levelsFor(const Dim& chunks);

} // namespace ogee::codegen::cuda
