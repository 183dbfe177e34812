// Accumulators, lane folding and the tree over chunks.
#include "codegen/cpu/reducer.h"

#include "ir/dialect.h"
#include "ir/math_expr.h"

#include "mlir/Dialect/Math/IR/Math.h"

namespace ogee::codegen::cpu {

using namespace mlir;

namespace {

/// Bits of the largest number of chunks there can be.
constexpr int64_t kLevels = 52;

unsigned widthOf(Value value) {
  auto type = dyn_cast<VectorType>(value.getType());
  return type ? type.getNumElements() : 1;
}

Value splat(ImplicitLocOpBuilder& b, TypedAttr element, unsigned width) {
  if (width == 1) return b.create<arith::ConstantOp>(element);
  auto type = VectorType::get({static_cast<int64_t>(width)}, element.getType());
  return b.create<arith::ConstantOp>(DenseElementsAttr::get(type, cast<Attribute>(element)));
}

ir::ReductionKind kindOf(Operation* op) { return cast<ir::ReductionOpInterface>(op).getReductionKind(); }

SmallVector<TypedAttr, 2> neutralState(const Nest& nest, unsigned node) {
  const Node& self = nest.nodes[node];
  return cast<ir::ReductionOpInterface>(self.op).getNeutral(nest.nodes[self.args[0]].element);
}

/// Of the lanes the best element with its position, the first one of equals, by keys: integers in the order of the
/// elements, in which zeros are equal and NaN is better than all numbers. Which NaN it was is lost; no result tells.
Partial foldPositions(ImplicitLocOpBuilder& b, ArrayRef<Value> lanes, bool largest) {
  using ir::math::Expr;
  const Expr x(b, lanes[0]), position(b, lanes[1]);
  const int64_t most = llvm::APInt::getSignedMaxValue(x.width()).getSExtValue();
  // Floats are a sign and a magnitude: those of negative ones are turned around.
  const auto turned = [&](const Expr& key) { return key ^ ((key >> (x.width() - 1)) & most); };
  const auto reduce = [&](vector::CombiningKind kind, const Expr& values) -> Value {
    return b.create<vector::ReductionOp>(kind, values.value());
  };
  const auto keyOf = [&]() -> Expr {
    if (!x.isFloat()) return largest ? x : x ^ -1;
    return select(isNaN(x), most, turned(bits(select(x == 0, x.lift(0.0), largest ? x : -x))));
  };
  const Expr key = keyOf(), best(b, reduce(vector::CombiningKind::MAXSI, key));
  const Expr isBest = key == Expr(b, b.create<vector::BroadcastOp>(key.value().getType(), best.value()));
  const Value first = reduce(vector::CombiningKind::MINUI, select(isBest, position, -1));
  if (!x.isFloat()) return {largest ? best : best ^ -1, first};
  const Expr element = fromBits(turned(best));
  return {largest ? element : -element, first};
}

} // namespace

Reducer::Reducer(Kernel& kernel, Body& body, unsigned node)
    : kernel_(kernel), body_(body), node_(node), op_(kernel.nest.nodes[node].op),
      neutral_(neutralState(kernel.nest, node)) {
  for (TypedAttr value : neutral_) types_.push_back(value.getType());
}

Partial Reducer::neutral(unsigned width) {
  Partial partial;
  for (TypedAttr value : neutral_) partial.push_back(splat(kernel_.b, value, width));
  return partial;
}

Partial Reducer::neutralInChunk(unsigned width) {
  if (!needsIndex()) return neutral(width);
  return {splat(kernel_.b, neutral_[0], width), splat(kernel_.b, kernel_.b.getI32IntegerAttr(-1), width)};
}

Partial Reducer::fromChunk(Partial partial, Value begin) {
  if (!needsIndex()) return partial;
  auto& b = kernel_.b;
  Value position = partial[1], first = b.create<arith::IndexCastOp>(b.getI64Type(), begin);
  Type wide = first.getType();
  if (auto type = dyn_cast<VectorType>(position.getType())) {
    wide = type.clone(wide);
    first = b.create<vector::BroadcastOp>(wide, first);
  }
  Value none = b.create<arith::ConstantOp>(b.getZeroAttr(position.getType()));
  Value isNone = b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, position, none);
  position = b.create<arith::ExtSIOp>(wide, position);
  return {partial[0], b.create<arith::SelectOp>(isNone, position, b.create<arith::AddIOp>(position, first))};
}

Partial Reducer::lift(Value element, Value index) const {
  return needsIndex() ? Partial{element, index} : Partial{element};
}

Partial Reducer::combine(ArrayRef<Value> x, ArrayRef<Value> y) {
  if (x.empty() || y.empty()) return x.empty() ? Partial(y.begin(), y.end()) : Partial(x.begin(), x.end());
  return cast<ir::ReductionOpInterface>(op_).buildCombine(kernel_.b, x, y);
}

Partial Reducer::combineNext(ArrayRef<Value> x, ArrayRef<Value> y) {
  if (x.empty()) return Partial(y.begin(), y.end());
  return cast<ir::ReductionOpInterface>(op_).buildCombineNext(kernel_.b, x, y);
}

Partial Reducer::select(Value mask, ArrayRef<Value> x, ArrayRef<Value> y) {
  Partial result;
  for (auto [p, q] : llvm::zip_equal(x, y)) result.push_back(kernel_.b.create<arith::SelectOp>(mask, p, q));
  return result;
}

