// Builds nests from groups: every value of the group becomes a node, every access an affine function of the group's
// full shape.
#include "codegen/group_to_nest.h"

namespace ogee::codegen {

using namespace mlir;

namespace {

bool isNumber(const Dim& dim, int64_t number) { return dim.is_number() && dim.number() == number; }

/// The starts of a view, with their buffers among those of the nest.
SmallVector<Start, 0> startsIn(Nest& nest, const View& view) {
  SmallVector<Start, 0> starts;
  for (Start start : view.starts) {
    start.buffer = bufferIn(nest, start.buffer, IntegerType::get(view.element.getContext(), 64));
    starts.push_back(start);
  }
  return starts;
}

class NestBuilder {
public:
  NestBuilder(ir::GroupOp group, ArrayRef<View> inputs, const ir::DimAnalysis& dims)
      : group_(group), inputs_(inputs), dims_(dims) {
    chooseBox();
  }

  Nest build(ArrayRef<View> outputs) {
    Block& body = group_.getBody().front();
    for (Operation& op : body.without_terminator()) addOp(&op);
    for (auto [value, view] : llvm::zip_equal(body.getTerminator()->getOperands(), outputs)) {
      const Shape shape = dims_.shape(value);
      const bool perPoint = !anyReduced() || isFull(shape);
      nest_.stores.push_back({nodeOf(value), accessOf(view, shape), perPoint});
    }
    return std::move(nest_);
  }

private:
  /// The box is the group's full shape: that of its reductions' operands, or of what it computes.
  void chooseBox() {
    Value full;
    for (Operation& op : group_.getBody().front().without_terminator()) {
      if (auto reduction = dyn_cast<ir::ReductionOpInterface>(op)) {
        full = op.getOperand(0);
        nest_.reduced.assign(dims_.shape(full).size(), false);
        for (int64_t axis : reduction.getReducedAxes()) nest_.reduced[axis] = true;
        break;
      }
      if (!full && !isa<ir::ConstantOp>(op)) full = op.getResult(0);
    }
    if (!full) full = group_.getBody().front().getTerminator()->getOperand(0);
    const Shape shape = dims_.shape(full);
    nest_.extents.assign(shape.begin(), shape.end());
    nest_.reduced.resize(shape.size(), false);
  }

  bool anyReduced() const { return llvm::is_contained(nest_.reduced, true); }

  bool isFull(const Shape& shape) const {
    return shape.size() == nest_.extents.size() && llvm::all_of(llvm::zip_equal(shape, nest_.extents), [](auto pair) {
             return same(std::get<0>(pair), std::get<1>(pair));
           });
  }

  /// The dim of the box that each dim of a value of the group walks along.
  SmallVector<unsigned> boxDims(const Shape& shape) const {
    SmallVector<unsigned> map;
    for (unsigned dim = 0; dim < nest_.rank(); ++dim)
      if (shape.size() == nest_.rank() || !nest_.reduced[dim]) map.push_back(dim);
    return map;
  }

  /// Strides along a value's dims as an affine function of the box. Dims of size 1 do not walk.
  Affine affineOf(const Dim& offset, ArrayRef<Dim> strides, const Shape& shape) const {
    Affine at{offset, SmallVector<Dim, 4>(nest_.rank(), Dim(0))};
    if (shape.empty()) return at; // rank 0: the same element everywhere
    for (auto [dim, boxDim] : llvm::enumerate(boxDims(shape)))
      if (!isNumber(shape[dim], 1) || isNumber(nest_.extents[boxDim], 1)) at.strides[boxDim] = strides[dim];
    return at;
  }

  /// A view's strides. Those of a dense one follow from the box: its own sizes may be other expressions, which only the
  /// checks of a call make equal.
  SmallVector<Dim, 4> stridesOf(const View& view, const Shape& shape) const {
    if (!view.isDense() || shape.empty()) return view.strides;
    SmallVector<Dim, 4> sizes;
    for (auto [dim, boxDim] : llvm::enumerate(boxDims(shape)))
      sizes.push_back(isNumber(shape[dim], 1) ? shape[dim] : nest_.extents[boxDim]);
    return rowMajorStrides(sizes);
  }

  Access accessOf(const View& view, const Shape& shape) {
    Affine at = affineOf(view.offset, stridesOf(view, shape), shape);
    const unsigned buffer = bufferIn(nest_, view.buffer, view.element);
    at.starts = startsIn(nest_, view);
    return {buffer, std::move(at)};
  }

  bool variesAlongReduced(const Affine& at) const {
    for (unsigned dim = 0; dim < nest_.rank(); ++dim)
      if (nest_.reduced[dim] && !isNumber(at.strides[dim], 0)) return true;
    return !anyReduced();
  }

  unsigned addNode(Node node) {
    nest_.nodes.push_back(std::move(node));
    return nest_.nodes.size() - 1;
  }

