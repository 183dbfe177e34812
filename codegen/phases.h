// What a nest asks of every target that runs it: the shape that decides how, the order in which reductions combine
// elements (design, section 7), and the passes over the reduced dim.
#pragma once

#include "codegen/chunks.h"
#include "codegen/nest.h"

namespace ogee::codegen {

enum class NestShape {
  map,     ///< nothing is reduced
  rows,    ///< the innermost dim is reduced
  columns, ///< another dim is reduced
  product, ///< a contraction with its epilogue
  pack,    ///< the right operand of a contraction, laid out in panels
};
NestShape shapeOf(const Nest& nest);

/// The virtual lanes of a chunk of innermost elements: the same on every target. Where nothing but positions is reduced
/// any number gives the same bits.
constexpr int64_t kVirtualLanes = 64;

/// Elements (or rows) of the reduced dim that are one chunk.
int64_t chunkSize(const Nest& nest);
/// Whether a nest that reduces has at most one chunk, whatever its sizes are.
bool hasOneChunk(const Nest& nest);

/// Whether a reduction's state also holds the position of an element.
bool needsIndex(const Nest& nest, unsigned node);
/// Whether a reduction's states combine to the same bits whichever neighbours are combined first: then they need no
/// tree over chunks.
bool isExact(const Nest& nest, unsigned node);

/// Whether the node has one value for all points along `dim`.
bool invariantAlong(const Nest& nest, unsigned node, unsigned dim);

/// In which pass over the reduced dim each node can first be computed: a reduction's result belongs to the pass after
/// its own.
std::vector<unsigned> phaseOf(const Nest& nest);

/// How often a nest goes over its reduced dim.
unsigned passesOver(const Nest& nest);

/// The nodes that `roots` need, each after its args; results of reductions are there from an earlier pass.
llvm::SmallVector<unsigned> neededBy(const Nest& nest, llvm::ArrayRef<unsigned> roots);

/// One pass over the reduced dim.
struct Phase {
  llvm::SmallVector<unsigned> reductions; ///< nodes reduced in this pass
  llvm::SmallVector<unsigned> stores;     ///< stores per point
};

/// What happens in which pass, for nests that reduce.
struct Phases {
  explicit Phases(const Nest& nest);

  llvm::SmallVector<Phase> list;
  llvm::SmallVector<unsigned> keptStores; ///< stores once per kept point, after the last pass
};

/// The nodes whose values a pass computes from: what it reduces and what it stores.
llvm::SmallVector<unsigned> rootsOf(const Nest& nest, const Phase& phase);

/// How many points there are in a box of these extents.
Dim productOf(llvm::ArrayRef<Dim> extents);

} // namespace ogee::codegen
