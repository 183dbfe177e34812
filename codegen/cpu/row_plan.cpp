// The passes of a nest over its reduced dim, and its scratch memory.
#include "codegen/cpu/emit.h"
#include "codegen/cpu/loops.h"
#include "codegen/cpu/lower.h"
#include "ir/dialect.h"

namespace ogee::codegen::cpu {

using namespace mlir;

namespace {

/// Longest scalar body that is cheaper to compute again than to keep.
constexpr unsigned kCheapBody = 8;
/// Ops that a call of the C library for each lane counts for: a loop with its arrays, and slow.
constexpr unsigned kCallLength = 16;
/// Of rows in scratch memory.
constexpr int64_t kLine = 64;

/// The length of a node's scalar body in ops, a call counting for `call`, found by building it on the side.
unsigned bodyLength(const Node& node, unsigned call = kCallLength) {
  auto pointwise = dyn_cast<ir::PointwiseOpInterface>(node.op);
  if (!pointwise) return 0;
  Block block;
  ImplicitLocOpBuilder b(node.op->getLoc(), node.op->getContext());
  b.setInsertionPointToEnd(&block);
  SmallVector<Value> args;
  for (Value operand : node.op->getOperands())
    if (auto type = dyn_cast<RankedTensorType>(operand.getType()))
      args.push_back(block.addArgument(type.getElementType(), node.op->getLoc()));
  Value index = block.addArgument(b.getI64Type(), node.op->getLoc());
  struct Probe : ir::ScalarBody {
    Probe(ImplicitLocOpBuilder& b, ValueRange args, Value index) : ScalarBody(b, args), index(index) {}
    Type like(Type element) override { return element; }
    Value coordinate(unsigned) override { return index; }
    Value linearIndex() override { return index; }
    Value index;
  } body(b, args, index);
  pointwise.buildScalarBody(body);
  unsigned length = 0;
  for (Operation& op : block) length += libraryFunction(&op).empty() ? 1 : call;
  return length;
}

} // namespace

bool isCostly(const Node& node) { return node.kind == Node::Kind::scalar && bodyLength(node) > kCheapBody; }

unsigned bodyLength(const Nest& nest, ArrayRef<unsigned> nodes) {
  unsigned length = 0;
  for (unsigned node : nodes)
    if (nest.nodes[node].kind == Node::Kind::scalar) length += bodyLength(nest.nodes[node]);
  return length;
}

unsigned opsOf(const Nest& nest) {
  unsigned ops = 0;
  for (const Node& node : nest.nodes) ops += node.kind == Node::Kind::scalar ? bodyLength(node, 1) : 0;
  return ops;
}

RowPlan::RowPlan(const Nest& nest, const TargetInfo& target) {
  Phases plan(nest);
  for (codegen::Phase& phase : plan.list) phases.push_back({std::move(phase), {}});
  keptStores = std::move(plan.keptStores);
  const bool rows = nest.reducedDim() == static_cast<int>(nest.vectorDim());
  const unsigned stackWidth = rows ? 1 : chooseWidth(nest, target);
  if (nest.chunks != Chunks::partials && !hasOneChunk(nest))
    for (const Phase& phase : phases)
      for (unsigned node : phase.reductions) {
        offsets_[node] = {stackBytes_, {}};
        stackBytes_ += Reducer::stackBytes(nest, node, stackWidth);
      }
  if (!rows) return;
  // A costly node that differs along the row is kept when a later pass reads it as well.
  const std::vector<unsigned> phase = phaseOf(nest);
  llvm::DenseMap<unsigned, unsigned> lastUse;
  for (unsigned index = 0; index < phases.size(); ++index) {
    for (unsigned node : neededBy(nest, rootsOf(nest, phases[index]))) lastUse[node] = index;
  }
  for (unsigned node = 0; node < nest.nodes.size(); ++node) {
    if (!nest.nodes[node].varies || !lastUse.contains(node) || lastUse[node] <= phase[node] ||
        !isCostly(nest.nodes[node]))
      continue;
    phases[phase[node]].keeps.push_back(node);
    offsets_[node] = {stackBytes_, rows_};
    rows_.push_back(storageBytes(nest.nodes[node].element));
  }
}

Dim RowPlan::scratchBytes(const Nest& nest) const {
  Dim bytes = stackBytes_;
  for (int64_t item : rows_)
    bytes = bytes + ceil_div(nest.extents[nest.reducedDim()] * Dim(item), Dim(kLine)) * Dim(kLine);
  return bytes;
}

Value RowPlan::offsetOf(unsigned node, Kernel& kernel) const {
  const Place& place = offsets_.find(node)->second;
  Value offset = kernel.index(place.bytes);
  Value extent = kernel.index(kernel.nest.extents[kernel.nest.reducedDim()]);
  for (int64_t item : place.rows) {
    Value lines = kernel.ceilDiv(kernel.mul(extent, kernel.index(item)), kLine);
    offset = kernel.add(offset, kernel.mul(lines, kernel.index(kLine)));
  }
  return offset;
}

Scope hoisted(Kernel& kernel, Body& body, const RowPlan::Phase& phase, const Scope& outer, unsigned dim) {
  const Nest& nest = kernel.nest;
  Scope pass = outer;
  const Dim& extent = nest.extents[dim];
  if (!extent.is_number() || extent.number() == 0) pass.guard = kernel.less(kernel.index(0), kernel.index(extent));
  for (unsigned node : neededBy(nest, rootsOf(nest, phase)))
    if (invariantAlong(nest, node, dim)) body.evaluate(node, pass);
  pass.guard = Value();
  return pass;
}

std::vector<Reducer> reducersOf(Kernel& kernel, Body& body, const RowPlan::Phase& phase) {
  std::vector<Reducer> reducers;
  for (unsigned node : phase.reductions) reducers.emplace_back(kernel, body, node);
  return reducers;
}

SmallVector<Value> partialBuffers(Kernel& kernel, const Reducer& reducer, unsigned& next) {
  SmallVector<Value> memrefs;
  for (size_t i = 0; i < reducer.types().size(); ++i) memrefs.push_back(kernel.buffer(kernel.nest.partials[next++]));
  return memrefs;
}

} // namespace ogee::codegen::cpu