  unsigned nodeOf(Value value) {
    auto it = nodes_.find(value);
    if (it != nodes_.end()) return it->second;
    const View& view = inputs_[cast<BlockArgument>(value).getArgNumber()];
    Node load;
    load.kind = Node::Kind::load;
    load.element = view.element;
    load.access = accessOf(view, dims_.shape(value));
    load.varies = variesAlongReduced(load.access.at);
    return nodes_[value] = addNode(std::move(load));
  }

  void addOp(Operation* op) {
    if (isa<ir::BroadcastOp, ir::ReshapeOp>(op)) { // between the kept shape and the full one: the same value
      nodes_[op->getResult(0)] = nodeOf(op->getOperand(0));
      return;
    }
    if (auto dot = dyn_cast<ir::DotOp>(op)) {
      addContraction(dot);
      return;
    }
    Node node;
    node.op = op;
    node.element = cast<RankedTensorType>(op->getResult(0).getType()).getElementType();
    for (Value operand : op->getOperands())
      if (isa<RankedTensorType>(operand.getType())) node.args.push_back(nodeOf(operand));
    if (isa<ir::ReductionOpInterface>(op)) {
      node.kind = Node::Kind::reduce;
      node.varies = false;
    } else {
      addCoordinates(op, node);
      node.varies = llvm::any_of(node.args, [&](unsigned arg) { return nest_.nodes[arg].varies; }) ||
                    llvm::any_of(node.coordinates, [&](const Affine& at) { return variesAlongReduced(at); });
    }
    nodes_[op->getResult(0)] = addNode(std::move(node));
  }

  /// What an op that depends on the position of its element asks for: iota one axis, random ops the linear index. An
  /// index value is a coordinate that is the same everywhere.
  void addCoordinates(Operation* op, Node& node) {
    const Shape shape = dims_.shape(op->getResult(0));
    SmallVector<Dim, 4> strides(shape.size(), Dim(0));
    Dim offset = 0;
    if (auto iota = dyn_cast<ir::IotaOp>(op)) {
      strides[iota.getAxis()] = 1;
      node.axes.push_back(iota.getAxis());
    } else if (auto value = dyn_cast<ir::FromIndexOp>(op)) {
      offset = dims_.index(value.getIndex());
      node.axes.push_back(0);
    } else if (isa<ir::RandomUniformOp, ir::RandomNormalOp, ir::RandomIntegersOp>(op)) {
      strides = rowMajorStrides(ArrayRef(shape.begin(), shape.end()));
      node.axes.push_back(Node::kLinear);
    } else {
      return;
    }
    node.coordinates.push_back(affineOf(offset, strides, shape));
  }

  /// Operand access with the strides of its batch dims, of its one free dim, and of k.
  Access contractionAccess(Value operand, ArrayRef<int64_t> batch, int64_t k) {
    const View& view = inputs_[cast<BlockArgument>(operand).getArgNumber()];
    Access access = {bufferOf(view), {view.offset, {}}};
    access.at.starts = startsIn(nest_, view);
    for (int64_t axis : batch) access.at.strides.push_back(view.strides[axis]);
    for (int64_t axis = 0; axis < static_cast<int64_t>(view.strides.size()); ++axis)
      if (axis != k && !llvm::is_contained(batch, axis)) access.at.strides.push_back(view.strides[axis]);
    access.at.strides.push_back(view.strides[k]);
    return access;
  }

  unsigned bufferOf(const View& view) {
    nest_.buffers.push_back({view.buffer, view.element});
    return nest_.buffers.size() - 1;
  }

  void addContraction(ir::DotOp dot) {
    const int64_t lhsK = dot.getLhsContract().front(), rhsK = dot.getRhsContract().front();
    Contraction contraction;
    contraction.lhs = contractionAccess(dot.getLhs(), dot.getLhsBatch(), lhsK);
    contraction.rhs = contractionAccess(dot.getRhs(), dot.getRhsBatch(), rhsK);
    contraction.k = dims_.shape(dot.getLhs())[lhsK];
    nest_.contraction = contraction;
    Node node;
    node.kind = Node::Kind::product;
    node.element = cast<RankedTensorType>(dot.getType()).getElementType();
    nodes_[dot.getResult()] = addNode(std::move(node));
  }

