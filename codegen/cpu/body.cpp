// Evaluates nodes of a nest: loads and stores by stride class, scalar bodies, masks.
#include "codegen/cpu/body.h"

#include "ir/dialect.h"

namespace ogee::codegen::cpu {

using namespace mlir;

namespace {

bool isNumber(const Dim& dim, int64_t number) { return dim.is_number() && dim.number() == number; }

Type withWidth(Type element, unsigned width) {
  return width == 1 ? element : VectorType::get({static_cast<int64_t>(width)}, element);
}

/// A scalar body at a point of the nest.
class NodeBody : public ir::ScalarBody {
public:
  NodeBody(ImplicitLocOpBuilder& b, ValueRange args, unsigned width, const Node& node, ArrayRef<Value> coordinates)
      : ScalarBody(b, args), width_(width), node_(node), coordinates_(coordinates) {}

  Type like(Type element) override { return withWidth(element, width_); }
  Value coordinate(unsigned axis) override { return coordinates_[llvm::find(node_.axes, axis) - node_.axes.begin()]; }
  Value linearIndex() override { return coordinate(Node::kLinear); }

private:
  unsigned width_;
  const Node& node_;
  ArrayRef<Value> coordinates_;
};

unsigned widthOf(Value value) {
  auto type = dyn_cast<VectorType>(value.getType());
  return type ? type.getNumElements() : 1;
}

} // namespace

void Body::setCount(Scope& scope, Value count) {
  auto type = VectorType::get({static_cast<int64_t>(scope.width)}, kernel_.b.getI1Type());
  scope.count = count;
  scope.mask = kernel_.b.create<vector::CreateMaskOp>(type, count);
}

Value Body::evaluate(unsigned node, Scope& scope) {
  auto it = scope.known.find(node);
  if (it != scope.known.end()) return it->second;
  Value value = compute(node, scope);
  scope.known[node] = value;
  return value;
}

Value Body::evaluateWide(unsigned node, Scope& scope) { return widen(evaluate(node, scope), scope.width); }

Value Body::compute(unsigned index, Scope& scope) {
  const Node& node = nest_.nodes[index];
  const bool wide = scope.width > 1 && !invariantAlong(nest_, index, nest_.vectorDim());
  switch (node.kind) {
  case Node::Kind::load: {
    Scope plain;
    const Dim& stride = node.access.at.strides[nest_.vectorDim()];
    auto read = [&]() -> SmallVector<Value> {
      return {load(kernel_.buffer(node.access.buffer), node.element, kernel_.evaluate(node.access.at, scope.point),
                   stride, wide ? scope : plain)};
    };
    if (!scope.guard) return read()[0];
    return kernel_.ifElse(scope.guard, read, [&]() -> SmallVector<Value> {
      Type type = withWidth(node.element, wide ? scope.width : 1);
      return {kernel_.b.create<arith::ConstantOp>(kernel_.b.getZeroAttr(type))};
    })[0];
  }
  case Node::Kind::scalar: return computeScalar(node, scope, wide);
  case Node::Kind::reduce:
  case Node::Kind::product: break;
  }
  llvm_unreachable("reductions and products are known before they are used");
}

Value Body::computeScalar(const Node& node, Scope& scope, bool wide) {
  auto& b = kernel_.b;
  if (auto constant = dyn_cast<ir::ConstantOp>(node.op))
    return b.create<arith::ConstantOp>(cast<TypedAttr>(constant.getValue().getSplatValue<Attribute>()));
  const unsigned width = wide ? scope.width : 1;
  SmallVector<Value> args, coordinates;
  for (unsigned arg : node.args) args.push_back(widen(evaluate(arg, scope), width));
  for (const Affine& at : node.coordinates) coordinates.push_back(coordinate(at, scope, wide));
  auto location = b.getLoc();
  b.setLoc(node.op->getLoc());
  NodeBody body(b, args, width, node, coordinates);
  Value result = cast<ir::PointwiseOpInterface>(node.op).buildScalarBody(body);
  b.setLoc(location);
  return result;
}

Value Body::coordinate(const Affine& at, const Scope& scope, bool wide) {
  auto& b = kernel_.b;
  Value first = b.create<arith::IndexCastOp>(b.getI64Type(), kernel_.evaluate(at, scope.point));
  const Dim& stride = at.strides[nest_.vectorDim()];
  if (!wide) return first;
  if (isNumber(stride, 0)) return widen(first, scope.width);
  Value step = b.create<arith::IndexCastOp>(b.getI64Type(), kernel_.index(stride));
  return laneIndices(first, step, scope.width, b.getI64Type());
}

Value Body::positions(const Scope& scope, unsigned dim, Value begin) {
  auto& b = kernel_.b;
  Value first = b.create<arith::IndexCastOp>(b.getI32Type(), kernel_.sub(scope.point[dim], begin));
  if (scope.width == 1 || dim != nest_.vectorDim()) return widen(first, scope.width);
  return laneIndices(first, b.create<arith::ConstantIntOp>(1, 32), scope.width, b.getI32Type());
}

/// first + lane * step for each lane.
Value Body::laneIndices(Value first, Value step, unsigned width, Type element) {
  auto& b = kernel_.b;
  auto type = VectorType::get({static_cast<int64_t>(width)}, element);
  SmallVector<Attribute> lanes;
  for (unsigned lane = 0; lane < width; ++lane) lanes.push_back(b.getIntegerAttr(element, lane));
  Value ramp = b.create<arith::ConstantOp>(DenseElementsAttr::get(type, lanes));
  Value scaled = b.createOrFold<arith::MulIOp>(ramp, b.create<vector::BroadcastOp>(type, step));
  return b.create<arith::AddIOp>(scaled, b.create<vector::BroadcastOp>(type, first));
}

Value Body::widen(Value value, unsigned width) {
  if (width == widthOf(value)) return value;
  return kernel_.b.create<vector::BroadcastOp>(withWidth(value.getType(), width), value);
}

bool Body::masksAreCheap(Type storage) const {
  return kernel_.target.cheapMasks || (kernel_.target.vectorBits == 256 && storage.getIntOrFloatBitWidth() >= 32);
}

Value Body::fromStorage(Value value, Type element) {
  if (!element.isInteger(1)) return value;
  auto& b = kernel_.b;
  Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(value.getType()));
  return b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, value, zero);
}

