// What is handed over from forward to backward parts: the choice for the chains that models are made of.
#include "passes/rematerialize.h"

#include "ir/signature.h"
#include "tests/catch.h"

#include "mlir/Parser/Parser.h"

namespace ogee::passes {
namespace {

using namespace mlir;

/// A function in which `{b}` marks the backward part and named arguments are the cotangents.
class Joint {
public:
  explicit Joint(const std::string& text) {
    context_.loadDialect<ir::OgeeDialect, func::FuncDialect>();
    module_ = parseSourceString<ModuleOp>(text, &context_);
    REQUIRE(module_);
    function_ = *module_->getOps<func::FuncOp>().begin();
    llvm::DenseSet<Operation*> backward;
    for (Operation& op : function_.getBody().front())
      if (op.hasAttr("b")) backward.insert(&op);
    SmallVector<Value> cotangents;
    for (BlockArgument argument : function_.getArguments())
      if (!ir::argumentInfo(function_, argument.getArgNumber()).name.empty()) cotangents.push_back(argument);
    auto dims = ir::DimAnalysis::run(function_);
    REQUIRE(succeeded(dims));
    handover = chooseSaved(function_, backward, cotangents, *dims);
  }

  std::string saved() const {
    std::string text;
    for (Value value : handover.saved) text += (text.empty() ? "" : " ") + nameOf(value);
    return text;
  }
  std::string recomputed() const {
    std::string text;
    for (Operation* op : handover.recomputed) text += (text.empty() ? "" : " ") + op->getName().stripDialect().str();
    return text;
  }
  std::string sizes() const {
    std::string text;
    for (const SizePlace& place : handover.sizes)
      text += place.symbol.to_string() + "=" + nameOf(place.value) + "." + std::to_string(place.axis) + " ";
    return text;
  }

  Handover handover;

private:
  static std::string nameOf(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value)) return "arg" + std::to_string(argument.getArgNumber());
    return value.getDefiningOp()->getName().stripDialect().str();
  }

  MLIRContext context_;
  OwningOpRef<ModuleOp> module_;
  func::FuncOp function_;
};

TEST_CASE("what costs nothing to keep is kept, and cheap ops are done again") {
  Joint joint(R"(
    func.func @f(%x: tensor<8x4xf32>, %w: tensor<4x8xf32>,
                 %dy: tensor<8x8xf32> {ogee.name = "dy"}) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
      %0 = ogee.dot %x, %w batch [] x [] contract [1] x [0] : tensor<8x4xf32>, tensor<4x8xf32> -> tensor<8x8xf32>
      %1 = ogee.mul %0, %0 : tensor<8x8xf32>
      %2 = ogee.sin %1 : tensor<8x8xf32>
      %3 = ogee.mul %dy, %1 {b} : tensor<8x8xf32>
      %4 = ogee.mul %3, %0 {b} : tensor<8x8xf32>
      return %2, %4 : tensor<8x8xf32>, tensor<8x8xf32>
    })");
  CHECK(joint.saved() == "dot");
  CHECK(joint.recomputed() == "mul");
  CHECK(joint.handover.bytes == 256);
  CHECK(joint.handover.bytesWithout == 512);
}

TEST_CASE("of values of one size the last is kept") {
  Joint joint(R"(
    func.func @f(%x: tensor<8x4xf32>, %w: tensor<4x8xf32>,
                 %dy: tensor<8x8xf32> {ogee.name = "dy"}) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
      %0 = ogee.dot %x, %w batch [] x [] contract [1] x [0] : tensor<8x4xf32>, tensor<4x8xf32> -> tensor<8x8xf32>
      %1 = ogee.exp %0 : tensor<8x8xf32>
      %2 = ogee.tanh %1 : tensor<8x8xf32>
      %3 = ogee.neg %2 : tensor<8x8xf32>
      %4 = ogee.mul %dy, %2 : tensor<8x8xf32>
      return %3, %4 : tensor<8x8xf32>, tensor<8x8xf32>
    })");
  CHECK(joint.saved() == "tanh"); // although nothing is marked: what reads the cotangent is the backward part
  CHECK(joint.recomputed().empty());
}

TEST_CASE("results of the function are kept at no cost, as are arguments") {
  Joint joint(R"(
    func.func @f(%x: tensor<64xf32>,
                 %dy: tensor<64xf32> {ogee.name = "dy"}) -> (tensor<64xf32>, tensor<64xf32>) {
      %0 = ogee.sin %x : tensor<64xf32>
      %1 = ogee.exp %0 : tensor<64xf32>
      %2 = ogee.mul %dy, %1 {b} : tensor<64xf32>
      %3 = ogee.cos %x {b} : tensor<64xf32>
      %4 = ogee.mul %2, %3 {b} : tensor<64xf32>
      return %1, %4 : tensor<64xf32>, tensor<64xf32>
    })");
  CHECK(joint.saved() == "arg0 exp");
  CHECK(joint.recomputed().empty());
  CHECK(joint.handover.bytes == 0);
}

