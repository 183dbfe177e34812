// Shape rules applied to types: what ir/infer.h asks them and what it says when they refuse.
#include "ir/infer.h"

#include "ir/dialect.h"
#include "tests/catch.h"

namespace ogee::ir {
namespace {

using namespace mlir;

struct Fixture {
  Fixture() {
    context.loadDialect<OgeeDialect>();
    for (int i = 0; i < 2; ++i)
      indices.push_back(block.addArgument(IndexType::get(&context), UnknownLoc::get(&context)));
    x = block.addArgument(
        RankedTensorType::get({ShapedType::kDynamic, ShapedType::kDynamic, 3}, Float32Type::get(&context)),
        UnknownLoc::get(&context));
  }
  MLIRContext context;
  Block block;
  SmallVector<Value> indices;
  Value x;
};

TEST_CASE("each unknown dim of a type is a size of its own") {
  Fixture f;
  TypeDims dims;
  const Shape shape = dims.shape(f.x), again = dims.shape(f.x);
  CHECK(same(shape[2], 3));
  CHECK(shape[0].range() == runtime::DimRange{0, runtime::DimRange::kNoUpper});
  CHECK_FALSE(same(shape[0], shape[1]));
  CHECK_FALSE(same(shape[0], again[0]));
  CHECK(dims.index(f.indices[0]).range() == runtime::DimRange{});
}

TEST_CASE("mixed lists have an index value for each place") {
  Fixture f;
  const TypeDims dims;
  const int64_t place = ShapedType::kDynamic;
  const Result<Shape> shape = dims.mixed("slice", f.indices, {place, 4, place});
  REQUIRE(shape);
  CHECK(shape->size() == 3);
  CHECK(same((*shape)[1], 4));
  CHECK(dims.mixed("slice", f.indices, {place, 4}).message() == "slice: 2 index values for 1 places in a list");
  CHECK(dims.mixed("slice", {}, {place}).message() == "slice: 0 index values for 1 places in a list");
}

TEST_CASE("inference refuses what is no operand, and results that are too large") {
  Fixture f;
  std::string said;
  ScopedDiagnosticHandler handler(&f.context, [&](Diagnostic& diagnostic) { said = diagnostic.str(); });
  const Location location = UnknownLoc::get(&f.context);
  const Value vector = f.block.addArgument(VectorType::get(4, Float32Type::get(&f.context)), location);
  CHECK(succeeded(checkOperands(location, "ogee.sum", {f.x, f.indices[0]})));
  CHECK(failed(checkOperands(location, "ogee.sum", {f.x, vector})));
  CHECK(said == "'ogee.sum' op operand #1 must be a tensor or an index, but got 'vector<4xf32>'");
  const int64_t large = int64_t(1) << 32;
  CHECK(failed(typeOf(location, "ogee.broadcast", Shape{large, large}, Float32Type::get(&f.context))));
  CHECK(said == "broadcast: the result is too large: [4294967296, 4294967296]");
  CHECK(ruleName("ogee.sum") == "sum");
}

} // namespace
} // namespace ogee::ir