Value Body::toStorage(Value value) {
  if (!getElementTypeOrSelf(value.getType()).isInteger(1)) return value;
  return kernel_.b.create<arith::ExtUIOp>(withWidth(kernel_.b.getI8Type(), widthOf(value)), value);
}

Value Body::load(Value memref, Type element, Value at, const Dim& stride, const Scope& scope) {
  auto& b = kernel_.b;
  const Type storage = storageType(element);
  if (scope.width == 1) return fromStorage(b.create<memref::LoadOp>(memref, at), element);
  const auto type = cast<VectorType>(withWidth(storage, scope.width));
  if (!isNumber(stride, 1)) {
    Value lanes = laneIndices(kernel_.index(0), kernel_.index(stride), scope.width, b.getIndexType());
    Value mask = scope.mask;
    if (!mask)
      mask = b.create<arith::ConstantOp>(
          DenseElementsAttr::get(cast<VectorType>(withWidth(b.getI1Type(), scope.width)), true));
    Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(type));
    return fromStorage(b.create<vector::GatherOp>(type, memref, at, lanes, mask, zero), element);
  }
  if (!scope.mask) return fromStorage(b.create<vector::LoadOp>(type, memref, at), element);
  Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(type));
  if (masksAreCheap(storage))
    return fromStorage(b.create<vector::MaskedLoadOp>(type, memref, at, scope.mask, zero), element);
  Value staged = kernel_.stackArray(element, scope.width);
  b.create<vector::StoreOp>(zero, staged, kernel_.index(0));
  kernel_.forLoop(kernel_.index(0), scope.count, 1, [&](Value lane) {
    b.create<memref::StoreOp>(b.create<memref::LoadOp>(memref, kernel_.add(at, lane)), staged, lane);
  });
  return fromStorage(b.create<vector::LoadOp>(type, staged, kernel_.index(0)), element);
}

void Body::storeVector(Value value, Value memref, Value at, const Dim& stride, const Scope& scope) {
  auto& b = kernel_.b;
  value = toStorage(value);
  if (scope.width == 1) {
    b.create<memref::StoreOp>(value, memref, at);
    return;
  }
  const Type storage = getElementTypeOrSelf(value.getType());
  const bool dense = isNumber(stride, 1);
  if (dense && !scope.mask) {
    b.create<vector::StoreOp>(value, memref, at);
  } else if (dense && masksAreCheap(storage)) {
    b.create<vector::MaskedStoreOp>(memref, at, scope.mask, value);
  } else {
    Value staged = kernel_.stackArray(storage, scope.width);
    b.create<vector::StoreOp>(value, staged, kernel_.index(0));
    Value count = scope.count ? scope.count : kernel_.index(scope.width);
    kernel_.forLoop(kernel_.index(0), count, 1, [&](Value lane) {
      Value to = kernel_.add(at, kernel_.mul(lane, kernel_.index(stride)));
      b.create<memref::StoreOp>(b.create<memref::LoadOp>(staged, lane), memref, to);
    });
  }
}

void Body::store(ArrayRef<unsigned> stores, Scope& scope) {
  for (unsigned number : stores) evaluateWide(nest_.stores[number].node, scope);
  for (unsigned number : stores) store(nest_.stores[number], scope);
}

void Body::storeAll(Scope& scope) { store(llvm::to_vector(llvm::seq<unsigned>(nest_.stores.size())), scope); }

void Body::store(const Store& store, Scope& scope) {
  const Dim& stride = store.access.at.strides[nest_.vectorDim()];
  Value at = kernel_.evaluate(store.access.at, scope.point);
  Value memref = kernel_.buffer(store.access.buffer);
  storeVector(evaluateWide(store.node, scope), memref, at, stride, scope);
}

} // namespace ogee::codegen::cpu
