// The interpreter's dot against values worked out by hand.
#include "tests/tools/reference.h"

using namespace ogee::reference;

namespace {

const Array kLeft({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
const Array kRight({3, 2}, std::vector<float>{7, 8, 9, 10, 11, 12});

} // namespace

TEST_CASE("matrix products", "[reference]") {
  checkEqual(
      evaluate("ogee.dot %0, %1 batch [] x [] contract [1] x [0] : tensor<2x3xf32>, tensor<3x2xf32> -> tensor<2x2xf32>",
               {kLeft, kRight}),
      Array({2, 2}, std::vector<float>{58, 64, 139, 154}));
  // Both operands the other way round: the transpose of the product.
  checkEqual(
      evaluate("ogee.dot %0, %1 batch [] x [] contract [0] x [1] : tensor<3x2xf32>, tensor<2x3xf32> -> tensor<2x2xf32>",
               {kRight, kLeft}),
      Array({2, 2}, std::vector<float>{58, 139, 64, 154}));
}

TEST_CASE("inner and outer products", "[reference]") {
  const Array a = ints({1, 2, 3}), b = ints({4, 5, 6});
  checkEqual(evaluate("ogee.dot %0, %1 batch [] x [] contract [0] x [0] : tensor<3xi32>, tensor<3xi32> -> tensor<i32>",
                      {a, b}),
             Array(Index{}, std::vector<int32_t>{32}));
  checkEqual(
      evaluate("ogee.dot %0, %1 batch [] x [] contract [] x [] : tensor<3xi32>, tensor<3xi32> -> tensor<3x3xi32>",
               {a, b}),
      Array({3, 3}, std::vector<int32_t>{4, 5, 6, 8, 10, 12, 12, 15, 18}));
  checkEqual(
      evaluate("ogee.dot %0, %1 batch [] x [] contract [1] x [0] : tensor<2x0xf32>, tensor<0x1xf32> -> tensor<2x1xf32>",
               {Array(DType::f32, {2, 0}), Array(DType::f32, {0, 1})}),
      Array({2, 1}, std::vector<float>{0, 0}));
}

TEST_CASE("batches, and axes contracted in another order", "[reference]") {
  // Batch is axis 1 of lhs and axis 0 of rhs: out[b, i] = sum_k lhs[i, b, k] rhs[b, k].
  const Array lhs({2, 2, 2}, std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8}),
      rhs({2, 2}, std::vector<double>{1, 10, 100, 1000});
  checkEqual(
      evaluate(
          "ogee.dot %0, %1 batch [1] x [0] contract [2] x [1] : tensor<2x2x2xf64>, tensor<2x2xf64> -> tensor<2x2xf64>",
          {lhs, rhs}),
      Array({2, 2}, std::vector<double>{21, 65, 4300, 8700}));
  // sum_ij lhs[i, j] rhs[j, i]
  checkEqual(
      evaluate(
          "ogee.dot %0, %1 batch [] x [] contract [0, 1] x [1, 0] : tensor<2x3xf32>, tensor<3x2xf32> -> tensor<f32>",
          {kLeft, kRight}),
      Array(Index{}, std::vector<float>{1 * 7 + 2 * 9 + 3 * 11 + 4 * 8 + 5 * 10 + 6 * 12}));
}
