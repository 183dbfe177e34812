// The dims that ir/dims.h computes for the values of a function.
// Covers: size_names
#include "ir/dims.h"

#include "tests/catch.h"

#include "mlir/Parser/Parser.h"

namespace ogee::ir {
namespace {

/// Parses a function and analyses it; texts of everything that was found.
class Analysed {
public:
  explicit Analysed(const std::string& text) {
    context_.loadDialect<OgeeDialect, mlir::func::FuncDialect>();
    mlir::ScopedDiagnosticHandler handler(&context_,
                                          [this](mlir::Diagnostic& diagnostic) { error += diagnostic.str(); });
    module_ = mlir::parseSourceString<mlir::ModuleOp>(text, &context_);
    if (!module_) return;
    auto result = DimAnalysis::run(*module_->getOps<mlir::func::FuncOp>().begin());
    if (succeeded(result)) dims.emplace(std::move(*result));
  }

  /// The dims or the value of operand `i` of the function's return.
  std::string operator[](unsigned i) {
    mlir::Value value = function().getBody().front().getTerminator()->getOperand(i);
    return value.getType().isIndex() ? dims->index(value).to_string() : dims->shape(value).to_string();
  }

  /// "n: dim 1.0, …": argument and axis.
  std::string symbols() const {
    std::string text;
    for (const SymbolSource& source : dims->symbols()) {
      const char* kinds[] = {"dim", "stride", "index"};
      text += source.symbol.to_string() + ": " + kinds[static_cast<int>(source.kind)] + " " +
              std::to_string(source.argument) + "." + std::to_string(source.axis) + "; ";
    }
    return text;
  }

  std::string checks() const {
    std::string text;
    for (const DimCheck& check : dims->checks())
      text += check.op->getName().getStringRef().str() + ": " + check.requirement.left.to_string() +
              (check.requirement.kind == Requirement::Kind::equal ? " == " : " <= ") +
              check.requirement.right.to_string() + "; ";
    return text;
  }

  mlir::func::FuncOp function() { return *module_->getOps<mlir::func::FuncOp>().begin(); }

  std::string error;
  std::optional<DimAnalysis> dims;

private:
  mlir::MLIRContext context_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
};

TEST_CASE("dims of arguments") {
  Analysed f(
      R"(func.func @f(%x: tensor<?x?x3xf32> {ogee.name = "x", ogee.dims = ["batch", "", ""],
                                          ogee.ranges = [[1, 256], [], []]},
                   %y: tensor<?x?xf32>, %n: index {ogee.name = "n"}, %z: tensor<?xf32> {ogee.name = "x"},
                   %i: index {ogee.dims = ["k"]})
      -> (tensor<?x?x3xf32>, tensor<?x?xf32>, index, tensor<?xf32>, index) {
    return %x, %y, %n, %z, %i : tensor<?x?x3xf32>, tensor<?x?xf32>, index, tensor<?xf32>, index
  })");
  REQUIRE(f.dims);
  CHECK(f[0] == "[batch, x.1, 3]");
  CHECK(f[1] == "[%1.0, %1.1]");
  CHECK(f[2] == "n.value");
  CHECK(f[3] == "[%3.0]");
  CHECK(f[4] == "k");
  CHECK(
      f.symbols() ==
      "batch: dim 0.0; x.1: dim 0.1; %1.0: dim 1.0; %1.1: dim 1.1; %3.0: dim 3.0; n.value: index 2.0; k: index 4.0; ");
  CHECK(f.dims->shape(f.function().getArgument(0))[0].range() == runtime::DimRange{1, 256});
  CHECK(f.dims->index(f.function().getArgument(2)).range() == runtime::DimRange{});
}

