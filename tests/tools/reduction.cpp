// The interpreter's reductions against values worked out by hand.
#include "tests/tools/reference.h"

using namespace ogee::reference;

namespace {
const Array kMatrix({2, 3}, std::vector<float>{1, 5, 2, 7, -3, 4});
const Array kNothing(DType::f32, {2, 0});
} // namespace

TEST_CASE("sums and products", "[reference]") {
  checkEqual(evaluate("ogee.sum %0 [1] : tensor<2x3xf32> -> tensor<2xf32>", {kMatrix}), floats({8, 8}));
  checkEqual(evaluate("ogee.sum %0 [0] : tensor<2x3xf32> -> tensor<3xf32>", {kMatrix}), floats({8, 2, 6}));
  checkEqual(evaluate("ogee.sum %0 [0, 1] : tensor<2x3xf32> -> tensor<f32>", {kMatrix}),
             Array(Index{}, std::vector<float>{16}));
  checkEqual(evaluate("ogee.prod %0 [1] : tensor<2x3xf32> -> tensor<2xf32>", {kMatrix}), floats({10, -84}));
  checkEqual(evaluate("ogee.sum %0 [1] : tensor<2x0xf32> -> tensor<2xf32>", {kNothing}), floats({0, 0}));
  checkEqual(evaluate("ogee.prod %0 [1] : tensor<2x0xf32> -> tensor<2xf32>", {kNothing}), floats({1, 1}));
  const Array large = ints({2147483647, 2147483647});
  checkEqual(evaluate("ogee.sum %0 [0] : tensor<2xi32> -> tensor<i32>", {large}),
             Array(Index{}, std::vector<int32_t>{-2}));
  // One rounding at the end: adding 1 to 2^24 in f32 would be lost each time.
  checkEqual(evaluate("ogee.sum %0 [0] : tensor<5xf32> -> tensor<f32>", {floats({16777216, 1, 1, 1, 1})}),
             Array(Index{}, std::vector<float>{16777220}));
}

TEST_CASE("extremes", "[reference]") {
  checkEqual(evaluate("ogee.amax %0 [0] : tensor<2x3xf32> -> tensor<3xf32>", {kMatrix}), floats({7, 5, 4}));
  checkEqual(evaluate("ogee.amin %0 [1] : tensor<2x3xf32> -> tensor<2xf32>", {kMatrix}), floats({1, -3}));
  checkEqual(evaluate("ogee.amax %0 [1] : tensor<2x0xf32> -> tensor<2xf32>", {kNothing}), floats({-kInf, -kInf}));
  checkEqual(evaluate("ogee.amin %0 [0] : tensor<0xi32> -> tensor<i32>", {ints({})}),
             Array(Index{}, std::vector<int32_t>{2147483647}));
  checkEqual(evaluate("ogee.amax %0 [0] : tensor<3xf32> -> tensor<f32>", {floats({1, kNaN, 2})}),
             Array(Index{}, std::vector<float>{kNaN}));
}

TEST_CASE("any and all", "[reference]") {
  const Array x({2, 2}, std::vector<bool>{true, false, true, true});
  checkEqual(evaluate("ogee.any %0 [0] : tensor<2x2xi1> -> tensor<2xi1>", {x}), bools({true, true}));
  checkEqual(evaluate("ogee.all %0 [1] : tensor<2x2xi1> -> tensor<2xi1>", {x}), bools({false, true}));
  checkEqual(evaluate("ogee.any %0 [1] : tensor<1x0xi1> -> tensor<1xi1>", {Array(DType::boolean, {1, 0})}),
             bools({false}));
  checkEqual(evaluate("ogee.all %0 [1] : tensor<1x0xi1> -> tensor<1xi1>", {Array(DType::boolean, {1, 0})}),
             bools({true}));
}

TEST_CASE("positions of extremes", "[reference]") {
  checkEqual(evaluate("ogee.argmax %0 [1] : tensor<2x3xf32> -> tensor<2xi64>", {kMatrix}), longs({1, 0}));
  checkEqual(evaluate("ogee.argmin %0 [0] : tensor<2x3xf32> -> tensor<3xi64>", {kMatrix}), longs({0, 1, 0}));
  const auto position = [](int64_t at) { return scalar(at); };
  checkEqual(evaluate("ogee.argmax %0 [0] : tensor<3xi32> -> tensor<i64>", {ints({2, 9, 9})}), position(1));
  checkEqual(evaluate("ogee.argmin %0 [0] : tensor<2xf32> -> tensor<i64>", {floats({0.f, -0.f})}), position(0));
  checkEqual(evaluate("ogee.argmin %0 [0] : tensor<4xf32> -> tensor<i64>", {floats({3, kNaN, 1, kNaN})}), position(1));
  checkEqual(evaluate("ogee.argmax %0 [0] : tensor<1xf32> -> tensor<i64>", {floats({-kInf})}), position(0));
  checkEqual(evaluate("ogee.argmax %0 [0] : tensor<0xf32> -> tensor<i64>", {floats({})}), position(-1));
}