TEST_CASE("a mask of bools is cheaper than what it comes from") {
  Joint joint(R"(
    func.func @f(%x: tensor<8x4xf32>, %w: tensor<4x8xf32>,
                 %dy: tensor<8x8xf32> {ogee.name = "dy"}) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
      %zero = ogee.constant dense<0.0> : tensor<8x8xf32>
      %0 = ogee.dot %x, %w batch [] x [] contract [1] x [0] : tensor<8x4xf32>, tensor<4x8xf32> -> tensor<8x8xf32>
      %1 = ogee.compare gt %0, %zero : tensor<8x8xf32>
      %2 = ogee.select %1, %0, %zero : tensor<8x8xf32>
      %3 = ogee.exp %2 : tensor<8x8xf32>
      %4 = ogee.select %1, %dy, %zero {b} : tensor<8x8xf32>
      return %3, %4 : tensor<8x8xf32>, tensor<8x8xf32>
    })");
  CHECK(joint.saved() == "compare");
  CHECK(joint.recomputed() == "constant");
  CHECK(joint.handover.bytes == 64);
}

// Of a softmax the rows' maxima and sums are kept, which are reductions, and the exponentials done again.
TEST_CASE("reductions are kept, what is spread from them is made again") {
  Joint joint(R"(
    func.func @f(%x: tensor<?x256xf32> {ogee.dims = ["n", ""], ogee.ranges = [[1, 100], []]},
                 %dy: tensor<?x256xf32> {ogee.name = "dy"}) -> tensor<?x256xf32> {
      %n = ogee.dim %x [0] : tensor<?x256xf32>
      %0 = ogee.amax %x [1] : tensor<?x256xf32> -> tensor<?xf32>
      %1 = ogee.broadcast %0 [0] sizes [%n, 256] : tensor<?xf32> -> tensor<?x256xf32>
      %2 = ogee.sub %x, %1 : tensor<?x256xf32>
      %3 = ogee.exp %2 : tensor<?x256xf32>
      %4 = ogee.mul %dy, %3 {b} : tensor<?x256xf32>
      return %4 : tensor<?x256xf32>
    })");
  CHECK(joint.saved() == "arg0 amax");
  CHECK(joint.recomputed() == "broadcast sub exp");
  CHECK(joint.handover.bytes == 400); // at the upper bound
  CHECK(joint.handover.bytesWithout == 100 * 256 * 4);
}

TEST_CASE("a long chain is not done again for little") {
  std::string chain = "%0 = ogee.sin %x : tensor<1000xf32>\n";
  for (int i = 1; i < 20; ++i)
    chain += "%" + std::to_string(i) + " = ogee.sin %" + std::to_string(i - 1) + " : tensor<1000xf32>\n";
  Joint joint(R"(
    func.func @f(%x: tensor<1000xf32>, %dy: tensor<10xf32> {ogee.name = "dy"}) -> tensor<10xf32> {
      )" + chain +
              R"(
      %s = ogee.slice %19 [0] [10] [1] : tensor<1000xf32> -> tensor<10xf32>
      %r = ogee.mul %dy, %s {b} : tensor<10xf32>
      return %r : tensor<10xf32>
    })");
  CHECK(joint.saved() == "slice");
}

TEST_CASE("what is marked is never kept, not even products of matrices") {
  Joint joint(R"(
    func.func @f(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>,
                 %dy: tensor<8x8xf32> {ogee.name = "dy"}) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
      %0 = ogee.dot %x, %w batch [] x [] contract [1] x [0] : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
      %1 = ogee.dot %0, %w batch [] x [] contract [1] x [0] {ogee.checkpoint}
          : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
      %2 = ogee.tanh %1 {ogee.checkpoint} : tensor<8x8xf32>
      %3 = ogee.dot %2, %w batch [] x [] contract [1] x [0] : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
      %4 = ogee.dot %dy, %2 batch [] x [] contract [1] x [0] {b}
          : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
      return %3, %4 : tensor<8x8xf32>, tensor<8x8xf32>
    })");
  CHECK(joint.saved() == "arg1 dot");
  CHECK(joint.recomputed() == "dot tanh");
}

TEST_CASE("named sizes come from what is handed over, else from an argument for its size alone") {
  const std::string text = R"(
    func.func @f(%x: tensor<?x?xf32> {ogee.dims = ["n", "m"]}, %w: tensor<?x4xf32>,
                 %dy: tensor<?xf32> {ogee.name = "dy"})
        -> tensor<?x?xf32> {
      %0 = ogee.dot %x, %w batch [] x [] contract [1] x [0] : tensor<?x?xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
      %1 = ogee.exp %0 : tensor<?x4xf32>
      %n = ogee.dim %1 [0] : tensor<?x4xf32>
      %m = ogee.dim %x [1] : tensor<?x?xf32>
      %s = arith.muli %n, %m : index
      %3 = ogee.broadcast %dy [0] sizes [%n, %SIZE] {b} : tensor<?xf32> -> tensor<?x?xf32>
      return %3 : tensor<?x?xf32>
    })";
  const auto with = [&](const std::string& size) {
    std::string copy = text;
    return copy.replace(copy.find("%SIZE"), 5, size);
  };
  CHECK(Joint(with("%n")).sizes() == "n=arg2.0 ");
  CHECK(Joint(with("%n")).saved().empty());
  Joint both(with("%s"));
  CHECK(both.saved() == "arg0");
  CHECK(both.sizes() == "n=arg2.0 m=arg0.1 ");
}

} // namespace
} // namespace ogee::passes
