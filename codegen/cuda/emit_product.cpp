// Contractions of our own: a block computes a tile of the product from tiles of its operands in shared memory, one
// ascending chain of FMAs per output as on every target, then the epilogue on it.
#include "codegen/cuda/body.h"
#include "codegen/cuda/emit.h"
#include "codegen/cuda/spell.h"

namespace ogee::codegen::cuda {

using namespace mlir;

namespace {

class ProductEmitter {
public:
  ProductEmitter(Kernel& kernel, Body& body)
      : kernel_(kernel), text_(kernel.text), nest_(kernel.nest), c_(*nest_.contraction), body_(body),
        m_(nest_.rank() - 2), n_(nest_.rank() - 1),
        product_(llvm::find_if(nest_.nodes, [](const Node& node) { return node.kind == Node::Kind::product; }) -
                 nest_.nodes.begin()),
        element_(nest_.nodes[product_].element), type_(typeName(element_)) {}

  void emit() {
    const std::string index = kernel_.indexName().str(), side = std::to_string(kTile);
    const Index rows = kernel_.index(nest_.extents[m_]), columns = kernel_.index(nest_.extents[n_]);
    text_.line("const i32 x = (i32)threadIdx.x % " + side + ", y = (i32)threadIdx.x / " + side + ";");
    for (const char* tile : {"lhs", "rhs"}) // a row more than used: no two threads of a warp meet in a bank
      text_.line("__shared__ " + type_ + " " + tile + "[" + side + "][" + std::to_string(kTile + 1) + "];");
    Point extents;
    for (unsigned dim = 0; dim < m_; ++dim) extents.push_back(kernel_.index(nest_.extents[dim]));
    extents.push_back(kernel_.named(kernel_.ceilDiv(rows, kTile)));
    extents.push_back(kernel_.named(kernel_.ceilDiv(columns, kTile)));
    const Index unit = kernel_.openLoop("(" + index + ")blockIdx.x", kernel_.named(kernel_.productOf(extents)),
                                        "(" + index + ")gridDim.x");
    Scope scope;
    scope.point = kernel_.delinearize(unit, extents);
    const Index row = scope.point[m_] = kernel_.named(scope.point[m_] + " * " + side + " + y");
    const Index column = scope.point[n_] = kernel_.named(scope.point[n_] + " * " + side + " + x");
    const std::string sum = accumulate(scope, row, column, rows, columns);
    text_.open("if (" + row + " < " + rows + " && " + column + " < " + columns + ")");
    scope.known[product_] = sum;
    body_.storeAll(scope);
    text_.close();
    text_.close();
  }

private:
  /// The sum of products, in a variable.
  std::string accumulate(const Scope& scope, const Index& row, const Index& column, const Index& rows,
                         const Index& columns) {
    const std::string side = std::to_string(kTile), sum = text_.fresh();
    const Index depth = kernel_.index(c_.k);
    text_.line(type_ + " " + sum + " = " + zero(element_) + ";");
    const Index k = kernel_.openLoop("0", depth, side);
    const Index lhsK = kernel_.named(k + " + x"), rhsK = kernel_.named(k + " + y");
    const ArrayRef<Index> batch = ArrayRef(scope.point).take_front(m_);
    text_.line("lhs[y][x] = " + elementAt(c_.lhs, batch, row, rows, lhsK, depth) + ";");
    text_.line("rhs[y][x] = " + elementAt(c_.rhs, batch, column, columns, rhsK, depth) + ";");
    text_.line("__syncthreads();");
    const std::string count = "(i32)" + kernel_.min(side, depth + " - " + k);
    text_.line("#pragma unroll 4");
    text_.open("for (i32 i = 0; i < " + count + "; ++i)"); // never past the end: a product of zeros may turn a sign
    text_.line(sum + " = " +
               (isa<FloatType>(element_) ? "fused(lhs[y][i], rhs[i][x], " + sum + ")"
                                         : "(" + type_ + ")(" + sum + " + lhs[y][i] * rhs[i][x])") +
               ";");
    text_.close();
    text_.line("__syncthreads();");
    text_.close();
    return sum;
  }

  /// An operand's element at (batch, i, k), 0 outside.
  std::string elementAt(const Access& access, ArrayRef<Index> batch, const Index& i, const Index& extent,
                        const Index& k, const Index& depth) {
    Point point(batch);
    point.append({i, k});
    return i + " < " + extent + " && " + k + " < " + depth + " ? " + kernel_.bufferName(access.buffer) + "[" +
           kernel_.evaluate(access.at, point) + "] : (" + type_ + ")0";
  }

  Kernel& kernel_;
  Text& text_;
  const Nest& nest_;
  const Contraction& c_;
  Body& body_;
  const unsigned m_, n_;
  const unsigned product_;
  const Type element_;
  const std::string type_;
};

} // namespace

void emitProduct(Kernel& kernel, Body& body) { ProductEmitter(kernel, body).emit(); }

} // namespace ogee::codegen::cuda
