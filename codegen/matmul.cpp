// Recognises products with epilogues in nests.
#include "codegen/matmul.h"

#include "codegen/phases.h"
#include "codegen/view.h"
#include "ir/dialect.h"

#include <cmath>
#include <numbers>

namespace ogee::codegen {

using namespace mlir;
using runtime::MatmulFunction;

namespace {

bool isNumber(const Dim& dim, int64_t number) { return dim.is_number() && dim.number() == number; }

unsigned productOfNest(const Nest& nest) {
  const auto found = llvm::find_if(nest.nodes, [](const Node& node) { return node.kind == Node::Kind::product; });
  return found - nest.nodes.begin();
}

/// A matrix of the result's form.
MatmulMatrix rowsOf(const Nest& nest, const Access& access) {
  const SmallVector<Dim, 4>& strides = access.at.strides;
  return {access.buffer, access.at.offset, nest.rank() == 3 ? strides[0] : Dim(0), strides[nest.rank() - 2], false};
}

/// Reads an epilogue from its end, the value that is stored, towards the product.
class EpilogueReader {
public:
  EpilogueReader(const Nest& nest, Matmul& matmul, NumberIn numberIn)
      : nest_(nest), matmul_(matmul), numberIn_(numberIn), product_(productOfNest(nest)) {}

  bool read(unsigned stored) {
    unsigned node = stored;
    if (const std::optional<unsigned> inner = reluOf(node)) {
      matmul_.function = MatmulFunction::relu;
      node = *inner;
    } else if (const std::optional<unsigned> curved = geluOf(node)) {
      matmul_.function = MatmulFunction::gelu_tanh;
      node = *curved;
    }
    while (node != product_) {
      const Node& sum = nest_.nodes[node];
      if (!isOp<ir::AddOp>(sum)) return false;
      const bool right = leadsToProduct(sum.args[1]); // the other operand is what is added
      if (right == leadsToProduct(sum.args[0]) || !addend(nest_.nodes[sum.args[!right]])) return false;
      node = sum.args[right];
    }
    return true;
  }

private:
  template <class Op>
  static bool isOp(const Node& node) {
    return node.kind == Node::Kind::scalar && isa<Op>(node.op);
  }

  bool leadsToProduct(unsigned node) const {
    return node == product_ || llvm::any_of(nest_.nodes[node].args, [&](unsigned arg) { return leadsToProduct(arg); });
  }

  /// The number that a node is everywhere.
  std::optional<double> numberOf(unsigned index) const {
    const Node& node = nest_.nodes[index];
    if (node.kind == Node::Kind::load) return numberIn_(nest_.buffers[node.access.buffer]);
    if (!isOp<ir::ConstantOp>(node)) return std::nullopt;
    const auto number = dyn_cast<FloatAttr>(cast<ir::ConstantOp>(node.op).getValue().getSplatValue<Attribute>());
    return number ? std::optional(number.getValueAsDouble()) : std::nullopt;
  }

  bool isZero(unsigned node) const {
    const std::optional<double> number = numberOf(node);
    return number && *number == 0 && !std::signbit(*number);
  }

  /// Whether a node is this number as its dtype has it.
  bool isNear(unsigned node, double wanted) const {
    const std::optional<double> number = numberOf(node);
    return number && std::abs(*number - wanted) <= 1e-7 * std::abs(wanted);
  }

  /// The other operand of a sum or product with a number.
  template <class Op>
  std::optional<unsigned> besideNumber(unsigned index, double number) const {
    const Node& node = nest_.nodes[index];
    if (!isOp<Op>(node)) return std::nullopt;
    if (isNear(node.args[1], number)) return node.args[0];
    return isNear(node.args[0], number) ? std::optional(node.args[1]) : std::nullopt;
  }

  static bool isOn(const Node& node, unsigned x, unsigned y) {
    return (node.args[0] == x && node.args[1] == y) || (node.args[0] == y && node.args[1] == x);
  }

  /// x of `select(x <= 0, 0, x)`, which is relu.
  std::optional<unsigned> reluOf(unsigned index) const {
    const Node& node = nest_.nodes[index];
    if (!isOp<ir::SelectOp>(node) || !isZero(node.args[1])) return std::nullopt;
    const unsigned x = node.args[2];
    const Node& test = nest_.nodes[node.args[0]];
    if (!isOp<ir::CompareOp>(test) || test.args[0] != x || !isZero(test.args[1])) return std::nullopt;
    return cast<ir::CompareOp>(test.op).getComparison() == ir::Comparison::le ? std::optional(x) : std::nullopt;
  }

  /// x of `(x * 0.5) * (tanh((x + x * x * x * 0.044715) * sqrt(2 / pi)) + 1)`, which is gelu's tanh form.
  std::optional<unsigned> geluOf(unsigned index) const {
    const Node& whole = nest_.nodes[index];
    if (!isOp<ir::MulOp>(whole)) return std::nullopt;
    for (const unsigned side : {0, 1}) {
      const std::optional<unsigned> x = besideNumber<ir::MulOp>(whole.args[side], 0.5);
      const std::optional<unsigned> curve = besideNumber<ir::AddOp>(whole.args[1 - side], 1);
      if (!x || !curve || !isOp<ir::TanhOp>(nest_.nodes[*curve])) continue;
      if (isGeluInner(nest_.nodes[*curve].args[0], *x)) return x;
    }
    return std::nullopt;
  }