TEST_CASE("equal names are equal sizes") {
  Analysed f(
      R"(func.func @f(%x: tensor<?xf32> {ogee.dims = ["n"], ogee.ranges = [[2, 9]]},
                   %y: tensor<?xf32> {ogee.dims = ["n"], ogee.ranges = [[5, 20]]})
      -> (tensor<?xf32>, tensor<?xf32>) {
    %0 = ogee.add %x, %y : tensor<?xf32>
    return %x, %0 : tensor<?xf32>, tensor<?xf32>
  })");
  REQUIRE(f.dims);
  CHECK(f[1] == "[n]");
  CHECK(f.checks() == "");
  CHECK(f.dims->shape(f.function().getArgument(0))[0].range() == runtime::DimRange{5, 9});

  Analysed number(
      R"(func.func @f(%x: tensor<?xf32> {ogee.dims = ["n"]}, %y: tensor<7xf32> {ogee.dims = ["n"]}) -> tensor<?xf32> {
    return %x : tensor<?xf32>
  })");
  REQUIRE(number.dims);
  CHECK(number[0] == "[7]");
  CHECK(number.symbols() == "");

  Analysed apart(R"(func.func @f(%x: tensor<4xf32> {ogee.dims = ["n"]}, %y: tensor<7xf32> {ogee.dims = ["n"]}) {
    return
  })");
  Analysed chain(R"(func.func @f(%x: tensor<?xf32>, %y: tensor<?xf32>, %z: tensor<?xf32>) {
    %0 = ogee.reshape %x [4] : tensor<?xf32> -> tensor<4xf32>
    %1 = ogee.reshape %y [5] : tensor<?xf32> -> tensor<5xf32>
    %2 = ogee.add %x, %z : tensor<?xf32>
    %3 = ogee.add %z, %y : tensor<?xf32>
    return
  })");
  CHECK(chain.error == "add: shapes differ: [4] and [5]");
  CHECK(apart.error == "no size 'n' fits all arguments that have it");
}

TEST_CASE("strides of arguments") {
  Analysed f(
      R"(func.func @f(%x: tensor<?x4xf32> {ogee.name = "x", ogee.strides = array<i64: -1, 0>},
                   %y: tensor<4xf32>) { return })");
  REQUIRE(f.dims);
  REQUIRE(f.dims->strides(0).size() == 2);
  CHECK(f.dims->strides(0)[0].to_string() == "x.stride0");
  CHECK(f.dims->strides(0)[1].to_string() == "0");
  CHECK(f.dims->strides(1).empty());
  CHECK(f.symbols() == "x.0: dim 0.0; x.stride0: stride 0.0; ");
}

TEST_CASE("dims follow through ops and index arithmetic") {
  Analysed f(R"(func.func @f(%x: tensor<?x?xf32> {ogee.dims = ["b", "t"]}, %w: tensor<?x8xf32> {ogee.dims = ["k", ""]})
      -> (tensor<?xf32>, tensor<?x8xf32>, tensor<?xf32>, index, index) {
    %b = ogee.dim %x [0] : tensor<?x?xf32>
    %t = ogee.dim %x [1] : tensor<?x?xf32>
    %bt = arith.muli %b, %t : index
    %0 = ogee.reshape %x [%bt] : tensor<?x?xf32> -> tensor<?xf32>
    %1 = ogee.dot %x, %w batch [] x [] contract [1] x [0] : tensor<?x?xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
    %c2 = arith.constant 2 : index
    %half = arith.divsi %b, %c2 : index
    %2 = ogee.slice %0 [0] [%half] [1] : tensor<?xf32> -> tensor<?xf32>
    %3 = arith.addi %half, %c2 : index
    %4 = arith.subi %3, %half : index
    %5 = arith.minsi %t, %c2 : index
    return %0, %1, %2, %4, %5 : tensor<?xf32>, tensor<?x8xf32>, tensor<?xf32>, index, index
  })");
  REQUIRE(f.error == "");
  CHECK(f[0] == "[b*t]");
  CHECK(f[1] == "[b, 8]"); // the dot made t and k one
  CHECK(f[2] == "[b//2]");
  CHECK(f[3] == "2");
  CHECK(f[4] == "min(2, t)");
  CHECK(f.checks() == "ogee.slice: b//2 <= b*t; ");
}

