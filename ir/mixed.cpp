// Lists of numbers and index values mixed: how ops with run-time sizes are built, and how their lists are read back.
#include "ir/mixed.h"

#include "ir/dialect.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace ogee::ir {

using namespace mlir;

Split::Split(ArrayRef<OpFoldResult> mixed) {
  for (OpFoldResult entry : mixed) {
    auto number = dyn_cast<Attribute>(entry);
    statics.push_back(number ? cast<IntegerAttr>(number).getInt() : ShapedType::kDynamic);
    if (!number) dynamics.push_back(cast<Value>(entry));
  }
}

SmallVector<OpFoldResult> dimsOf(OpBuilder& builder, Location location, Value tensor) {
  SmallVector<OpFoldResult> dims;
  for (auto [axis, size] : llvm::enumerate(cast<RankedTensorType>(tensor.getType()).getShape())) {
    if (ShapedType::isDynamic(size))
      dims.push_back(builder.createOrFold<DimOp>(location, tensor, axis));
    else
      dims.push_back(builder.getIndexAttr(size));
  }
  return dims;
}

namespace {

/// x op y, folded by the op's own rules.
template <class Op>
OpFoldResult combine(ImplicitLocOpBuilder& b, OpFoldResult x, OpFoldResult y) {
  const Value lhs = getValueOrCreateConstantIndexOp(b, b.getLoc(), x),
              rhs = getValueOrCreateConstantIndexOp(b, b.getLoc(), y);
  return getAsOpFoldResult(b.createOrFold<Op>(lhs, rhs));
}

} // namespace

OpFoldResult add(ImplicitLocOpBuilder& b, OpFoldResult x, OpFoldResult y) { return combine<arith::AddIOp>(b, x, y); }
OpFoldResult subtract(ImplicitLocOpBuilder& b, OpFoldResult x, OpFoldResult y) {
  return combine<arith::SubIOp>(b, x, y);
}
OpFoldResult multiply(ImplicitLocOpBuilder& b, OpFoldResult x, OpFoldResult y) {
  return combine<arith::MulIOp>(b, x, y);
}

namespace {

/// Writes a Dim as arithmetic on index values.
struct IndexBuilder {
  ImplicitLocOpBuilder& b;
  llvm::function_ref<Value(const runtime::DimSymbol&)> lookup;

  Value number(int64_t n) { return b.create<arith::ConstantIndexOp>(n); }
  Value symbol(const runtime::DimSymbol& s) { return lookup(s); }
  Value apply(runtime::DimOp op, Value x, Value y) {
    using runtime::DimOp;
    switch (op) {
    case DimOp::add: return b.create<arith::AddIOp>(x, y);
    case DimOp::sub: return b.create<arith::SubIOp>(x, y);
    case DimOp::mul: return b.create<arith::MulIOp>(x, y);
    case DimOp::floordiv: return b.create<arith::FloorDivSIOp>(x, y);
    case DimOp::mod: return b.create<arith::SubIOp>(x, b.create<arith::MulIOp>(b.create<arith::FloorDivSIOp>(x, y), y));
    case DimOp::min: return b.create<arith::MinSIOp>(x, y);
    case DimOp::max: return b.create<arith::MaxSIOp>(x, y);
    }
    llvm_unreachable("all operations are above");
  }
};

} // namespace

Value buildIndex(ImplicitLocOpBuilder& b, const runtime::Dim& dim,
                 llvm::function_ref<Value(const runtime::DimSymbol&)> symbol) {
  IndexBuilder builder{b, symbol};
  return runtime::fold<Value>(dim, builder);
}

namespace {

SmallVector<OpFoldResult> join(ArrayRef<int64_t> statics, ValueRange dynamics, MLIRContext* context) {
  Builder builder(context);
  return getMixedValues(statics, dynamics, builder);
}

/// The type of a creation op's result.
Type resultType(Type element, ArrayRef<int64_t> sizes) { return RankedTensorType::get(sizes, element); }

} // namespace

