// Every pointwise op builds a valid scalar body, for scalars and for vectors, in every element type that it takes.
#include "ir/dialect.h"
#include "ir/math.h"
#include "tests/catch.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Verifier.h"

namespace ogee::ir {
namespace {

using namespace mlir;

/// A body in a function whose arguments are the operands' elements, then the positions.
class FunctionBody : public ScalarBody {
public:
  FunctionBody(ImplicitLocOpBuilder& builder, Block& block, unsigned width)
      : ScalarBody(builder, block.getArguments().drop_back()), position_(block.getArguments().back()), width_(width) {}
  Type like(Type element) override { return width_ == 0 ? element : VectorType::get(width_, element); }
  Value coordinate(unsigned) override { return position_; }
  Value linearIndex() override { return position_; }

private:
  Value position_;
  unsigned width_;
};

struct Fixture {
  Fixture() {
    context
        .loadDialect<OgeeDialect, func::FuncDialect, mlir::math::MathDialect, scf::SCFDialect, vector::VectorDialect>();
    for (const char* element : {"f32", "f64", "i32", "i64", "i1"}) elements.push_back(elementNamed(element));
  }

  Type elementNamed(StringRef name) {
    return elementType(&context,
                       *runtime::parse_dtype(name == "i1" ? std::string_view("bool") : std::string_view(name)));
  }

  /// An op of rank-1 tensors, or null where it is not valid.
  Operation* make(StringRef name, ArrayRef<Type> operands, Type result, Block& block) {
    OperationState state(UnknownLoc::get(&context), name);
    for (Type element : operands)
      state.operands.push_back(block.addArgument(RankedTensorType::get({4}, element), state.location));
    state.addTypes(RankedTensorType::get({4}, result));
    if (name == "ogee.compare") state.addAttribute("comparison", ComparisonAttr::get(&context, Comparison::lt));
    Operation* op = Operation::create(state);
    ScopedDiagnosticHandler silent(&context, [](Diagnostic&) {});
    if (succeeded(verify(op))) return op;
    op->destroy();
    return nullptr;
  }

  /// Whether the body of `op` is valid and gives an element of its result.
  bool hasValidBody(Operation* op, unsigned width) {
    ImplicitLocOpBuilder builder(op->getLoc(), &context);
    OwningOpRef<ModuleOp> module = builder.create<ModuleOp>();
    builder.setInsertionPointToEnd(module->getBody());
    auto like = [&](Type element) { return width == 0 ? element : Type(VectorType::get(width, element)); };
    SmallVector<Type> inputs;
    for (Value operand : op->getOperands())
      if (!operand.getType().isIndex()) inputs.push_back(like(elementOf(operand)));
    inputs.push_back(like(builder.getI64Type()));
    const Type output = like(elementOf(op->getResult(0)));
    auto function = builder.create<func::FuncOp>("body", builder.getFunctionType(inputs, output));
    builder.setInsertionPointToStart(function.addEntryBlock());
    FunctionBody body(builder, function.getBody().front(), width);
    const Value result = cast<PointwiseOpInterface>(op).buildScalarBody(body);
    if (result.getType() != output) return false;
    builder.create<func::ReturnOp>(result);
    return succeeded(verify(*module));
  }

  void check(Operation* op) {
    INFO(op->getName().getStringRef().str());
    for (unsigned width : {0u, 8u, 16u}) CHECK(hasValidBody(op, width));
  }

  MLIRContext context;
  SmallVector<Type> elements;
};

TEST_CASE("pointwise ops build valid scalar bodies") {
  Fixture fixture;
  unsigned ops = 0;
  for (RegisteredOperationName name : fixture.context.getRegisteredOperations()) {
    if (!name.hasInterface<PointwiseOpInterface>()) continue;
    bool isBuilt = false;
    auto tryOperands = [&](ArrayRef<Type> operands, Type result) {
      Block block;
      Operation* op = fixture.make(name.getStringRef(), operands, result, block);
      if (!op) return;
      isBuilt = true;
      fixture.check(op);
      op->destroy();
    };
    for (Type element : fixture.elements) {
      tryOperands({element, element}, element);
      tryOperands({element, element}, fixture.elements.back()); // compare
      tryOperands({element, element, element}, element);
      if (element != fixture.elements.back())
        tryOperands({fixture.elements.back(), element, element}, element); // select
      for (Type result : fixture.elements) tryOperands({element}, result);
    }
    ops += isBuilt;
  }
  CHECK(ops == 47); // all but iota, from_index and the random ops, which follow
}

TEST_CASE("iota and random ops build valid scalar bodies") {
  Fixture fixture;
  OpBuilder builder(&fixture.context);
  const Location location = builder.getUnknownLoc();
  Block block;
  builder.setInsertionPointToStart(&block);
  const Value key = block.addArgument(RankedTensorType::get({}, builder.getI64Type()), location);
  const OpFoldResult size = builder.getIndexAttr(4);
  fixture.check(
      builder.create<FromIndexOp>(location, key.getType(), block.addArgument(builder.getIndexType(), location)));
  for (const char* element : {"f32", "f64", "i32", "i64"})
    fixture.check(builder.create<IotaOp>(location, fixture.elementNamed(element), 0, size));
  for (const char* element : {"f32", "f64"}) {
    fixture.check(builder.create<RandomUniformOp>(location, fixture.elementNamed(element), key, key, size));
    fixture.check(builder.create<RandomNormalOp>(location, fixture.elementNamed(element), key, key, size));
  }
  for (const char* element : {"i32", "i64"})
    fixture.check(builder.create<RandomIntegersOp>(location, fixture.elementNamed(element), key, key, key, key, size));
}

} // namespace
} // namespace ogee::ir