TEST_CASE("sizes that have to be equal are one") {
  Analysed f(
      R"(func.func @f(%x: tensor<?xf32>, %y: tensor<?xf32> {ogee.dims = ["n"]}, %z: tensor<?xf32>, %w: tensor<?xf32>)
      -> (tensor<?xf32>, tensor<4xf32>, tensor<?xf32>) {
    %0 = ogee.add %x, %y : tensor<?xf32>
    %1 = ogee.mul %z, %0 : tensor<?xf32>
    %2 = ogee.reshape %w [4] : tensor<?xf32> -> tensor<4xf32>
    return %1, %2, %w : tensor<?xf32>, tensor<4xf32>, tensor<?xf32>
  })");
  REQUIRE(f.error == "");
  CHECK(f[0] == "[n]");
  CHECK(f[1] == "[4]");
  CHECK(f[2] == "[4]");
  CHECK(f.checks() == "");
  CHECK(f.symbols() == "n: dim 0.0; ");
}

TEST_CASE("an index with the name of a size is that size, and a call checks it") {
  Analysed f(
      R"(func.func @f(%n: index {ogee.dims = ["n"]}, %x: tensor<?xf32> {ogee.dims = ["n"]},
                   %five: index {ogee.ranges = [[5, 5]]})
      -> (index, index, tensor<?xf32>) {
    %0 = ogee.reshape %x [%n] : tensor<?xf32> -> tensor<?xf32>
    return %n, %five, %0 : index, index, tensor<?xf32>
  })");
  REQUIRE(f.error == "");
  CHECK(f[0] == "n");
  CHECK(f[1] == "5");
  CHECK(f[2] == "[n]");
  CHECK(f.symbols() == "n: dim 1.0; %0.value: index 0.0; %2.value: index 2.0; ");
  CHECK(f.checks() == "func.func: %0.value == n; func.func: %2.value == 5; ");

  Analysed free(R"(func.func @f(%n: index, %x: tensor<?xf32>) -> tensor<?xf32> {
    %0 = ogee.reshape %x [%n] : tensor<?xf32> -> tensor<?xf32>
    return %0 : tensor<?xf32>
  })");
  REQUIRE(free.error == "");
  CHECK(free.checks() == "ogee.reshape: 0 <= %0.value; ogee.reshape: %1.0 == %0.value; ");
}

TEST_CASE("dims of values in groups") {
  Analysed f(R"(func.func @f(%x: tensor<?xf32> {ogee.dims = ["n"]}) -> tensor<?xf32> {
    %n = ogee.dim %x [0] : tensor<?xf32>
    %r = ogee.group(%a = %x, %m = %n : tensor<?xf32>, index) -> tensor<?xf32> {
      %i = ogee.iota [0] sizes [%m] : tensor<?xf32>
      %0 = ogee.add %a, %i : tensor<?xf32>
      ogee.yield %0 : tensor<?xf32>
    }
    return %r : tensor<?xf32>
  })");
  REQUIRE(f.error == "");
  CHECK(f[0] == "[n]");
  CHECK(f.checks() == "");
}

TEST_CASE("dims that contradict each other are errors") {
  auto error = [](const std::string& body) {
    return Analysed("func.func @f(%x: tensor<?xf32> {ogee.dims = [\"n\"], ogee.ranges = [[1, 4]]}, %y: tensor<?xf32>, "
                    "%i: index, %f: f32) {\n" +
                    body + "\nreturn }")
        .error;
  };
  CHECK(error("%0 = ogee.reshape %x [8] : tensor<?xf32> -> tensor<8xf32>") ==
        "reshape: [n] and [8] have different numbers of elements");
  CHECK(error("%c = arith.constant -1 : index %0 = ogee.slice %x [%c] [1] [1] : tensor<?xf32> -> tensor<1xf32>") ==
        "slice: the offset is negative along axis 0 of [n]: offset -1, size 1, stride 1");
  CHECK(error("%0 = arith.divsi %i, %i : index") ==
        "'arith.divsi' op computes an index that is not an expression of sizes, or too large");
  CHECK(error("%c = arith.constant 9223372036854775807 : index %0 = arith.addi %c, %c : index") ==
        "'arith.addi' op computes an index that is not an expression of sizes, or too large");
  CHECK(error("%0 = arith.xori %i, %i : index") ==
        "'arith.xori' op computes an index that is not an expression of sizes, or too large");
  CHECK(error("return ^bb1:") == "'func.func' op must have one block");
  CHECK(error("%0 = arith.addf %x, %x : tensor<?xf32>") == "'arith.addf' op is not an op of the ogee dialect");
}

} // namespace
} // namespace ogee::ir