void ReshapeOp::build(OpBuilder& builder, OperationState& state, Value operand, ArrayRef<OpFoldResult> sizes) {
  Split split(sizes);
  build(builder, state, operand, split.dynamics, split.statics);
}

void BroadcastOp::build(OpBuilder& builder, OperationState& state, Value operand, ArrayRef<int64_t> dims,
                        ArrayRef<OpFoldResult> sizes) {
  Split split(sizes);
  build(builder, state, operand, dims, split.dynamics, split.statics);
}

void SliceOp::build(OpBuilder& builder, OperationState& state, Value operand, ArrayRef<OpFoldResult> offsets,
                    ArrayRef<OpFoldResult> sizes, ArrayRef<OpFoldResult> strides) {
  Split offset(offsets), size(sizes), stride(strides);
  build(builder, state, operand, offset.dynamics, size.dynamics, stride.dynamics, offset.statics, size.statics,
        stride.statics);
}

void PadOp::build(OpBuilder& builder, OperationState& state, Value operand, Value value, ArrayRef<OpFoldResult> low,
                  ArrayRef<OpFoldResult> high, ArrayRef<int64_t> interior) {
  Split lower(low), higher(high);
  build(builder, state, operand, value, lower.dynamics, higher.dynamics, lower.statics, higher.statics, interior);
}

void IotaOp::build(OpBuilder& builder, OperationState& state, Type element, int64_t axis,
                   ArrayRef<OpFoldResult> sizes) {
  Split split(sizes);
  build(builder, state, resultType(element, split.statics), axis, split.dynamics, split.statics);
}

void RandomUniformOp::build(OpBuilder& builder, OperationState& state, Type element, Value key, Value draw,
                            ArrayRef<OpFoldResult> sizes) {
  Split split(sizes);
  build(builder, state, resultType(element, split.statics), key, draw, split.dynamics, split.statics);
}

void RandomNormalOp::build(OpBuilder& builder, OperationState& state, Type element, Value key, Value draw,
                           ArrayRef<OpFoldResult> sizes) {
  Split split(sizes);
  build(builder, state, resultType(element, split.statics), key, draw, split.dynamics, split.statics);
}

void RandomIntegersOp::build(OpBuilder& builder, OperationState& state, Type element, Value key, Value draw, Value low,
                             Value high, ArrayRef<OpFoldResult> sizes) {
  Split split(sizes);
  build(builder, state, resultType(element, split.statics), key, draw, low, high, split.dynamics, split.statics);
}

SmallVector<OpFoldResult> ReshapeOp::getMixedSizes() { return join(getStaticSizes(), getSizes(), getContext()); }
SmallVector<OpFoldResult> BroadcastOp::getMixedSizes() { return join(getStaticSizes(), getSizes(), getContext()); }
SmallVector<OpFoldResult> SliceOp::getMixedOffsets() { return join(getStaticOffsets(), getOffsets(), getContext()); }
SmallVector<OpFoldResult> SliceOp::getMixedSizes() { return join(getStaticSizes(), getSizes(), getContext()); }
SmallVector<OpFoldResult> SliceOp::getMixedStrides() { return join(getStaticStrides(), getStrides(), getContext()); }
SmallVector<OpFoldResult> PadOp::getMixedLow() { return join(getStaticLow(), getLow(), getContext()); }
SmallVector<OpFoldResult> PadOp::getMixedHigh() { return join(getStaticHigh(), getHigh(), getContext()); }
SmallVector<OpFoldResult> IotaOp::getMixedSizes() { return join(getStaticSizes(), getSizes(), getContext()); }
SmallVector<OpFoldResult> RandomUniformOp::getMixedSizes() { return join(getStaticSizes(), getSizes(), getContext()); }
SmallVector<OpFoldResult> RandomNormalOp::getMixedSizes() { return join(getStaticSizes(), getSizes(), getContext()); }
SmallVector<OpFoldResult> RandomIntegersOp::getMixedSizes() { return join(getStaticSizes(), getSizes(), getContext()); }

} // namespace ogee::ir