  ir::GroupOp group_;
  ArrayRef<View> inputs_;
  const ir::DimAnalysis& dims_;
  Nest nest_;
  llvm::DenseMap<Value, unsigned> nodes_;
};

/// Whether every value the Dim can take is at most `bound`.
bool atMost(const Dim& dim, int64_t bound) { return dim.range().hi <= bound; }

} // namespace

Nest nestOf(ir::GroupOp group, ArrayRef<View> inputs, ArrayRef<View> outputs, const ir::DimAnalysis& dims) {
  Nest nest = NestBuilder(group, inputs, dims).build(outputs);
  nest.name = group.getName().value_or("group").str();
  return nest;
}

Nest copyNest(const View& from, const View& to) {
  Nest nest;
  nest.name = "copy";
  nest.extents = to.sizes;
  nest.reduced.assign(to.sizes.size(), false);
  nest.buffers = {{from.buffer, from.element}, {to.buffer, to.element}};
  Node load;
  load.kind = Node::Kind::load;
  load.element = from.element;
  load.access = {0, {from.offset, from.strides}};
  nest.nodes.push_back(std::move(load));
  nest.stores.push_back({0, {1, {to.offset, to.strides}}, true});
  nest.nodes[0].access.at.starts = startsIn(nest, from);
  nest.stores[0].access.at.starts = startsIn(nest, to);
  return nest;
}

void chooseMicroKernel(Nest& nest, const TargetInfo& target) {
  if (!target.packs) return;
  MicroKernel& tile = nest.contraction->microKernel.emplace();
  const Dim &rows = nest.extents[nest.rank() - 2], &columns = nest.extents[nest.rank() - 1];
  const auto product = llvm::find_if(nest.nodes, [](const Node& node) { return node.kind == Node::Kind::product; });
  const unsigned bits = product->element.getIntOrFloatBitWidth();
  tile.lanes = target.vectorBits / bits;
  const bool manyRegisters = target.vectorRegisters >= 32;
  const bool fewRows = atMost(rows, 4);
  // Accumulators plus one row of rhs plus a broadcast lhs have to fit into the registers.
  tile.rows = manyRegisters ? (fewRows ? 4 : 6) : (fewRows ? 4 : 6);
  tile.vectors = manyRegisters ? 4 : 2;
  if (target.vectorBits == 128 && manyRegisters) { // NEON
    tile.rows = 4;
    tile.vectors = 4;
  }
  if (fewRows && rows.is_number()) tile.rows = std::max<int64_t>(1, std::min<int64_t>(tile.rows, rows.number()));
  if (columns.is_number())
    while (tile.vectors > 1 && (tile.vectors / 2) * tile.lanes >= columns.number()) tile.vectors /= 2;
  tile.blockRows = tile.rows * 8;
  tile.packed = !(canReadInPlace(nest) && atMost(rows, kFewRows));
}

bool canReadInPlace(const Nest& nest) { return isNumber(nest.contraction->rhs.at.strides[nest.rank() - 2], 1); }

Dim packedElements(const Nest& nest) {
  const Contraction& c = *nest.contraction;
  const Dim columns = c.microKernel->columns();
  Dim panels = ceil_div(nest.extents[nest.rank() - 1], columns);
  for (unsigned dim = 0; dim + 2 < nest.rank(); ++dim)
    panels = isNumber(c.rhs.at.strides[dim], 0) ? panels : panels * nest.extents[dim];
  return panels * c.k * columns;
}

Nest splitPack(Nest& nest, unsigned buffer) {
  Contraction& c = *nest.contraction;
  const unsigned batch = nest.rank() - 2;
  const int64_t columns = c.microKernel->columns();
  Nest pack;
  pack.name = nest.name + "_pack";
  pack.pack = Pack{columns};
  Node load;
  load.kind = Node::Kind::load;
  load.element = nest.buffers[c.rhs.buffer].element;
  load.access = {0, {c.rhs.at.offset, {}}};
  const Dim panels = ceil_div(nest.extents[nest.rank() - 1], Dim(columns));
  SmallVector<Dim, 4> packedStrides(batch + 2, Dim(0));
  packedStrides[batch] = c.k * Dim(columns); // from panel to panel
  packedStrides[batch + 1] = columns;        // along k
  Dim step = panels * packedStrides[batch];
  for (unsigned dim = batch; dim-- > 0;)
    if (!isNumber(c.rhs.at.strides[dim], 0)) { // operands repeated along a batch dim are packed once
      packedStrides[dim] = step;
      step = step * nest.extents[dim];
    }
  for (unsigned dim = 0; dim < batch; ++dim)
    if (!isNumber(c.rhs.at.strides[dim], 0)) {
      pack.extents.push_back(nest.extents[dim]);
      load.access.at.strides.push_back(c.rhs.at.strides[dim]);
    }
  pack.extents.append({c.k, nest.extents[nest.rank() - 1]});
  pack.reduced.assign(pack.extents.size(), false);
  load.access.at.strides.append({c.rhs.at.strides[batch + 1], c.rhs.at.strides[batch]});
  pack.buffers = {nest.buffers[c.rhs.buffer], {buffer, load.element}};
  pack.nodes.push_back(std::move(load));
  pack.stores.push_back({0, {1, {0, SmallVector<Dim, 4>(pack.extents.size(), Dim(0))}}, true});
  for (Start start : c.rhs.at.starts) {
    start.buffer = bufferIn(pack, nest.buffers[start.buffer].value, nest.buffers[start.buffer].element);
    pack.nodes[0].access.at.starts.push_back(start);
  }
  nest.buffers[c.rhs.buffer].value = buffer;
  c.rhs.at = {0, packedStrides};
  c.microKernel->packed = true;
  return pack;
}

} // namespace ogee::codegen
