// A fold gives the bits that the op would give: every pointwise op that folds constants, on special values and all
// their pairs, against its scalar body compiled and run.
#include "ir/fold.h"

#include "ir/dialect.h"
#include "tests/catch.h"
#include "tests/ir/math_jit.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace ogee::ir::tests {
namespace {

using namespace mlir;
using Bits = std::vector<uint64_t>;

struct Case {
  std::string op;
  Lanes lanes; ///< result, operands
  std::optional<Comparison> comparison = {};
};

unsigned laneBytes(Lane lane) {
  switch (lane) {
  case Lane::boolean:
  case Lane::i8: return 1;
  case Lane::i32:
  case Lane::f32: return 4;
  case Lane::i64:
  case Lane::f64: return 8;
  }
  return 0;
}

Type elementType(MLIRContext* context, Lane lane) {
  ImplicitLocOpBuilder builder(UnknownLoc::get(context), context);
  return laneType(builder, lane);
}

template <class T>
Bits bitsOf(std::initializer_list<T> values) {
  Bits bits;
  for (T value : values) {
    uint64_t pattern = 0;
    std::memcpy(&pattern, &value, sizeof value);
    bits.push_back(pattern);
  }
  return bits;
}

template <class T>
Bits floats() {
  using L = std::numeric_limits<T>;
  const T zero = 0;
  return bitsOf<T>({zero,
                    -zero,
                    1,
                    -1,
                    T(0.5),
                    T(-0.5),
                    T(1.5),
                    T(2.5),
                    T(-2.5),
                    3,
                    T(0.1),
                    T(1e10),
                    T(-1e10),
                    T(3e9),
                    T(2147483647.0),
                    T(1e19),
                    L::min(),
                    L::denorm_min(),
                    -L::denorm_min(),
                    L::max(),
                    L::lowest(),
                    L::infinity(),
                    -L::infinity(),
                    L::quiet_NaN(),
                    255,
                    T(8388608.5)});
}

template <class T>
Bits integers() {
  using L = std::numeric_limits<T>;
  return bitsOf<T>({0,        1,        -1, 2,  -2,  3,        7,        -7,           31,
                    32,       33,       63, 64, 100, L::max(), L::min(), L::max() - 1, L::min() + 1,
                    16777217, -16777219});
}

Bits specialValues(Lane lane) {
  switch (lane) {
  case Lane::boolean: return {0, 1};
  case Lane::i32: return integers<int32_t>();
  case Lane::i64: return integers<int64_t>();
  case Lane::f32: return floats<float>();
  default: return floats<double>();
  }
}

/// All tuples of special values, one column per operand.
std::vector<Bits> inputs(const Lanes& lanes) {
  std::vector<Bits> columns(lanes.size() - 1);
  size_t total = 1;
  for (size_t i = 1; i < lanes.size(); ++i) total *= specialValues(lanes[i]).size();
  for (size_t row = 0; row < total; ++row) {
    size_t rest = row;
    for (size_t i = 0; i < columns.size(); ++i) {
      const Bits values = specialValues(lanes[i + 1]);
      columns[i].push_back(values[rest % values.size()]);
      rest /= values.size();
    }
  }
  return columns;
}

/// An op of its own, on tensors of `count` elements that nothing computes.
class LooseOp {
public:
  LooseOp(MLIRContext* context, const Case& test, int64_t count) {
    context->loadDialect<OgeeDialect>();
    const Location location = UnknownLoc::get(context);
    OperationState state(location, "ogee." + test.op);
    for (size_t i = 1; i < test.lanes.size(); ++i)
      state.operands.push_back(
          block_.addArgument(RankedTensorType::get({count}, elementType(context, test.lanes[i])), location));
    state.addTypes(RankedTensorType::get({count}, elementType(context, test.lanes[0])));
    if (test.comparison) state.addAttribute("comparison", ComparisonAttr::get(context, *test.comparison));
    op_ = Operation::create(state);
  }
  ~LooseOp() { op_->destroy(); }
  Operation* get() const { return op_; }

private:
  Block block_;
  Operation* op_;
};

class LaneBody : public ScalarBody {
public:
  using ScalarBody::ScalarBody;
  Type like(Type element) override {
    auto vector = dyn_cast<VectorType>(args[0].getType());
    return vector ? Type(VectorType::get(vector.getShape(), element)) : element;
  }
  Value coordinate(unsigned) override { llvm_unreachable("no op here asks for positions"); }
  Value linearIndex() override { llvm_unreachable("no op here asks for positions"); }
};

/// What the compiled scalar body gives.
Bits computed(const Case& test, const std::vector<Bits>& columns) {
  const size_t count = columns[0].size(), padded = (count + 15) / 16 * 16;
  std::vector<std::vector<char>> storage;
  for (size_t i = 0; i < test.lanes.size(); ++i) {
    const unsigned bytes = laneBytes(test.lanes[i]);
    std::vector<char>& buffer = storage.emplace_back(padded * bytes);
    for (size_t row = 0; i > 0 && row < count; ++row) std::memcpy(&buffer[row * bytes], &columns[i - 1][row], bytes);
  }
  const Body body = [&](math::Builder& b, ValueRange args) {
    LooseOp op(b.getContext(), test, 1);
    LaneBody scalarBody(b, args);
    return cast<PointwiseOpInterface>(op.get()).buildScalarBody(scalarBody);
  };
  std::vector<void*> buffers;
  for (std::vector<char>& buffer : storage) buffers.push_back(buffer.data());
  Loop(body, test.lanes, {})(buffers.data(), static_cast<int64_t>(padded));
  Bits results(count);
  const unsigned bytes = laneBytes(test.lanes[0]);
  for (size_t row = 0; row < count; ++row) std::memcpy(&results[row], &storage[0][row * bytes], bytes);
  return results;
}

Attribute constant(RankedTensorType type, const uint64_t* bits) {
  SmallVector<Attribute> elements;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    const Type element = type.getElementType();
    const APInt pattern = APInt(64, bits[i]).trunc(element.getIntOrFloatBitWidth());
    if (auto floating = dyn_cast<FloatType>(element))
      elements.push_back(FloatAttr::get(element, APFloat(floating.getFloatSemantics(), pattern)));
    else
      elements.push_back(IntegerAttr::get(element, pattern));
  }
  return DenseElementsAttr::get(type, elements);
}