Partial Reducer::foldLanes(SmallVector<Partial> parts) {
  while (parts.size() > 1) {
    const size_t half = parts.size() / 2;
    for (size_t part = 0; part < half; ++part) parts[part] = combine(parts[part], parts[part + half]);
    parts.resize(half);
  }
  Partial partial = parts[0].empty() ? neutralInChunk(1) : parts[0];
  if (needsIndex() && widthOf(partial[0]) > 1)
    return foldPositions(kernel_.b, partial, kindOf(op_) == ir::ReductionKind::argmax);
  auto& b = kernel_.b;
  auto lanesFrom = [&](Value value, int64_t first, int64_t count) -> Value {
    if (count == 1) return b.create<vector::ExtractOp>(value, first);
    return b.create<vector::ExtractStridedSliceOp>(value, first, count, 1);
  };
  for (int64_t half = widthOf(partial[0]) / 2; half > 0; half /= 2) {
    Partial low, high;
    for (Value value : partial) {
      low.push_back(lanesFrom(value, 0, half));
      high.push_back(lanesFrom(value, half, half));
    }
    partial = combine(low, high);
  }
  return partial;
}

int64_t Reducer::stackBytes(const Nest& nest, unsigned node, unsigned width) {
  int64_t bytes = 0;
  for (TypedAttr value : neutralState(nest, node))
    bytes += kLevels * width * std::max<int64_t>(storageBytes(value.getType()), 8);
  return bytes;
}

void Reducer::placeStack(Value offsetBytes, unsigned width) {
  stack_.clear();
  stackWidth_ = width;
  Value offset = offsetBytes;
  for (Type type : types_) {
    stack_.push_back(kernel_.scratch(type, offset));
    offset = kernel_.add(offset, kernel_.index(kLevels * width * std::max<int64_t>(storageBytes(type), 8)));
  }
}

Partial Reducer::load(ArrayRef<Value> memrefs, Value at, const Scope& lanes) {
  Partial partial;
  for (auto [memref, type] : llvm::zip_equal(memrefs, types_))
    partial.push_back(body_.load(memref, type, at, Dim(1), lanes));
  return partial;
}

void Reducer::store(ArrayRef<Value> memrefs, Value at, ArrayRef<Value> partial, const Scope& lanes) {
  for (auto [memref, value] : llvm::zip_equal(memrefs, partial)) body_.storeVector(value, memref, at, Dim(1), lanes);
}

Partial Reducer::loadLevel(Value level) {
  Scope lanes;
  lanes.width = stackWidth_;
  return load(stack_, kernel_.mul(level, kernel_.index(stackWidth_)), lanes);
}

/// A binary counter: chunk c is merged with as many finished subtrees as c has trailing one bits.
void Reducer::push(Value chunk, Partial partial) {
  auto& b = kernel_.b;
  Value next = b.create<arith::IndexCastOp>(b.getI64Type(), kernel_.add(chunk, kernel_.index(1)));
  Value ones = b.create<arith::IndexCastOp>(b.getIndexType(), b.create<math::CountTrailingZerosOp>(next));
  SmallVector<Value> merged = kernel_.forLoop(kernel_.index(0), ones, 1, partial, [&](Value level, ValueRange carried) {
    return SmallVector<Value>(combine(loadLevel(level), llvm::to_vector(carried)));
  });
  Scope lanes;
  lanes.width = stackWidth_;
  store(stack_, kernel_.mul(ones, kernel_.index(stackWidth_)), merged, lanes);
}

Partial Reducer::pop(Value chunks) {
  auto& b = kernel_.b;
  Value bits = b.create<arith::IndexCastOp>(b.getI64Type(), chunks);
  Value leading = b.create<math::CountLeadingZerosOp>(bits);
  Value levels = kernel_.sub(kernel_.index(64), b.create<arith::IndexCastOp>(b.getIndexType(), leading));
  SmallVector<Value> total =
      kernel_.forLoop(kernel_.index(0), levels, 1, neutral(stackWidth_), [&](Value level, ValueRange carried) {
        Value bit = b.create<arith::AndIOp>(b.create<arith::ShRUIOp>(chunks, level), kernel_.index(1));
        Value set = b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, bit, kernel_.index(0));
        return kernel_.ifElse(
            set, [&] { return SmallVector<Value>(combine(loadLevel(level), llvm::to_vector(carried))); },
            [&] { return llvm::to_vector(carried); });
      });
  return Partial(total.begin(), total.end());
}

SmallVector<Partial> reduceChunks(Kernel& kernel, MutableArrayRef<Reducer> reducers, unsigned width, Value chunks,
                                  llvm::function_ref<SmallVector<Partial>(Value)> partialsOf) {
  SmallVector<Value> carried;
  for (Reducer& reducer : reducers)
    if (reducer.isExact()) llvm::append_range(carried, reducer.neutral(width));
  auto step = [&](Value chunk, ValueRange state) {
    SmallVector<Value> next;
    for (auto [reducer, partial] : llvm::zip_equal(reducers, partialsOf(chunk))) {
      if (!reducer.isExact()) {
        reducer.push(chunk, partial);
        continue;
      }
      llvm::append_range(next, reducer.combine(llvm::to_vector(state.take_front(partial.size())), partial));
      state = state.drop_front(partial.size());
    }
    return next;
  };
  const SmallVector<Value> last = kernel.forLoop(kernel.index(0), chunks, 1, carried, step);
  ArrayRef<Value> rest = last;
  SmallVector<Partial> totals;
  for (Reducer& reducer : reducers) {
    if (!reducer.isExact()) {
      totals.push_back(reducer.pop(chunks));
      continue;
    }
    totals.emplace_back(rest.take_front(reducer.types().size()));
    rest = rest.drop_front(reducer.types().size());
  }
  return totals;
}

} // namespace ogee::codegen::cpu