  bool isGeluInner(unsigned index, unsigned x) const {
    const std::optional<unsigned> sum = besideNumber<ir::MulOp>(index, std::numbers::sqrt2 * std::numbers::inv_sqrtpi);
    if (!sum || !isOp<ir::AddOp>(nest_.nodes[*sum])) return false;
    const Node& node = nest_.nodes[*sum];
    const unsigned scaled = node.args[0] == x ? node.args[1] : node.args[0];
    const std::optional<unsigned> cube = besideNumber<ir::MulOp>(scaled, 0.044715);
    if (!isOn(node, x, scaled) || !cube || !isOp<ir::MulOp>(nest_.nodes[*cube])) return false;
    const Node& product = nest_.nodes[*cube];
    const unsigned square = product.args[0] == x ? product.args[1] : product.args[0];
    return isOn(product, x, square) && isOp<ir::MulOp>(nest_.nodes[square]) && isOn(nest_.nodes[square], x, x);
  }

  /// One bias along the columns, and one matrix of the result's form.
  bool addend(const Node& load) {
    if (load.kind != Node::Kind::load || !load.access.at.starts.empty()) return false;
    const SmallVector<Dim, 4>& strides = load.access.at.strides;
    if (!isNumber(strides.back(), 1)) return false;
    if (llvm::all_of(ArrayRef(strides).drop_back(), [](const Dim& stride) { return isNumber(stride, 0); })) {
      if (matmul_.bias) return false;
      matmul_.bias = load.access;
      return true;
    }
    if (matmul_.residual || isNumber(strides[nest_.rank() - 2], 0)) return false;
    matmul_.residual = rowsOf(nest_, load.access);
    return true;
  }

  const Nest& nest_;
  Matmul& matmul_;
  const NumberIn numberIn_;
  const unsigned product_;
};

/// An operand whose strides are those of the batch, of its free dim, and of k. `rows` says which of the two are rows.
std::optional<MatmulMatrix> operandOf(const Nest& nest, const Access& access, bool freeIsRow) {
  if (!access.at.starts.empty()) return std::nullopt;
  const SmallVector<Dim, 4>& strides = access.at.strides;
  const Dim &free = strides[nest.rank() - 2], &k = strides[nest.rank() - 1];
  const Dim &row = freeIsRow ? free : k, &column = freeIsRow ? k : free;
  const Dim batch = nest.rank() == 3 ? strides[0] : Dim(0);
  if (isNumber(column, 1)) return MatmulMatrix{access.buffer, access.at.offset, batch, row, false};
  if (isNumber(row, 1)) return MatmulMatrix{access.buffer, access.at.offset, batch, column, true};
  return std::nullopt;
}

} // namespace

std::optional<Matmul> matmulOf(const Nest& nest, NumberIn numberIn) {
  const Contraction& c = *nest.contraction;
  const Type element = elementOfProduct(nest);
  if (!(element.isF32() || element.isF64()) || nest.rank() > 3 || nest.stores.size() != 1) return std::nullopt;
  const Store& store = nest.stores[0];
  if (nest.nodes[store.node].element != element || !isNumber(store.access.at.strides.back(), 1) ||
      !store.access.at.starts.empty())
    return std::nullopt;
  const auto lhs = operandOf(nest, c.lhs, /*freeIsRow=*/true), rhs = operandOf(nest, c.rhs, /*freeIsRow=*/false);
  if (!lhs || !rhs) return std::nullopt;
  Matmul matmul;
  matmul.batch = nest.rank() == 3 ? nest.extents[0] : Dim(1);
  matmul.m = nest.extents[nest.rank() - 2];
  matmul.n = nest.extents[nest.rank() - 1];
  matmul.k = c.k;
  matmul.lhs = *lhs;
  matmul.rhs = *rhs;
  matmul.out = rowsOf(nest, store.access);
  if (!EpilogueReader(nest, matmul, numberIn).read(store.node)) return std::nullopt;
  return matmul;
}

Type elementOfProduct(const Nest& nest) { return nest.nodes[productOfNest(nest)].element; }

bool isPlainProduct(const Nest& nest) { return nest.stores.size() == 1 && nest.stores[0].node == productOfNest(nest); }

Nest splitEpilogue(Nest& nest, unsigned buffer) {
  const unsigned product = productOfNest(nest);
  const Type element = nest.nodes[product].element;
  const SmallVector<Dim, 4> dense = rowMajorStrides(nest.extents);
  Nest epilogue = nest;
  epilogue.name += "_epilogue";
  epilogue.contraction.reset();
  Node& load = epilogue.nodes[product];
  load.kind = Node::Kind::load;
  load.access = {static_cast<unsigned>(epilogue.buffers.size()), {0, dense}};
  epilogue.buffers.push_back({buffer, element});

  nest.name += "_product";
  nest.nodes = {nest.nodes[product]};
  nest.buffers.push_back({buffer, element});
  nest.stores = {{0, {static_cast<unsigned>(nest.buffers.size() - 1), {0, dense}}, true}};
  dropUnusedBuffers(nest);
  dropUnusedBuffers(epilogue);
  return epilogue;
}

} // namespace ogee::codegen
