// Loads, scalar bodies and stores.
#include "codegen/cuda/body.h"

#include "codegen/cuda/spell.h"
#include "codegen/phases.h"
#include "ir/dialect.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace ogee::codegen::cuda {

using namespace mlir;

namespace {

/// A scalar body built on the side, in a block whose arguments stand for what it reads.
class SideBody : public ir::ScalarBody {
public:
  SideBody(ImplicitLocOpBuilder& b, ValueRange args, const Node& node, ValueRange coordinates)
      : ScalarBody(b, args), node_(node), coordinates_(coordinates) {}

  Type like(Type element) override { return element; }
  Value coordinate(unsigned axis) override { return coordinates_[llvm::find(node_.axes, axis) - node_.axes.begin()]; }
  Value linearIndex() override { return coordinate(Node::kLinear); }

private:
  const Node& node_;
  ValueRange coordinates_;
};

/// Erases ops whose values nothing uses.
void eraseUnused(Block& block, Value result) {
  for (Operation& op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (result.getDefiningOp() != &op && isOpTriviallyDead(&op)) op.erase();
}

} // namespace

std::string Body::evaluate(unsigned node, Scope& scope) {
  auto known = scope.known.find(node);
  if (known != scope.known.end()) return known->second;
  std::string value = compute(node, scope);
  scope.known[node] = value;
  return value;
}

std::string Body::compute(unsigned index, Scope& scope) {
  const Node& node = nest_.nodes[index];
  switch (node.kind) {
  case Node::Kind::load: {
    const std::string element =
        kernel_.bufferName(node.access.buffer) + "[" + kernel_.evaluate(node.access.at, scope.point) + "]";
    const std::string guarded =
        scope.guard.empty() ? element : scope.guard + " ? " + element + " : (" + storageName(node.element) + ")0";
    const std::string read = scope.guard.empty() ? guarded : "(" + guarded + ")";
    return kernel_.text.define(typeName(node.element), fromStorage(read, node.element));
  }
  case Node::Kind::scalar: return computeScalar(node, scope);
  case Node::Kind::reduce:
  case Node::Kind::product: break;
  }
  llvm_unreachable("reductions and products are known before they are used");
}

std::string Body::computeScalar(const Node& node, Scope& scope) {
  if (auto constant = dyn_cast<ir::ConstantOp>(node.op))
    return literal(cast<TypedAttr>(constant.getValue().getSplatValue<Attribute>()));
  Block block;
  const Location location = node.op->getLoc();
  ImplicitLocOpBuilder b(location, node.op->getContext());
  b.setInsertionPointToEnd(&block);
  Names names;
  SmallVector<Value> args, coordinates;
  for (unsigned arg : node.args) {
    args.push_back(block.addArgument(nest_.nodes[arg].element, location));
    names[args.back()] = evaluate(arg, scope);
  }
  for (auto [at, axis] : llvm::zip_equal(node.coordinates, node.axes)) {
    coordinates.push_back(block.addArgument(b.getI64Type(), location));
    const bool isPosition = axis == Node::kLinear; // not negative, as index values may be
    names[coordinates.back()] =
        kernel_.text.define("u64", (isPosition && kernel_.indexName() == "i32" ? "(u64)(u32)" : "(u64)") +
                                       kernel_.evaluate(at, scope.point));
  }
  SideBody body(b, args, node, coordinates);
  const Value result = cast<ir::PointwiseOpInterface>(node.op).buildScalarBody(body);
  eraseUnused(block, result);
  if (mlir::failed(spell(block, names, kernel_.text))) {
    failed_ = true;
    return zero(node.element);
  }
  return names[result];
}

void Body::hoist(ArrayRef<unsigned> roots, unsigned dim, Scope& scope) {
  for (unsigned node : neededBy(nest_, roots))
    if (invariantAlong(nest_, node, dim)) evaluate(node, scope);
}

std::string Body::fromStorage(const std::string& value, Type element) {
  return element.isInteger(1) ? value + " != 0" : value;
}

std::string Body::toStorage(const std::string& value, Type element) {
  return element.isInteger(1) ? "(u8)" + value : value;
}

void Body::store(ArrayRef<unsigned> stores, Scope& scope) {
  for (unsigned number : stores) evaluate(nest_.stores[number].node, scope);
  for (unsigned number : stores) {
    const Store& store = nest_.stores[number];
    kernel_.text.line(kernel_.bufferName(store.access.buffer) + "[" + kernel_.evaluate(store.access.at, scope.point) +
                      "] = " + toStorage(evaluate(store.node, scope), nest_.nodes[store.node].element) + ";");
  }
}

void Body::storeAll(Scope& scope) { store(llvm::to_vector(llvm::seq<unsigned>(nest_.stores.size())), scope); }

} // namespace ogee::codegen::cuda
