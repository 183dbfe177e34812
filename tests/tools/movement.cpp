// The interpreter's movement ops: where elements go, and the errors of sizes that only a run knows.
#include "tests/tools/reference.h"

using namespace ogee::reference;

namespace {

const Array kMatrix({2, 3}, std::vector<int32_t>{1, 2, 3, 4, 5, 6});

} // namespace

TEST_CASE("reshape, transpose and reverse", "[reference]") {
  checkEqual(evaluate("ogee.reshape %0 [3, 2] : tensor<2x3xi32> -> tensor<3x2xi32>", {kMatrix}),
             Array({3, 2}, std::vector<int32_t>{1, 2, 3, 4, 5, 6}));
  checkEqual(evaluate("ogee.transpose %0 [1, 0] : tensor<2x3xi32> -> tensor<3x2xi32>", {kMatrix}),
             Array({3, 2}, std::vector<int32_t>{1, 4, 2, 5, 3, 6}));
  const Array cube({1, 2, 3}, std::vector<int32_t>{1, 2, 3, 4, 5, 6});
  checkEqual(evaluate("ogee.transpose %0 [2, 0, 1] : tensor<1x2x3xi32> -> tensor<3x1x2xi32>", {cube}),
             Array({3, 1, 2}, std::vector<int32_t>{1, 4, 2, 5, 3, 6}));
  checkEqual(evaluate("ogee.reverse %0 [1] : tensor<2x3xi32>", {kMatrix}),
             Array({2, 3}, std::vector<int32_t>{3, 2, 1, 6, 5, 4}));
  checkEqual(evaluate("ogee.reverse %0 [0, 1] : tensor<2x3xi32>", {kMatrix}),
             Array({2, 3}, std::vector<int32_t>{6, 5, 4, 3, 2, 1}));
}

TEST_CASE("broadcast", "[reference]") {
  checkEqual(evaluate("ogee.broadcast %0 [1] sizes [2, 3] : tensor<3xi32> -> tensor<2x3xi32>", {ints({1, 2, 3})}),
             Array({2, 3}, std::vector<int32_t>{1, 2, 3, 1, 2, 3}));
  checkEqual(evaluate("ogee.broadcast %0 [0, 1] sizes [2, 3] : tensor<2x1xi32> -> tensor<2x3xi32>",
                      {Array({2, 1}, std::vector<int32_t>{1, 2})}),
             Array({2, 3}, std::vector<int32_t>{1, 1, 1, 2, 2, 2}));
  checkEqual(evaluate("ogee.broadcast %0 [] sizes [0, 3] : tensor<i32> -> tensor<0x3xi32>", {Array(DType::i32, {})}),
             Array(DType::i32, {0, 3}));
}

TEST_CASE("slice, pad and concatenate", "[reference]") {
  checkEqual(evaluate("ogee.slice %0 [0, 0] [2, 2] [1, 2] : tensor<2x3xi32> -> tensor<2x2xi32>", {kMatrix}),
             Array({2, 2}, std::vector<int32_t>{1, 3, 4, 6}));
  checkEqual(evaluate("ogee.slice %0 [2, 1] [0, 2] [1, 1] : tensor<2x3xi32> -> tensor<0x2xi32>", {kMatrix}),
             Array(DType::i32, {0, 2}));
  const Array nine(Index{}, std::vector<int32_t>{9});
  checkEqual(evaluate("ogee.pad %0, %1 low [1] high [2] interior [1] : tensor<2xi32>, tensor<i32> -> tensor<6xi32>",
                      {ints({1, 2}), nine}),
             ints({9, 1, 9, 2, 9, 9}));
  checkEqual(evaluate("ogee.pad %0, %1 low [-1] high [-1] interior [1] : tensor<3xi32>, tensor<i32> -> tensor<3xi32>",
                      {ints({1, 2, 3}), nine}),
             ints({9, 2, 9}));
  checkEqual(evaluate("ogee.pad %0, %1 low [1] high [1] interior [3] : tensor<0xi32>, tensor<i32> -> tensor<2xi32>",
                      {ints({}), nine}),
             ints({9, 9}));
  checkEqual(evaluate("ogee.concatenate %0, %1 [1] : tensor<2x3xi32>, tensor<2x1xi32> -> tensor<2x4xi32>",
                      {kMatrix, Array({2, 1}, std::vector<int32_t>{7, 8})}),
             Array({2, 4}, std::vector<int32_t>{1, 2, 3, 7, 4, 5, 6, 8}));
}

TEST_CASE("sizes that are index values", "[reference]") {
  const std::string text = R"(
    func.func @main(%x: tensor<?x3xi32>, %n: index) -> tensor<?x?xi32> {
      %rows = ogee.dim %x [0] : tensor<?x3xi32>
      %m = arith.subi %rows, %n : index
      %0 = ogee.slice %x [%m, 0] [%n, %n] [1, 2] : tensor<?x3xi32> -> tensor<?x?xi32>
      return %0 : tensor<?x?xi32>
    })";
  checkEqual(run(text, {Array({3, 3}, std::vector<int32_t>{1, 2, 3, 4, 5, 6, 7, 8, 9}), scalar(2)})[0],
             Array({2, 2}, std::vector<int32_t>{4, 6, 7, 9}));
}

TEST_CASE("sizes that do not fit are errors at the op", "[reference]") {
  const auto text = [](const std::string& op) {
    return "func.func @main(%x: tensor<?xi32>, %y: tensor<?xi32>, %n: index) -> tensor<?xi32> {\n" + op +
           "\nreturn %0 : tensor<?xi32>\n}";
  };
  const std::vector<Array> arguments = {ints({1, 2, 3}), ints({1, 2}), scalar(4)};
  CHECK(errorOf(text("%0 = ogee.add %x, %y : tensor<?xi32>"), arguments) ==
        "2:6: operands have different sizes: [3] and [2]");
  CHECK(errorOf(text("%0 = ogee.reshape %x [%n] : tensor<?xi32> -> tensor<?xi32>"), arguments) ==
        "2:6: numbers of elements differ: [3] to [4]");
  CHECK(errorOf(text("%0 = ogee.broadcast %x [0] sizes [%n] : tensor<?xi32> -> tensor<?xi32>"), arguments) ==
        "2:6: size 3 of dim 0 cannot become 4");
  CHECK(errorOf(text("%0 = ogee.slice %x [0] [%n] [1] : tensor<?xi32> -> tensor<?xi32>"), arguments) ==
        "2:6: offset 0, size 4, stride 1 leave dim 0 of [3]");
}
