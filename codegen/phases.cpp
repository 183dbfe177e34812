// Shapes, phases and the order of reductions, from a nest alone.
#include "codegen/phases.h"

#include "ir/dialect.h"

namespace ogee::codegen {

using namespace mlir;

NestShape shapeOf(const Nest& nest) {
  if (nest.contraction) return NestShape::product;
  if (nest.pack) return NestShape::pack;
  if (nest.reducedDim() < 0) return NestShape::map;
  return nest.reducedDim() == static_cast<int>(nest.vectorDim()) ? NestShape::rows : NestShape::columns;
}

int64_t chunkSize(const Nest& nest) { return shapeOf(nest) == NestShape::rows ? kChunkElements : kChunkRows; }

bool hasOneChunk(const Nest& nest) { return nest.extents[nest.reducedDim()].range().hi <= chunkSize(nest); }

bool needsIndex(const Nest& nest, unsigned node) {
  const Node& self = nest.nodes[node];
  return cast<ir::ReductionOpInterface>(self.op).getNeutral(nest.nodes[self.args[0]].element).size() == 2;
}

bool isExact(const Nest& nest, unsigned node) {
  const Node& self = nest.nodes[node];
  const ir::ReductionKind kind = cast<ir::ReductionOpInterface>(self.op).getReductionKind();
  const bool adds = kind == ir::ReductionKind::sum || kind == ir::ReductionKind::prod;
  return !adds || !isa<FloatType>(nest.nodes[self.args[0]].element);
}

bool invariantAlong(const Nest& nest, unsigned index, unsigned dim) {
  const Node& node = nest.nodes[index];
  const auto still = [&](const Affine& at) { return at.strides[dim].is_number() && at.strides[dim].number() == 0; };
  switch (node.kind) {
  case Node::Kind::load: return still(node.access.at);
  case Node::Kind::product: return false;
  case Node::Kind::reduce: return static_cast<int>(dim) == nest.reducedDim(); // along kept dims each has its own
  case Node::Kind::scalar:
    return llvm::all_of(node.coordinates, still) &&
           llvm::all_of(node.args, [&](unsigned arg) { return invariantAlong(nest, arg, dim); });
  }
  llvm_unreachable("all kinds are listed");
}

std::vector<unsigned> phaseOf(const Nest& nest) {
  std::vector<unsigned> phase(nest.nodes.size(), 0);
  for (size_t index = 0; index < nest.nodes.size(); ++index)
    for (unsigned arg : nest.nodes[index].args) {
      const bool reduced = nest.nodes[arg].kind == Node::Kind::reduce;
      phase[index] = std::max(phase[index], phase[arg] + (reduced ? 1 : 0));
    }
  return phase;
}

unsigned passesOver(const Nest& nest) {
  unsigned passes = 0;
  for (auto [phase, node] : llvm::zip_equal(phaseOf(nest), nest.nodes))
    passes = std::max(passes, node.kind == Node::Kind::reduce || node.varies ? phase + 1 : 0);
  return passes;
}

SmallVector<unsigned> neededBy(const Nest& nest, ArrayRef<unsigned> roots) {
  std::vector<bool> needed(nest.nodes.size(), false);
  for (unsigned root : roots) needed[root] = true;
  for (size_t node = nest.nodes.size(); node-- > 0;)
    if (needed[node] && nest.nodes[node].kind != Node::Kind::reduce)
      for (unsigned arg : nest.nodes[node].args) needed[arg] = true;
  SmallVector<unsigned> list;
  for (unsigned node = 0; node < nest.nodes.size(); ++node)
    if (needed[node]) list.push_back(node);
  return list;
}

Phases::Phases(const Nest& nest) {
  const std::vector<unsigned> phase = phaseOf(nest);
  auto at = [&](unsigned index) -> Phase& {
    if (list.size() <= index) list.resize(index + 1);
    return list[index];
  };
  for (unsigned node = 0; node < nest.nodes.size(); ++node)
    if (nest.nodes[node].kind == Node::Kind::reduce) at(phase[node]).reductions.push_back(node);
  for (unsigned store = 0; store < nest.stores.size(); ++store) {
    const unsigned node = nest.stores[store].node;
    const unsigned first = phase[node] + (nest.nodes[node].kind == Node::Kind::reduce ? 1 : 0);
    if (nest.stores[store].perPoint)
      at(first).stores.push_back(store);
    else
      keptStores.push_back(store);
  }
}

SmallVector<unsigned> rootsOf(const Nest& nest, const Phase& phase) {
  SmallVector<unsigned> roots;
  for (unsigned node : phase.reductions) roots.push_back(nest.nodes[node].args[0]);
  for (unsigned store : phase.stores) roots.push_back(nest.stores[store].node);
  return roots;
}

Dim productOf(ArrayRef<Dim> extents) {
  Dim product = 1;
  for (const Dim& dim : extents) product = product * dim;
  return product;
}

} // namespace ogee::codegen
