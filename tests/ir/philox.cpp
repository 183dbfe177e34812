// Philox against the known answers of its authors' library (Random123, kat_vectors), and the distributions made from it
// against their definitions.
#include "ir/philox.h"

#include "tests/catch.h"
#include "tests/ir/math_jit.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace ogee::ir::tests {
namespace {

constexpr size_t kCount = 1 << 16;
constexpr int64_t kKey = 0x299f31d0a4093822, kDraw = 42;

/// The function of consecutive elements.
template <typename T, typename Function>
std::vector<T> draw(const Function& function, int64_t first = 0, size_t count = kCount) {
  const Kernel<T(int64_t)> kernel([&](Builder& b, mlir::ValueRange args) {
    const auto number = [&](int64_t value) -> Value { return b.create<mlir::arith::ConstantIntOp>(value, 64); };
    return function(b, args[0], number(kKey), number(kDraw));
  });
  std::vector<int64_t> elements(count);
  std::iota(elements.begin(), elements.end(), first);
  std::vector<T> result(count);
  kernel.run(result.data(), elements.data(), count);
  return result;
}

std::vector<uint32_t> drawWords(int64_t first = 0, size_t count = kCount) {
  const std::vector<int32_t> words = draw<int32_t>(philox::word, first, count);
  return {words.begin(), words.end()};
}

TEST_CASE("Philox gives its known answers") {
  struct Answer {
    uint64_t block, draw, key;
    uint32_t words[4];
  };
  const Answer answers[] = {
      {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {~0ull, ~0ull, ~0ull, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {0x85a308d3243f6a88, 0x0370734413198a2e, 0x299f31d0a4093822, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (unsigned i = 0; i < 4; ++i) {
    const Kernel<int32_t(int64_t, int64_t, int64_t)> kernel(
        [&](Builder& b, mlir::ValueRange args) { return philox::words(b, args[0], args[1], args[2])[i]; });
    for (const Answer& answer : answers)
      CHECK(static_cast<uint32_t>(kernel(std::bit_cast<int64_t>(answer.block), std::bit_cast<int64_t>(answer.key),
                                         std::bit_cast<int64_t>(answer.draw))) == answer.words[i]);
  }
}

TEST_CASE("the elements of a block get its words in order") {
  const std::vector<uint32_t> words = drawWords();
  for (unsigned i = 0; i < 4; ++i) {
    const auto blocks = draw<int32_t>(
        [i](Builder& b, Value block, Value key, Value number) { return philox::words(b, block, key, number)[i]; });
    for (size_t block = 0; block < 100; ++block) REQUIRE(words[4 * block + i] == static_cast<uint32_t>(blocks[block]));
  }
  // Runs that do not start with a block.
  for (const int64_t first : {1, 2, 3}) {
    const std::vector<uint32_t> shifted = drawWords(first, 64);
    CHECK(std::equal(shifted.begin(), shifted.end(), words.begin() + first));
  }
  // Beyond 2^34 elements the high word of the counter counts.
  CHECK(drawWords(int64_t(1) << 40, 16) != drawWords(0, 16));
}

TEST_CASE("wide words are pairs of words, low word first") {
  const std::vector<uint32_t> words = drawWords();
  const std::vector<int64_t> wide = draw<int64_t>(philox::wideWord);
  for (size_t i = 0; i < 1000; ++i)
    REQUIRE(static_cast<uint64_t>(wide[i]) == (words[2 * i] | uint64_t(words[2 * i + 1]) << 32));
}

TEST_CASE("uniform numbers are the top bits of words") {
  const std::vector<uint32_t> words = drawWords();
  const std::vector<int64_t> wide = draw<int64_t>(philox::wideWord);
  const std::vector<float> narrow = draw<float>(philox::uniformF32);
  const std::vector<double> precise = draw<double>(philox::uniformF64);
  for (size_t i = 0; i < kCount; ++i) {
    REQUIRE(narrow[i] == static_cast<float>(words[i] >> 8) * 0x1p-24f);
    REQUIRE(precise[i] == static_cast<double>(static_cast<uint64_t>(wide[i]) >> 11) * 0x1p-53);
  }
}

template <typename T>
void checkMoments(const std::vector<T>& sample) {
  double moments[5] = {};
  for (const double x : sample)
    for (int k = 1; k < 5; ++k) moments[k] += std::pow(x, k) / static_cast<double>(sample.size());
  // Six standard deviations of each moment of a normal sample of 2^16.
  CHECK(std::abs(moments[1]) < 0.024);
  CHECK(std::abs(moments[2] - 1) < 0.034);
  CHECK(std::abs(moments[3]) < 0.092);
  CHECK(std::abs(moments[4] - 3) < 0.23);
}

TEST_CASE("normal numbers follow Box and Muller's formula") {
  constexpr double kTurn = 6.283185307179586476925;
  const std::vector<uint32_t> words = drawWords();
  const std::vector<float> narrow = draw<float>(philox::normalF32);
  const std::vector<double> precise = draw<double>(philox::normalF64);
  const auto expected = [&](double u, double v, size_t i) {
    return std::sqrt(-2 * std::log(u)) * (i % 2 ? std::sin(kTurn * v) : std::cos(kTurn * v));
  };
  const auto fraction = [&](size_t word) {
    return static_cast<double>((words[word] | uint64_t(words[word + 1]) << 32) >> 11) * 0x1p-53;
  };
  for (size_t i = 0; i < kCount / 2; ++i) {
    const size_t pair = i & ~size_t(1);
    const double f32 = expected((static_cast<float>(words[pair]) + 0.5f) * 0x1p-32f, words[pair + 1] * 0x1p-32, i);
    REQUIRE(std::abs(narrow[i] - f32) < 3e-7 * (1 + std::abs(f32)));
    const double f64 = expected(fraction(2 * pair) + 0x1p-54, fraction(2 * pair + 2), i);
    REQUIRE(std::abs(precise[i] - f64) < 1e-15 * (1 + std::abs(f64)));
  }
  checkMoments(narrow);
  checkMoments(precise);
}

TEST_CASE("sines of turns are accurate to 3 ULP and exact at the quarters") {
  const Kernel<float(int32_t)> sine([](Builder& b, mlir::ValueRange args) { return math::sinTurns(b, args[0]); });
  const Kernel<float(int32_t)> cosine([](Builder& b, mlir::ValueRange args) {
    const Value quarter = b.create<mlir::arith::ConstantOp>(
        mlir::DenseElementsAttr::get(mlir::cast<mlir::VectorType>(args[0].getType()), b.getI32IntegerAttr(1 << 30)));
    return math::sinTurns(b, b.create<mlir::arith::AddIOp>(args[0], quarter));
  });
  constexpr int32_t kQuarter = 1 << 30;
  CHECK(sine(0) == 0.0f);
  CHECK(sine(kQuarter) == 1.0f);
  CHECK(sine(-kQuarter) == -1.0f);
  CHECK(cosine(0) == 1.0f);
  CHECK(cosine(INT32_MIN) == -1.0f);
  for (uint32_t turns = 12345; turns < 0xfff00000u; turns += 999983) {
    const double exact = std::sin(6.283185307179586476925 * (turns * 0x1p-32));
    const float nearest = static_cast<float>(std::abs(exact)), lastPlace = std::nextafter(nearest, 2.0f) - nearest;
    INFO(turns);
    REQUIRE(std::abs(sine(static_cast<int32_t>(turns)) - exact) <= 3 * lastPlace);
  }
}

TEST_CASE("integers lie in their range and are evenly spread") {
  const Kernel<int64_t(int64_t, int64_t, int64_t)> kernel([](Builder& b, mlir::ValueRange args) {
    const Value key = b.create<mlir::arith::ConstantIntOp>(kKey, 64),
                number = b.create<mlir::arith::ConstantIntOp>(kDraw, 64);
    return philox::integers(b, args[0], key, number, args[1], args[2]);
  });
  const std::vector<int64_t> wide = draw<int64_t>(philox::wideWord);
  std::vector<int64_t> elements(kCount), result(kCount);
  std::iota(elements.begin(), elements.end(), 0);
  const auto run = [&](int64_t low, int64_t high) {
    kernel.run(result.data(), elements.data(), std::vector<int64_t>(kCount, low).data(),
               std::vector<int64_t>(kCount, high).data(), kCount);
  };
  for (const auto& [low, high] : {std::pair<int64_t, int64_t>{0, 10},
                                  {-3, 4},
                                  {5, 6},
                                  {0, int64_t(1) << 40},
                                  {INT64_MIN, INT64_MAX},
                                  {INT64_MIN, 1},
                                  {-1, INT64_MAX}}) {
    run(low, high);
    const auto range = static_cast<unsigned __int128>(static_cast<uint64_t>(high) - static_cast<uint64_t>(low));
    for (size_t i = 0; i < kCount; ++i) {
      const auto offset = static_cast<uint64_t>((range * static_cast<uint64_t>(wide[i])) >> 64);
      REQUIRE(static_cast<uint64_t>(result[i]) == static_cast<uint64_t>(low) + offset);
    }
  }
  for (const auto& [low, high] : {std::pair<int64_t, int64_t>{7, 7}, {7, -7}, {INT64_MAX, INT64_MIN}}) {
    run(low, high);
    CHECK(std::count(result.begin(), result.end(), low) == kCount);
  }
  run(0, 10);
  for (int64_t value = 0; value < 10; ++value)
    CHECK(std::abs(std::count(result.begin(), result.end(), value) - kCount / 10.0) < 6 * std::sqrt(kCount * 0.09));
}

} // namespace
} // namespace ogee::ir::tests
