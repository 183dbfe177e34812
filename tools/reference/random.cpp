// Random numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC11), one
// block for every element, and the distributions made of its words.
#include "ir/dialect.h"
#include "tools/reference/families.h"

#include "llvm/ADT/TypeSwitch.h"

#include <array>
#include <numbers>

namespace ogee::reference {

using mlir::FailureOr;

namespace {

using Words = std::array<uint32_t, 4>;

Words philox(Words counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t first = uint64_t(0xD2511F53) * counter[0], second = uint64_t(0xCD9E8D57) * counter[2];
    counter = {uint32_t(second >> 32) ^ counter[1] ^ key[0], uint32_t(second),
               uint32_t(first >> 32) ^ counter[3] ^ key[1], uint32_t(first)};
    key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
  }
  return counter;
}

/// The source of one op's draws.
struct Stream {
  uint64_t key, draw;

  Words block(uint64_t number) const {
    return philox({uint32_t(number), uint32_t(number >> 32), uint32_t(draw), uint32_t(draw >> 32)},
                  {uint32_t(key), uint32_t(key >> 32)});
  }
  /// Four elements share a block: a word each.
  uint32_t word(uint64_t element) const { return block(element / 4)[element % 4]; }
  /// Two elements share a block: two words each, the lower one first.
  uint64_t wideWord(uint64_t element) const {
    const Words words = block(element / 2);
    const size_t low = 2 * (element % 2);
    return uint64_t(words[low + 1]) << 32 | words[low];
  }
};

/// The upper bits of a word, as many as T's significand has, in units of one part of 1.
template <class T>
T uniform(const Stream& stream, uint64_t element) {
  if constexpr (std::is_same_v<T, float>) return std::ldexp(float(stream.word(element) >> 8), -24);
  return T(std::ldexp(double(stream.wideWord(element) >> 11), -53));
}

/// Box and Muller: two elements next to each other are the cosine and the sine of one point. `u` and `v` lie in [0, 1).
template <class T>
T pointToNormal(T u, T v, uint64_t element) {
  const T angle = 2 * std::numbers::pi_v<T> * v;
  return std::sqrt(-2 * std::log(u)) * (element % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

template <class T>
T normal(const Stream& stream, uint64_t element) {
  using W = Wide<T>;
  const uint64_t even = element - element % 2;
  if constexpr (std::is_same_v<T, float>) {
    const W u = std::ldexp(stream.word(even) + W(0.5), -32), v = std::ldexp(W(stream.word(even + 1)), -32);
    return T(pointToNormal(u, v, element));
  }
  const W u = std::ldexp((stream.wideWord(even) >> 11) + W(0.5), -53);
  const W v = std::ldexp(W(stream.wideWord(even + 1) >> 11), -53);
  return T(pointToNormal(u, v, element));
}

/// low + floor(word * (high - low) / 2^64)
int64_t integer(const Stream& stream, uint64_t element, int64_t low, int64_t high) {
  if (high <= low) return low;
  const uint64_t count = uint64_t(high) - uint64_t(low);
  return int64_t(uint64_t(low) + uint64_t((unsigned __int128)(stream.wideWord(element)) * count >> 64));
}

template <class T, class Op, class F>
FailureOr<Array> draw(Op op, const Values& values, F element) {
  const Index shape = values.sizes(op.getMixedSizes());
  if (mlir::failed(checkShape(op, shape))) return mlir::failure();
  const auto scalar = [&](mlir::Value value) { return values.array(value).as<int64_t>()[0]; };
  const Stream stream{uint64_t(scalar(op.getKey())), uint64_t(scalar(op.getDraw()))};
  Array result(dtypeOf<T>(), shape);
  for (size_t i = 0; i < result.as<T>().size(); ++i) result.as<T>()[i] = element(stream, i);
  return result;
}

} // namespace

Evaluation evaluateRandom(mlir::Operation* op, const Values& values) {
  return llvm::TypeSwitch<mlir::Operation*, Evaluation>(op)
      .Case([&](ir::RandomUniformOp uniformOp) {
        return withType<float, double>(dtypeOf(uniformOp.getType().getElementType()),
                                       [&]<class T>() { return draw<T>(uniformOp, values, uniform<T>); });
      })
      .Case([&](ir::RandomNormalOp normalOp) {
        return withType<float, double>(dtypeOf(normalOp.getType().getElementType()),
                                       [&]<class T>() { return draw<T>(normalOp, values, normal<T>); });
      })
      .Case([&](ir::RandomIntegersOp integersOp) {
        const int64_t low = values.array(integersOp.getLow()).as<int64_t>()[0];
        const int64_t high = values.array(integersOp.getHigh()).as<int64_t>()[0];
        return withType<int32_t, int64_t>(dtypeOf(integersOp.getType().getElementType()), [&]<class T>() {
          return draw<T>(integersOp, values,
                         [&](const Stream& stream, size_t i) { return T(integer(stream, i, low, high)); });
        });
      })
      .Default([](mlir::Operation*) { return std::nullopt; });
}

} // namespace ogee::reference
