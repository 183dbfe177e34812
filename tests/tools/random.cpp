// The interpreter's random ops against the published test vectors of Philox 4x32-10, and against numbers worked out
// from its words by hand.
#include "tests/tools/reference.h"

#include <cmath>

using namespace ogee::reference;

namespace {

// The key and draw number of the third published vector; its block number is 0 here.
const Array kKey = scalar(0x299f31d0a4093822), kDraw = scalar(0x0370734413198a2e);
// The words are b60a410e 61bd7780 a53f3958 3d51eb3f, then 314ddb4b 0ab83527 of the next block.

/// `op` with operands of the given key and draw number, for `count` elements.
Array draw(const std::string& op, int count, const std::string& element, const std::vector<Array>& bounds = {}) {
  std::vector<Array> operands = {kKey, kDraw};
  operands.insert(operands.end(), bounds.begin(), bounds.end());
  const std::string size = std::to_string(count), names = bounds.empty() ? " %0, %1" : " %0, %1, %2, %3";
  return evaluate("ogee." + op + names + " sizes [" + size + "] : tensor<" + size + "x" + element + ">", operands);
}

} // namespace

TEST_CASE("uniform floats are the upper bits of the words", "[reference]") {
  // Published: counter 0, key 0 gives 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
  checkEqual(evaluate("ogee.random_uniform %0, %0 sizes [2, 2] : tensor<2x2xf32>", {scalar(0)}),
             Array({2, 2}, std::vector<float>{0x0.6627e8p0f, 0x0.e169c5p0f, 0x0.bc57acp0f, 0x0.9b00dbp0f}));
  checkEqual(draw("random_uniform", 6, "f32"),
             floats({0x0.b60a41p0f, 0x0.61bd77p0f, 0x0.a53f39p0f, 0x0.3d51ebp0f, 0x0.314ddbp0f, 0x0.0ab835p0f}));
  checkEqual(draw("random_uniform", 3, "f64"),
             doubles({std::ldexp(3438924212388168.0, -53), std::ldexp(2157505550788583.0, -53),
                      std::ldexp(377161024678331.0, -53)}));
}

TEST_CASE("integers are spread evenly", "[reference]") {
  const auto integers = [](int64_t low, int64_t high, int count, const std::string& element) {
    return draw("random_integers", count, element, {scalar(low), scalar(high)});
  };
  checkEqual(integers(-5, 10, 8, "i64"), longs({0, -2, -5, -2, -5, 0, -5, -5}));
  checkEqual(integers(7, 7, 2, "i64"), longs({7, 7}));
  checkEqual(integers(7, -7, 2, "i32"), ints({7, 7}));
  checkEqual(integers(1ll << 32, (1ll << 32) + 1, 2, "i32"), ints({0, 0}));
  checkEqual(integers(INT64_MIN, INT64_MAX, 1, "i64"), longs({INT64_MIN + 0x61bd7780b60a410d}));
}

TEST_CASE("normal floats", "[reference]") {
  const auto close = [](const Array& actual, const std::vector<double>& expected, double tolerance) {
    for (size_t i = 0; i < expected.size(); ++i) {
      const double value = actual.dtype == DType::f32 ? actual.as<float>()[i] : actual.as<double>()[i];
      CHECK(std::abs(value - expected[i]) <= tolerance * std::abs(expected[i]));
    }
  };
  close(draw("random_normal", 5, "f32"),
        {-0.6083077733021747, 0.5584469977545332, 0.061501178834878045, 0.9336435204924481, 1.7525744504968104}, 6e-8);
  close(draw("random_normal", 3, "f64"), {0.09121367565093466, 1.3847061160658296, 0.0133296130791103}, 1e-14);
}
