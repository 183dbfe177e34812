// Contractions: a micro-kernel that keeps rows x vectors accumulators in registers over the whole of k, one ascending
// chain of FMAs per output (so no tile, no thread count changes a bit), then the epilogue from a small tile on the
// stack. Units are blocks of rows of one panel of columns, panels outermost, so that a panel stays in the cache while
// rows stream by.
#include "codegen/cpu/emit.h"
#include "codegen/cpu/loops.h"

#include "mlir/Dialect/Math/IR/Math.h"

namespace ogee::codegen::cpu {

using namespace mlir;

namespace {

class ProductEmitter {
public:
  explicit ProductEmitter(Kernel& kernel)
      : kernel_(kernel), b(kernel.b), nest_(kernel.nest), c_(*nest_.contraction), micro_(*c_.microKernel),
        body_(kernel), m_(nest_.rank() - 2), n_(nest_.rank() - 1), element_(nest_.nodes[productNode()].element),
        vectorType_(VectorType::get({micro_.lanes}, element_)) {
    tile_ = kernel.stackArray(element_, micro_.rows * micro_.columns());
  }

  void emit() {
    kernel_.forLoop(kernel_.begin(), kernel_.end(), 1, [&](Value unit) {
      SmallVector<Value> extents;
      for (unsigned dim = 0; dim < m_; ++dim) extents.push_back(kernel_.index(nest_.extents[dim]));
      extents.push_back(kernel_.ceilDiv(columns(), micro_.columns()));
      extents.push_back(kernel_.ceilDiv(rows(), micro_.blockRows));
      SmallVector<Value> at = kernel_.delinearize(unit, extents);
      Value panel = at[m_];
      Value from = kernel_.mul(at[n_], kernel_.index(micro_.blockRows));
      Value to = kernel_.min(rows(), kernel_.add(from, kernel_.index(micro_.blockRows)));
      at.resize(m_);
      kernel_.forLoop(from, to, micro_.rows, [&](Value row) { emitTile(at, row, panel); });
    });
    kernel_.finish();
  }

private:
  unsigned productNode() const {
    return llvm::find_if(nest_.nodes, [](const Node& node) { return node.kind == Node::Kind::product; }) -
           nest_.nodes.begin();
  }
  Value rows() { return kernel_.index(nest_.extents[m_]); }
  Value columns() { return kernel_.index(nest_.extents[n_]); }

  /// The accumulators of rows [row, row + c.rows) and one panel of columns, then the epilogue on them.
  void emitTile(ArrayRef<Value> batch, Value row, Value panel) {
    Value column = kernel_.mul(panel, kernel_.index(micro_.columns()));
    Value rest = kernel_.sub(columns(), column);
    if (micro_.packed) {
      accumulate(batch, row, panel, Value());
    } else {
      auto full = [&] {
        accumulate(batch, row, panel, Value());
        return SmallVector<Value>();
      };
      auto partial = [&] {
        accumulate(batch, row, panel, rest);
        return SmallVector<Value>();
      };
      kernel_.ifElse(kernel_.less(rest, kernel_.index(micro_.columns())), partial, full);
    }
    emitEpilogue(batch, row, column, rest);
  }

  /// Fills the tile on the stack. `rest` (if given): how many columns of the panel exist.
  void accumulate(ArrayRef<Value> batch, Value row, Value panel, Value rest) {
    SmallVector<Value> lhsRows;
    Value lastRow = kernel_.sub(rows(), kernel_.index(1));
    for (int64_t r = 0; r < micro_.rows; ++r) {
      // Rows past the end read the last one again; they are not stored.
      Value clamped = r == 0 ? row : kernel_.min(kernel_.add(row, kernel_.index(r)), lastRow);
      lhsRows.push_back(offsetAt(c_.lhs.at, batch, clamped));
    }
    Value lhsStep = kernel_.index(c_.lhs.at.strides.back());
    Value rhsStep = micro_.packed ? kernel_.index(micro_.columns()) : kernel_.index(c_.rhs.at.strides.back());
    Value rhsBase = micro_.packed ? packedPanel(batch, panel)
                                  : offsetAt(c_.rhs.at, batch, kernel_.mul(panel, kernel_.index(micro_.columns())));
    Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(vectorType_));
    SmallVector<Value> masks = masksFor(rest);
    SmallVector<Value> init(micro_.rows * micro_.vectors, zero);
    SmallVector<Value> sums =
        kernel_.forLoop(kernel_.index(0), kernel_.index(c_.k), 1, init, [&](Value k, ValueRange carried) {
          Value rhsAt = kernel_.add(rhsBase, kernel_.mul(k, rhsStep));
          SmallVector<Value> rhs, next;
          for (int64_t v = 0; v < micro_.vectors; ++v)
            rhs.push_back(loadRhs(kernel_.add(rhsAt, kernel_.index(v * micro_.lanes)), masks, v, zero));
          for (int64_t r = 0; r < micro_.rows; ++r) {
            Value at = kernel_.add(lhsRows[r], kernel_.mul(k, lhsStep));
            Value lhs = b.create<memref::LoadOp>(kernel_.buffer(c_.lhs.buffer), at);
            lhs = b.create<vector::BroadcastOp>(vectorType_, lhs);
            for (int64_t v = 0; v < micro_.vectors; ++v)
              next.push_back(multiplyAdd(lhs, rhs[v], carried[r * micro_.vectors + v]));
          }
          return next;
        });
    for (auto [slot, sum] : llvm::enumerate(sums))
      b.create<vector::StoreOp>(sum, tile_, kernel_.index(slot * micro_.lanes));
  }

