// What the loop emitters of this folder share.
#pragma once

#include "codegen/cpu/body.h"
#include "codegen/cpu/reducer.h"

namespace ogee::codegen::cpu {

/// Elements of the innermost dim that one unit of a map kernel handles.
constexpr int64_t kMapBlock = 8192;

/// Whether a node's body is so long that its values are kept between the phases of a row rather than computed again.
bool isCostly(const Node& node);
/// How long the scalar bodies of these nodes are, all together: ops, of which calls count for many.
unsigned bodyLength(const Nest& nest, llvm::ArrayRef<unsigned> nodes);
/// Ops in the scalar bodies of all nodes, calls too.
unsigned opsOf(const Nest& nest);

/// Whether everything that a nest reduces are positions (of the largest, of the smallest).
bool onlyPositions(const Nest& nest);

/// What happens in which pass, and where in scratch memory things lie, for nests that reduce.
class RowPlan {
public:
  RowPlan(const Nest& nest, const TargetInfo& target);

  struct Phase : codegen::Phase {
    llvm::SmallVector<unsigned> keeps; ///< costly nodes, kept in scratch for later passes
  };
  llvm::SmallVector<Phase> phases;
  llvm::SmallVector<unsigned> keptStores; ///< stores once per kept point, after the last pass

  Dim scratchBytes(const Nest& nest) const;
  /// Byte offset in scratch memory of the stack of a reduction, or of the row of a kept node.
  mlir::Value offsetOf(unsigned node, Kernel& kernel) const;

private:
  /// After so many bytes of stacks and after rows of elements of these sizes.
  struct Place {
    int64_t bytes = 0;
    llvm::SmallVector<int64_t> rows;
  };
  llvm::DenseMap<unsigned, Place> offsets_;
  int64_t stackBytes_ = 0;
  llvm::SmallVector<int64_t> rows_; ///< the size of an element of each kept row
};

/// The chunks of a reduced dim: `size` elements or rows each, the last one perhaps fewer.
struct Chunking {
  Kernel& kernel;
  mlir::Value length;
  int64_t size;

  mlir::Value count() const { return kernel.ceilDiv(length, size); }
  mlir::Value begin(mlir::Value chunk) const { return kernel.mul(chunk, kernel.index(size)); }
  mlir::Value end(mlir::Value chunk) const { return kernel.min(length, kernel.add(begin(chunk), kernel.index(size))); }
};

/// The reductions of a pass, and the memrefs of the states of chunks of one of them (`next` walks over Nest::partials).
std::vector<Reducer> reducersOf(Kernel& kernel, Body& body, const RowPlan::Phase& phase);
llvm::SmallVector<mlir::Value> partialBuffers(Kernel& kernel, const Reducer& reducer, unsigned& next);

/// The scope of a pass over `dim`: `outer`, and the values that the pass needs and that do not differ along that dim.
Scope hoisted(Kernel& kernel, Body& body, const RowPlan::Phase& phase, const Scope& outer, unsigned dim);

/// `body(first, count)` for each step of `width` in [from, to): `count` is null for whole steps, and the rest of a last
/// partial one. In `oneLoop` all steps have a count: half the code.
void forVectors(Kernel& kernel, mlir::Value from, mlir::Value to, unsigned width,
                llvm::function_ref<void(mlir::Value first, mlir::Value count)> body, bool oneLoop = false);

} // namespace ogee::codegen::cpu
