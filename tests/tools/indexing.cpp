// The interpreter's dynamic slices and updates: starts that are moved to where the part fits.
#include "tests/tools/reference.h"

using namespace ogee::reference;

namespace {

const Array kMatrix({2, 3}, std::vector<int32_t>{1, 2, 3, 4, 5, 6});

Array slice(int64_t i, int64_t j) {
  return evaluate("ogee.dynamic_slice %0 [%1, %2] sizes [1, 2] : tensor<2x3xi32> -> tensor<1x2xi32>",
                  {kMatrix, scalar(i), scalar(j)});
}

Array updated(int64_t i, int64_t j) {
  const std::string text = R"(
    func.func @main(%x: tensor<2x3xi32>, %p: tensor<1x2xi32>, %i: tensor<i64>, %j: tensor<i64>) -> tensor<2x3xi32> {
      %r = ogee.dynamic_update %x, %p [%i, %j] : tensor<2x3xi32>, tensor<1x2xi32>
      return %r : tensor<2x3xi32>
    })";
  return run(text, {kMatrix, Array({1, 2}, std::vector<int32_t>{8, 9}), scalar(i), scalar(j)})[0];
}

} // namespace

TEST_CASE("dynamic slices", "[reference]") {
  checkEqual(slice(0, 0), Array({1, 2}, std::vector<int32_t>{1, 2}));
  checkEqual(slice(1, 1), Array({1, 2}, std::vector<int32_t>{5, 6}));
  checkEqual(slice(7, INT64_MAX), Array({1, 2}, std::vector<int32_t>{5, 6}));
  checkEqual(slice(INT64_MIN, -1), Array({1, 2}, std::vector<int32_t>{1, 2}));
}

TEST_CASE("dynamic updates", "[reference]") {
  checkEqual(updated(0, 1), Array({2, 3}, std::vector<int32_t>{1, 8, 9, 4, 5, 6}));
  checkEqual(updated(5, -5), Array({2, 3}, std::vector<int32_t>{1, 2, 3, 8, 9, 6}));
}

TEST_CASE("a part that does not fit", "[reference]") {
  const std::string text = R"(
    func.func @main(%x: tensor<?xi32>, %n: index, %i: tensor<i64>) -> tensor<?xi32> {
      %r = ogee.dynamic_slice %x [%i] sizes [%n] : tensor<?xi32> -> tensor<?xi32>
      return %r : tensor<?xi32>
    })";
  checkEqual(run(text, {ints({1, 2, 3}), scalar(2), scalar(9)})[0], ints({2, 3}));
  CHECK(errorOf(text, {ints({1, 2, 3}), scalar(4), scalar(0)}) == "3:12: a part [4] does not fit into [3]");
}
