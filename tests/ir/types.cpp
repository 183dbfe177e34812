// Element types and dtypes of ir/types.h.
#include "ir/types.h"

#include "tests/catch.h"

#include "mlir/IR/Builders.h"

namespace ogee::ir {
namespace {

using namespace mlir;

TEST_CASE("every dtype has an element type, and back") {
  MLIRContext context;
  for (unsigned i = 0; i < runtime::kDTypeCount; ++i) {
    const auto dtype = static_cast<runtime::DType>(i);
    CHECK(dtypeOf(elementType(&context, dtype)) == dtype);
  }
  CHECK(!dtypeOf(IntegerType::get(&context, 7)));
  CHECK(!dtypeOf(IntegerType::get(&context, 32, IntegerType::Unsigned)));
  CHECK(!dtypeOf(IndexType::get(&context)));
}

TEST_CASE("plain tensors are ranked, without encoding, and fit into memory") {
  MLIRContext context;
  Builder b(&context);
  const Type f32 = b.getF32Type();
  const int64_t most = std::numeric_limits<int64_t>::max();
  CHECK(isPlainTensor(RankedTensorType::get({}, f32)));
  CHECK(isPlainTensor(RankedTensorType::get({ShapedType::kDynamic, most / 4}, f32)));
  CHECK_FALSE(isPlainTensor(RankedTensorType::get({most / 4 + 1}, f32)));
  CHECK_FALSE(isPlainTensor(RankedTensorType::get({0, most, most}, f32)));
  CHECK_FALSE(isPlainTensor(RankedTensorType::get({2}, f32, b.getStringAttr("encoding"))));
  CHECK_FALSE(isPlainTensor(UnrankedTensorType::get(f32)));
  CHECK_FALSE(isPlainTensor(f32));
}

TEST_CASE("types like others") {
  MLIRContext context;
  Builder b(&context);
  const Type type = RankedTensorType::get({ShapedType::kDynamic, 3}, b.getF32Type());
  CHECK(boolTypeLike(type) == RankedTensorType::get({ShapedType::kDynamic, 3}, b.getI1Type()));
  CHECK(scalarTypeLike(type) == RankedTensorType::get({}, b.getF32Type()));
  CHECK(boolTypeLike(b.getF32Type()) == b.getI1Type());
  CHECK(elementOf(type) == b.getF32Type());
  CHECK(tensorType({runtime::Dim::symbol("n"), 3}, b.getF32Type()) == type);
}

} // namespace
} // namespace ogee::ir