/// What the fold gives, in pieces that are small enough to be folded.
Bits folded(const Case& test, const std::vector<Bits>& columns) {
  MLIRContext context;
  Bits results;
  for (size_t begin = 0; begin < columns[0].size(); begin += kMostFoldedElements) {
    const int64_t count = std::min<int64_t>(kMostFoldedElements, columns[0].size() - begin);
    LooseOp op(&context, test, count);
    SmallVector<Attribute> operands;
    for (auto [operand, column] : llvm::zip_equal(op.get()->getOperands(), columns))
      operands.push_back(constant(cast<RankedTensorType>(operand.getType()), &column[begin]));
    SmallVector<OpFoldResult> result;
    REQUIRE(succeeded(op.get()->fold(operands, result)));
    auto elements = cast<DenseElementsAttr>(cast<Attribute>(result.front()));
    for (Attribute element : elements.getValues<Attribute>()) {
      auto floating = dyn_cast<FloatAttr>(element);
      results.push_back(
          (floating ? floating.getValue().bitcastToAPInt() : cast<IntegerAttr>(element).getValue()).getZExtValue());
    }
  }
  return results;
}

bool isNaN(uint64_t bits, Lane lane) {
  if (lane == Lane::f32) return std::isnan(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  return lane == Lane::f64 && std::isnan(std::bit_cast<double>(bits));
}

void check(const Case& test) {
  INFO(test.op << " to " << static_cast<int>(test.lanes[0]) << " from " << static_cast<int>(test.lanes[1]));
  const std::vector<Bits> columns = inputs(test.lanes);
  const Bits expected = computed(test, columns), actual = folded(test, columns);
  for (size_t row = 0; row < expected.size(); ++row) {
    if (expected[row] == actual[row] || (isNaN(expected[row], test.lanes[0]) && isNaN(actual[row], test.lanes[0])))
      continue;
    INFO(std::hex << "operands " << columns[0][row] << ' ' << (columns.size() > 1 ? columns[1][row] : 0));
    INFO(std::hex << "computed " << expected[row] << ", folded " << actual[row]);
    CHECK(false);
  }
}

constexpr Lane kNumbers[] = {Lane::f32, Lane::f64, Lane::i32, Lane::i64};

TEST_CASE("folds of unary ops give the op's bits") {
  for (const char* op : {"abs", "neg", "sign"})
    for (Lane lane : kNumbers) check({op, {lane, lane}});
  for (const char* op : {"floor", "ceil", "trunc", "round_nearest_even", "round_nearest_afz"})
    for (Lane lane : {Lane::f32, Lane::f64}) check({op, {lane, lane}});
  for (const char* op : {"not", "popcnt", "clz"})
    for (Lane lane : {Lane::i32, Lane::i64}) check({op, {lane, lane}});
  check({"not", {Lane::boolean, Lane::boolean}});
  for (Lane lane : {Lane::f32, Lane::f64}) check({"is_finite", {Lane::boolean, lane}});
}

TEST_CASE("folds of conversions give the op's bits") {
  for (Lane from : {Lane::boolean, Lane::i32, Lane::i64, Lane::f32, Lane::f64})
    for (Lane to : {Lane::boolean, Lane::i32, Lane::i64, Lane::f32, Lane::f64})
      if (from != to) check({"convert", {to, from}});
  check({"bitcast_convert", {Lane::i32, Lane::f32}});
  check({"bitcast_convert", {Lane::f64, Lane::i64}});
}

TEST_CASE("folds of binary ops give the op's bits") {
  for (const char* op : {"add", "sub", "mul", "div", "rem", "max", "min"})
    for (Lane lane : kNumbers) check({op, {lane, lane, lane}});
  for (const char* op : {"and", "or", "xor"})
    for (Lane lane : {Lane::i32, Lane::i64, Lane::boolean}) check({op, {lane, lane, lane}});
  for (const char* op : {"shl", "shr_arith", "shr_logic"})
    for (Lane lane : {Lane::i32, Lane::i64}) check({op, {lane, lane, lane}});
}

TEST_CASE("folds of comparisons, select and clamp give the op's bits") {
  for (Lane lane : {Lane::f32, Lane::f64, Lane::i32, Lane::i64, Lane::boolean})
    for (Comparison comparison :
         {Comparison::eq, Comparison::ne, Comparison::lt, Comparison::le, Comparison::gt, Comparison::ge})
      check({"compare", {Lane::boolean, lane, lane}, comparison});
  for (Lane lane : {Lane::f32, Lane::i64}) check({"select", {lane, Lane::boolean, lane, lane}});
  for (Lane lane : {Lane::f32, Lane::i32}) check({"clamp", {lane, lane, lane, lane}});
}

} // namespace
} // namespace ogee::ir::tests
