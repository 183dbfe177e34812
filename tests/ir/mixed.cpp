// Builders that take numbers and index values mixed, the types they infer, and reading the lists back.
#include "ir/mixed.h"

#include "ir/dialect.h"
#include "tests/catch.h"

namespace ogee::ir {
namespace {

using namespace mlir;

struct Fixture {
  Fixture() : builder(&context), location(builder.getUnknownLoc()) {
    context.loadDialect<OgeeDialect>();
    builder.setInsertionPointToStart(&block);
    x = block.addArgument(RankedTensorType::get({ShapedType::kDynamic, 8}, builder.getF32Type()), location);
    n = block.addArgument(builder.getIndexType(), location);
  }

  OpFoldResult number(int64_t value) { return builder.getIndexAttr(value); }

  static std::string text(Value value) {
    std::string result;
    llvm::raw_string_ostream(result) << value.getType();
    return result;
  }

  MLIRContext context;
  OpBuilder builder;
  Location location;
  Block block;
  Value x, n;
};

TEST_CASE("builders infer types from mixed lists") {
  Fixture f;
  auto reshape = f.builder.create<ReshapeOp>(f.location, f.x, ArrayRef<OpFoldResult>{f.n, f.number(4), f.number(2)});
  CHECK(f.text(reshape) == "tensor<?x4x2xf32>");
  CHECK(reshape.getMixedSizes() ==
        SmallVector<OpFoldResult>{f.n, f.builder.getI64IntegerAttr(4), f.builder.getI64IntegerAttr(2)});

  auto broadcast = f.builder.create<BroadcastOp>(f.location, f.x, ArrayRef<int64_t>{1, 2},
                                                 ArrayRef<OpFoldResult>{f.number(3), f.n, f.number(8)});
  CHECK(f.text(broadcast) == "tensor<3x?x8xf32>");

  auto slice = f.builder.create<SliceOp>(f.location, f.x, ArrayRef<OpFoldResult>{f.n, f.number(0)},
                                         ArrayRef<OpFoldResult>{f.number(1), f.number(4)},
                                         ArrayRef<OpFoldResult>{f.number(1), f.number(2)});
  CHECK(f.text(slice) == "tensor<1x4xf32>");
  CHECK(slice.getMixedOffsets()[0] == OpFoldResult(f.n));
  CHECK(slice.getMixedStrides()[1] == OpFoldResult(f.builder.getI64IntegerAttr(2)));

  auto zero = f.builder.create<ConstantOp>(
      f.location, DenseElementsAttr::get(RankedTensorType::get({}, f.builder.getF32Type()), 0.0f));
  auto pad = f.builder.create<PadOp>(f.location, f.x, zero, ArrayRef<OpFoldResult>{f.n, f.number(1)},
                                     ArrayRef<OpFoldResult>{f.number(0), f.number(2)}, ArrayRef<int64_t>{0, 1});
  CHECK(f.text(pad) == "tensor<?x18xf32>");
  CHECK(pad.getMixedLow()[0] == OpFoldResult(f.n));
  CHECK(pad.getMixedHigh()[1] == OpFoldResult(f.builder.getI64IntegerAttr(2)));

  CHECK(f.text(f.builder.create<IotaOp>(f.location, f.builder.getI32Type(), 0,
                                        ArrayRef<OpFoldResult>{f.n, f.number(2)})) == "tensor<?x2xi32>");
}

TEST_CASE("builders infer types from operands") {
  Fixture f;
  CHECK(f.text(f.builder.create<AddOp>(f.location, f.x, f.x)) == "tensor<?x8xf32>");
  CHECK(f.text(f.builder.create<CompareOp>(f.location, Comparison::lt, f.x, f.x)) == "tensor<?x8xi1>");
  CHECK(f.text(f.builder.create<IsFiniteOp>(f.location, f.x)) == "tensor<?x8xi1>");
  CHECK(f.text(f.builder.create<ConvertOp>(f.location, f.x, f.builder.getI64Type())) == "tensor<?x8xi64>");
  CHECK(f.text(f.builder.create<BitcastConvertOp>(f.location, f.x, f.builder.getI32Type())) == "tensor<?x8xi32>");
  CHECK(f.text(f.builder.create<SumOp>(f.location, f.x, ArrayRef<int64_t>{1})) == "tensor<?xf32>");
  CHECK(f.text(f.builder.create<ArgmaxOp>(f.location, f.x, ArrayRef<int64_t>{0})) == "tensor<8xi64>");
  CHECK(f.text(f.builder.create<TransposeOp>(f.location, f.x, ArrayRef<int64_t>{1, 0})) == "tensor<8x?xf32>");
  CHECK(f.text(f.builder.create<ConcatenateOp>(f.location, ValueRange{f.x, f.x}, 1)) == "tensor<?x16xf32>");
  CHECK(f.text(f.builder.create<ReverseOp>(f.location, f.x, ArrayRef<int64_t>{1})) == "tensor<?x8xf32>");
  CHECK(f.text(f.builder.create<DimOp>(f.location, f.x, 0)) == "index");
  const ArrayRef<int64_t> none;
  CHECK(f.text(f.builder.create<DotOp>(f.location, f.x, f.x, none, none, ArrayRef<int64_t>{1}, ArrayRef<int64_t>{1})) ==
        "tensor<?x?xf32>");
}

TEST_CASE("the dims of a tensor as a mixed list") {
  Fixture f;
  const SmallVector<OpFoldResult> dims = dimsOf(f.builder, f.location, f.x);
  REQUIRE(dims.size() == 2);
  CHECK(cast<Value>(dims[0]).getDefiningOp<DimOp>());
  CHECK(dims[1] == f.number(8));
  const Value reshaped = f.builder.create<ReshapeOp>(f.location, f.x, ArrayRef<OpFoldResult>{f.n, f.number(8)});
  CHECK(dimsOf(f.builder, f.location, reshaped)[0] == OpFoldResult(f.n));
}

TEST_CASE("a size as arithmetic on index values") {
  Fixture f;
  const runtime::Dim n = runtime::Dim::symbol("n");
  ImplicitLocOpBuilder b(f.location, f.builder);
  const auto lookup = [&](const runtime::DimSymbol& symbol) {
    CHECK(symbol.name == "n");
    return f.n;
  };
  CHECK(buildIndex(b, n, lookup) == f.n);
  const Value value = buildIndex(b, min(n * 8, n + 3) / 2, lookup);
  auto quotient = value.getDefiningOp<arith::FloorDivSIOp>();
  REQUIRE(quotient);
  CHECK(quotient.getLhs().getDefiningOp<arith::MinSIOp>());
  CHECK(cast<IntegerAttr>(quotient.getRhs().getDefiningOp<arith::ConstantOp>().getValue()).getInt() == 2);
}

} // namespace
} // namespace ogee::ir
