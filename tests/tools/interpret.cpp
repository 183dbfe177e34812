// The interpreter as a whole: constants, positions, groups, index arithmetic, several results, and errors of a call.
// Covers: creation
#include "tests/tools/reference.h"

using namespace ogee::reference;

TEST_CASE("constants and positions", "[reference]") {
  const auto created = [](const std::string& op) { return evaluate(op, {}); };
  checkEqual(created("ogee.constant dense<[1.5, -0.0]> : tensor<2xf32>"), floats({1.5f, -0.f}));
  checkEqual(created("ogee.constant dense<-7> : tensor<2x2xi64>"), Array({2, 2}, std::vector<int64_t>{-7, -7, -7, -7}));
  checkEqual(created("ogee.constant dense<[true, false]> : tensor<2xi1>"), bools({true, false}));
  checkEqual(created("ogee.constant dense<0.1> : tensor<f64>"), Array(Index{}, std::vector<double>{0.1}));
  checkEqual(created("ogee.iota [1] sizes [2, 3] : tensor<2x3xf32>"),
             Array({2, 3}, std::vector<float>{0, 1, 2, 0, 1, 2}));
  checkEqual(created("ogee.iota [0] sizes [2, 2] : tensor<2x2xi32>"), Array({2, 2}, std::vector<int32_t>{0, 0, 1, 1}));
}

TEST_CASE("groups compute what their bodies compute", "[reference]") {
  const auto results = run(R"(
    func.func @main(%x: tensor<?xf32>, %n: index) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) {
      %r:2 = ogee.group "pair" (%a = %x, %m = %n : tensor<?xf32>, index) -> (tensor<?xf32>, tensor<?xf32>) {
        %0 = ogee.add %a, %a : tensor<?xf32>
        %1 = ogee.slice %0 [0] [%m] [1] : tensor<?xf32> -> tensor<?xf32>
        ogee.yield %0, %1 : tensor<?xf32>, tensor<?xf32>
      }
      return %r#1, %x, %r#0 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
    })",
                           {floats({1, 2, 3}), scalar(2)});
  REQUIRE(results.size() == 3);
  checkEqual(results[0], floats({2, 4}));
  checkEqual(results[1], floats({1, 2, 3}));
  checkEqual(results[2], floats({2, 4, 6}));
}

namespace {

/// The number that `op` gives for %a and %b.
int64_t indexOp(const std::string& op, int64_t a, int64_t b) {
  const std::string text =
      "func.func @main(%a: index, %b: index) -> index {\n%0 = arith." + op + " %a, %b : index\nreturn %0 : index\n}";
  return run(text, {scalar(a), scalar(b)})[0].as<int64_t>()[0];
}

} // namespace

TEST_CASE("index arithmetic", "[reference]") {
  CHECK(indexOp("addi", 7, -2) == 5);
  CHECK(indexOp("subi", 7, -2) == 9);
  CHECK(indexOp("muli", 7, -2) == -14);
  CHECK(indexOp("floordivsi", -7, 2) == -4);
  CHECK(indexOp("ceildivsi", 7, 2) == 4);
  CHECK(indexOp("ceildivsi", -7, 2) == -3);
  CHECK(indexOp("divsi", -7, 2) == -3);
  CHECK(indexOp("remsi", -7, 2) == -1);
  CHECK(indexOp("minsi", -7, 2) == -7);
  CHECK(indexOp("maxsi", -7, 2) == 2);
  const std::string text =
      "func.func @main(%a: index) -> index {\n%0 = arith.remsi %a, %a : index\nreturn %0 : index\n}";
  CHECK(errorOf(text, {scalar(0)}) == "2:6: overflow or division by zero in a size");
}

TEST_CASE("arguments that do not fit", "[reference]") {
  const std::string text =
      R"(func.func @main(%x: tensor<?x3xf32> {ogee.name = "x", ogee.dims = ["n", ""], ogee.ranges = [[1, 4], []]},
                %y: tensor<?xf32> {ogee.dims = ["n"], ogee.ranges = [[1, 4]]}) -> tensor<?xf32> {
      return %y : tensor<?xf32>
    })";
  const auto error = [&](Index x, Index y) { return errorOf(text, {Array(DType::f32, x), Array(DType::f32, y)}); };
  CHECK(error({2, 4}, {2}) == "1:1: arg 0 (x) dim 1 is 4, expected 3");
  CHECK(error({2, 3}, {3}) == "1:1: arg 1 dim 0 is 3, expected 2 (n)");
  CHECK(error({5, 3}, {5}) == "1:1: arg 0 (x) dim 0 is 5, expected 1 to 4 (n)");
  CHECK(errorOf("func.func @main(%n: index {ogee.ranges = [[1, 4]]}) -> index {return %n : index}", {scalar(5)}) ==
        "1:1: arg 0 is 5, expected 1 to 4");
  CHECK(error({5}, {5}) == "1:1: arg 0 (x) is f32 of rank 1, expected f32 of rank 2");
  CHECK(errorOf(text, {}) == "1:1: takes 2 arguments, got 0");
}

TEST_CASE("results that their type contradicts, and sizes beyond memory", "[reference]") {
  CHECK(errorOf(R"(func.func @main(%n: index) -> tensor<?xi64> {
    %0 = ogee.iota [0] sizes [%n] : tensor<?xi64>
    return %0 : tensor<?xi64>
  })",
                {scalar(-1)}) == "2:10: negative size: [-1]");
  CHECK(errorOf(R"(func.func @main(%n: index) -> tensor<?x?xi64> {
    %0 = ogee.iota [0] sizes [%n, %n] : tensor<?x?xi64>
    return %0 : tensor<?x?xi64>
  })",
                {scalar(INT64_MAX)}) ==
        "2:10: too large for the interpreter: [9223372036854775807, 9223372036854775807]");
  CHECK(errorOf("func.func private @main()", {}) == "1:1: has no body");
}
