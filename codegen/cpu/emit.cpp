// Chooses the emitter for a nest, and answers what the launcher must know.
#include "codegen/cpu/emit.h"

#include "codegen/cpu/kernel.h"
#include "codegen/cpu/loops.h"
#include "codegen/phases.h"

namespace ogee::codegen::cpu {

using namespace mlir;

namespace {

/// Elements a unit handles times a rough cost of its nodes.
Dim costOf(const Nest& nest, const Dim& elements) {
  int64_t perElement = 1;
  for (const Node& node : nest.nodes) perElement += isCostly(node) ? 8 : 1;
  return elements * Dim(perElement);
}

LaunchFacts reductionFacts(const Nest& nest, const TargetInfo& target) {
  const int reduced = nest.reducedDim(), last = nest.vectorDim();
  const Dim width = reduced == last ? 1 : chooseWidth(nest, target);
  const Dim chunks = ceil_div(nest.extents[reduced], Dim(chunkSize(nest)));
  Dim units = 1;
  for (int dim = 0; dim < static_cast<int>(nest.rank()); ++dim)
    if (dim != reduced) units = units * (dim == last ? ceil_div(nest.extents[dim], width) : nest.extents[dim]);
  const Dim scratch = RowPlan(nest, target).scratchBytes(nest);
  switch (nest.chunks) {
  case Chunks::all: return {units, ChunkFacts{costOf(nest, nest.extents[reduced] * width), scratch}};
  case Chunks::partials: return {units * chunks, ChunkFacts{costOf(nest, Dim(chunkSize(nest)) * width), scratch}};
  case Chunks::combine: return {units, ChunkFacts{chunks * width * 16, scratch}};
  }
  llvm_unreachable("all ways are listed");
}

} // namespace

OwningOpRef<ModuleOp> emit(MLIRContext& context, const Nest& nest, const TargetInfo& target) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context), StringRef(nest.name));
  Kernel kernel(*module, nest, target);
  switch (shapeOf(nest)) {
  case NestShape::map: emitMap(kernel); break;
  case NestShape::rows: emitRows(kernel); break;
  case NestShape::columns: emitColumns(kernel); break;
  case NestShape::product: emitProduct(kernel); break;
  case NestShape::pack: emitPack(kernel); break;
  }
  return module;
}

LaunchFacts launchFacts(const Nest& nest, const TargetInfo& target) {
  const ArrayRef<Dim> extents = nest.extents;
  const unsigned last = nest.vectorDim();
  switch (shapeOf(nest)) {
  case NestShape::map: {
    const Dim block = kMapBlock, inner = min(extents[last], block);
    return {productOf(extents.drop_back()) * ceil_div(extents[last], block), ChunkFacts{costOf(nest, inner)}};
  }
  case NestShape::rows:
  case NestShape::columns: return reductionFacts(nest, target);
  case NestShape::product: {
    const MicroKernel& tile = *nest.contraction->microKernel;
    const Dim blocks = ceil_div(extents[last - 1], Dim(tile.blockRows)) * ceil_div(extents[last], Dim(tile.columns()));
    return {productOf(extents.drop_back(2)) * blocks,
            ChunkFacts{nest.contraction->k * Dim(tile.blockRows * tile.columns() / 16)}};
  }
  case NestShape::pack:
    return {productOf(extents.drop_back(2)) * ceil_div(extents[last], Dim(nest.pack->columns)),
            ChunkFacts{extents[last - 1] * Dim(nest.pack->columns / 4)}};
  }
  llvm_unreachable("all shapes are listed");
}

bool onlyPositions(const Nest& nest) {
  return nest.reducedDim() >= 0 && llvm::all_of(llvm::seq<unsigned>(0, nest.nodes.size()), [&](unsigned node) {
           return nest.nodes[node].kind != Node::Kind::reduce || needsIndex(nest, node);
         });
}

unsigned chooseWidth(const Nest& nest, const TargetInfo& target) {
  unsigned bits = 32;
  for (unsigned index = 0; index < nest.nodes.size(); ++index) {
    const Node& node = nest.nodes[index];
    const bool isSame = node.kind == Node::Kind::load && same(node.access.at.strides[nest.vectorDim()], Dim(0));
    const bool isPosition = node.kind == Node::Kind::reduce && needsIndex(nest, index); // i32 in a chunk
    if (!isSame && !isPosition) bits = std::max(bits, node.element.getIntOrFloatBitWidth());
  }
  // Long bodies have chains enough of their own, and more lanes would only spill and take longer to compile; along rows
  // there are several steps in a round as well, and a short row leaves fewer lanes idle.
  const unsigned length = opsOf(nest);
  const bool isRow = nest.reducedDim() == static_cast<int>(nest.vectorDim());
  unsigned registers = length > (isRow ? 20 : 60) ? 1 : length > 30 || target.vectorRegisters < 32 ? 2 : 4;
  if (onlyPositions(nest)) // along rows lanes need to be folded; in columns positions take as much as elements
    registers = isRow ? 1 : std::min(registers, bits / 16);
  unsigned width = std::min<unsigned>(target.vectorBits / bits * registers, 64);
  const Dim& inner = nest.extents[nest.vectorDim()];
  if (inner.is_number()) width = std::min<uint64_t>(width, llvm::PowerOf2Ceil(std::max<int64_t>(inner.number(), 1)));
  return width;
}

} // namespace ogee::codegen::cpu
