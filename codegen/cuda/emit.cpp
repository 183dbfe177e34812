// Chooses the emitter for a nest, and answers how many blocks a launch takes.
#include "codegen/cuda/emit.h"

#include "codegen/cuda/body.h"
#include "codegen/phases.h"

namespace ogee::codegen::cuda {

using namespace mlir;

namespace {

/// A block for each row; where each fits into a chunk, a warp for each row.
Dim rowBlocks(const Nest& nest) {
  const Dim &length = nest.extents.back(), rows = productOf(ArrayRef(nest.extents).drop_back());
  switch (nest.chunks) {
  case Chunks::all: return length.range().hi <= kChunkElements ? ceil_div(rows, Dim(kWarps)) : rows;
  case Chunks::partials: return ceil_div(rows * ceil_div(length, Dim(kChunkElements)), Dim(kWarps));
  case Chunks::combine: return rows;
  }
  llvm_unreachable("all ways are listed");
}

/// A thread for each kept point, or each chunk of one.
Dim columnBlocks(const Nest& nest) {
  Dim points = 1;
  for (unsigned dim = 0; dim < nest.rank(); ++dim) points = nest.reduced[dim] ? points : points * nest.extents[dim];
  if (nest.chunks == Chunks::partials)
    points = points * ceil_div(nest.extents[nest.reducedDim()], Dim(chunkSize(nest)));
  return ceil_div(points, Dim(kThreads));
}

Dim blocksOf(const Nest& nest) {
  const ArrayRef<Dim> extents = nest.extents;
  switch (shapeOf(nest)) {
  case NestShape::map:
    return ceil_div(productOf(extents.drop_back()) * ceil_div(extents.back(), Dim(mapWidth(nest))), Dim(kThreads));
  case NestShape::rows: return rowBlocks(nest);
  case NestShape::columns: return columnBlocks(nest);
  case NestShape::product:
    return productOf(extents.drop_back(2)) * ceil_div(extents[nest.rank() - 2], Dim(kTile)) *
           ceil_div(extents.back(), Dim(kTile));
  case NestShape::pack: llvm_unreachable("packing is for targets whose facts say so");
  }
  llvm_unreachable("all shapes are listed");
}

} // namespace

FailureOr<std::string> emit(const Nest& nest, StringRef name) {
  Kernel kernel(nest, name);
  Body body(kernel);
  switch (shapeOf(nest)) {
  case NestShape::map: emitMap(kernel, body); break;
  case NestShape::rows: emitRows(kernel, body); break;
  case NestShape::columns: emitColumns(kernel, body); break;
  case NestShape::product: emitProduct(kernel, body); break;
  case NestShape::pack: llvm_unreachable("packing is for targets whose facts say so");
  }
  if (body.failed()) return failure();
  return kernel.take();
}

LaunchFacts launchFacts(const Nest& nest) { return {blocksOf(nest), BlockFacts{kThreads}}; }

} // namespace ogee::codegen::cuda