  /// The linear index of (batch, i, k = 0), where i is the row of lhs or the column of rhs.
  Value offsetAt(const Affine& at, ArrayRef<Value> batch, Value i) {
    Affine fixed{at.offset, SmallVector<Dim, 4>(at.strides.begin(), at.strides.end() - 1), at.starts};
    SmallVector<Value> point(batch.begin(), batch.end());
    point.push_back(i);
    return kernel_.evaluate(fixed, point);
  }

  Value packedPanel(ArrayRef<Value> batch, Value panel) { return offsetAt(c_.rhs.at, batch, panel); }

  SmallVector<Value> masksFor(Value rest) {
    SmallVector<Value> masks;
    auto type = VectorType::get({micro_.lanes}, b.getI1Type());
    for (int64_t v = 0; rest && v < micro_.vectors; ++v)
      masks.push_back(b.create<vector::CreateMaskOp>(type, kernel_.sub(rest, kernel_.index(v * micro_.lanes))));
    return masks;
  }

  Value loadRhs(Value at, ArrayRef<Value> masks, int64_t v, Value zero) {
    Value memref = kernel_.buffer(c_.rhs.buffer);
    if (masks.empty()) return b.create<vector::LoadOp>(vectorType_, memref, at);
    return b.create<vector::MaskedLoadOp>(vectorType_, memref, at, masks[v], zero);
  }

  Value multiplyAdd(Value x, Value y, Value sum) {
    if (isa<FloatType>(element_)) return b.create<math::FmaOp>(x, y, sum);
    return b.create<arith::AddIOp>(b.create<arith::MulIOp>(x, y), sum);
  }

  /// Goes over the valid part of the tile row by row: computes what follows the product, and stores.
  void emitEpilogue(ArrayRef<Value> batch, Value row, Value column, Value rest) {
    Value count = kernel_.min(kernel_.index(micro_.rows), kernel_.sub(rows(), row));
    Value width = kernel_.min(kernel_.index(micro_.columns()), rest);
    const unsigned product = productNode();
    kernel_.forLoop(kernel_.index(0), count, 1, [&](Value r) {
      Value tileRow = kernel_.mul(r, kernel_.index(micro_.columns()));
      Scope scope;
      scope.point.assign(batch.begin(), batch.end());
      scope.point.push_back(kernel_.add(row, r));
      scope.point.push_back(column);
      for (unsigned node = 0; node < nest_.nodes.size(); ++node)
        if (invariantAlong(nest_, node, n_)) body_.evaluate(node, scope);
      forVectors(kernel_, kernel_.index(0), width, micro_.lanes, [&](Value first, Value valid) {
        Scope lanes = scope;
        lanes.point[n_] = kernel_.add(column, first);
        lanes.width = micro_.lanes;
        if (valid) body_.setCount(lanes, valid);
        lanes.known[product] = b.create<vector::LoadOp>(vectorType_, tile_, kernel_.add(tileRow, first));
        body_.storeAll(lanes);
      });
    });
  }

  Kernel& kernel_;
  ImplicitLocOpBuilder& b;
  const Nest& nest_;
  const Contraction& c_;
  const MicroKernel& micro_;
  Body body_;
  unsigned m_, n_;
  Type element_;
  VectorType vectorType_;
  Value tile_;
};

} // namespace

void emitProduct(Kernel& kernel) { ProductEmitter(kernel).emit(); }

void emitPack(Kernel& kernel) {
  const Nest& nest = kernel.nest;
  auto& b = kernel.b;
  Body body(kernel);
  const Node& source = nest.nodes[0];
  const unsigned k = nest.rank() - 2, n = nest.rank() - 1;
  const int64_t columns = nest.pack->columns;
  const Dim& step = source.access.at.strides[n];
  kernel.forLoop(kernel.begin(), kernel.end(), 1, [&](Value unit) {
    SmallVector<Value> extents;
    for (unsigned dim = 0; dim < k; ++dim) extents.push_back(kernel.index(nest.extents[dim]));
    Value depth = kernel.index(nest.extents[k]);
    extents.push_back(kernel.ceilDiv(kernel.index(nest.extents[n]), columns));
    Scope scope;
    scope.point = kernel.delinearize(unit, extents);
    scope.point.push_back(kernel.mul(scope.point[k], kernel.index(columns)));
    scope.width = columns;
    Value target = kernel.mul(unit, kernel.mul(depth, kernel.index(columns)));
    Value rest = kernel.sub(kernel.index(nest.extents[n]), scope.point[n]);
    auto copyRows = [&](const Scope& panel) {
      kernel.forLoop(kernel.index(0), depth, 1, [&](Value row) {
        Scope at = panel;
        at.point[k] = row;
        Value loaded = body.load(kernel.buffer(source.access.buffer), source.element,
                                 kernel.evaluate(source.access.at, at.point), step, at);
        Value to = kernel.add(target, kernel.mul(row, kernel.index(columns)));
        b.create<vector::StoreOp>(loaded, kernel.buffer(nest.stores[0].access.buffer), to);
      });
      return SmallVector<Value>();
    };
    kernel.ifElse(
        kernel.less(rest, kernel.index(columns)),
        [&] {
          Scope masked = scope;
          body.setCount(masked, rest);
          return copyRows(masked);
        },
        [&] { return copyRows(scope); });
  });
  kernel.finish();
}

} // namespace ogee::codegen::cpu
