// Philox 4x32-10 and its distributions as IR; the definitions stand in the header.
#include "ir/philox.h"

#include "ir/math_expr.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace ogee::ir::philox {

using math::Expr;

namespace {

/// `value` itself, or a splat of it if `model` is a vector and it is not.
Expr alike(Builder& b, const Expr& model, Value value) {
  if (value.getType() == model.value().getType()) return {b, value};
  return {b, b.create<mlir::vector::BroadcastOp>(model.value().getType(), value)};
}

Expr highWord(const Expr& wide) { return shiftRightLogic(wide, 32); }

Expr joined(const Expr& low, const Expr& high) { return zeroExtend(low) | (zeroExtend(high) << 32); }

/// The words of a block, i32.
using Words = std::array<Expr, 4>;

Words block(Builder& b, const Expr& index, Value key, Value draw) {
  // A word is the low half of an i64 lane, with anything above it: no half is moved but by the shift after a product,
  // and targets have the product of low halves as one instruction.
  const Expr wideDraw = alike(b, index, draw), wideKey = alike(b, index, key);
  const auto product = [](const Expr& word, uint32_t factor) { return (word & 0xffffffff) * int64_t(factor); };
  Words w = {index, highWord(index), wideDraw, highWord(wideDraw)};
  Expr key0 = wideKey, key1 = highWord(wideKey);
  for (int round = 0; round < 10; ++round) {
    const Expr product0 = product(w[0], 0xD2511F53), product1 = product(w[2], 0xCD9E8D57);
    w = {highWord(product1) ^ w[1] ^ key0, product1, highWord(product0) ^ w[3] ^ key1, product0};
    key0 = key0 + 0x9E3779B9; // the golden ratio
    key1 = key1 + 0xBB67AE85; // sqrt(3) - 1
  }
  return {toI32(w[0]), toI32(w[1]), toI32(w[2]), toI32(w[3])};
}

Expr isOdd(const Expr& x) { return (x & 1) != 0; }

/// An i32 taken as unsigned, in f64.
Expr unsignedToF64(const Expr& x) { return intToF64(x ^ int32_t(0x80000000)) + 0x1p31; }

/// The top 53 bits of the 64 in (low, high), as an f64 integer.
Expr top53(const Expr& low, const Expr& high) {
  return fma(unsignedToF64(high), 0x1p21, intToF64(shiftRightLogic(low, 11)));
}

/// Which word of its block an element takes, by its position among the elements (2 or 4) that share the block.
using Picks = llvm::ArrayRef<int>;

/// Each lane computes its own block and selects.
Expr pickByLane(const Words& w, const Expr& element, Picks picks) {
  const auto choose = [](const Expr& bit, const Expr& one, const Expr& zero) {
    return one.value() == zero.value() ? one : select(bit, one, zero);
  };
  const Expr first = choose(isOdd(element), w[picks[1]], w[picks[0]]);
  if (picks.size() == 2) return first;
  return choose((element & 2) != 0, choose(isOdd(element), w[picks[3]], w[picks[2]]), first);
}

/// x0 y0 x1 y1 …
Expr interleaved(const Expr& x, const Expr& y) {
  const int64_t lanes = mlir::cast<mlir::VectorType>(x.value().getType()).getNumElements();
  llvm::SmallVector<int64_t> order;
  for (int64_t i = 0; i < lanes; ++i) order.append({i, lanes + i});
  return {x.builder(), x.builder().create<mlir::vector::ShuffleOp>(x.value(), y.value(), order)};
}

/// Lanes hold consecutive elements, the first one at the start of a block: each block is computed once.
Expr pickInterleaved(const Words& w, Picks picks) {
  if (picks.size() == 2) return interleaved(w[picks[0]], w[picks[1]]);
  return interleaved(interleaved(w[picks[0]], w[picks[2]]), interleaved(w[picks[1]], w[picks[3]]));
}

Expr firstLane(const Expr& x) {
  if (!x.isVector()) return x;
  return {x.builder(), x.builder().create<mlir::vector::ExtractOp>(x.value(), 0)};
}

/// first, first + 1, … in `lanes` lanes.
Expr countingFrom(const Expr& first, int64_t lanes) {
  Builder& b = first.builder();
  const llvm::SmallVector<int64_t> offsets = llvm::to_vector(llvm::seq<int64_t>(lanes));
  const Expr counting(b, b.create<mlir::arith::ConstantOp>(b.getI64VectorAttr(offsets)));
  return alike(b, counting, first) + counting;
}

/// For each of the picks, the word that every element takes from its block.
math::Exprs pickWords(Builder& b, const Expr& element, Value key, Value draw, llvm::ArrayRef<Picks> picks) {
  const auto perBlock = static_cast<int64_t>(picks[0].size());
  const int64_t shift = perBlock == 4 ? 2 : 1;
  const auto byLane = [&] {
    const Words w = block(b, shiftRightLogic(element, shift), key, draw);
    return math::Exprs(llvm::map_range(picks, [&](Picks pick) { return pickByLane(w, element, pick); }));
  };
  const int64_t lanes =
      element.isVector() ? mlir::cast<mlir::VectorType>(element.value().getType()).getNumElements() : 1;
  if (lanes % perBlock != 0) return byLane();
  // A vector of elements is nearly always a run of them: that is computed first, and lanes that differ again.
  const Expr first = firstLane(element), oneKey = firstLane({b, key}), oneDraw = firstLane({b, draw});
  const Words w = block(b, countingFrom(shiftRightLogic(first, shift), lanes / perBlock), oneKey, oneDraw);
  const math::Exprs run(llvm::map_range(picks, [&](Picks pick) { return pickInterleaved(w, pick); }));
  const Expr differs = (element != countingFrom(first, lanes)) | ((alike(b, element, first) & (perBlock - 1)) != 0) |
                       (alike(b, element, key) != alike(b, element, oneKey)) |
                       (alike(b, element, draw) != alike(b, element, oneDraw));
  return selectRare(differs, byLane, run);
}

/// floor(x * y / 2^64) of unsigned 64-bit numbers, by halves.
Expr highProduct(const Expr& x, const Expr& y) {
  const Expr xLow = x & 0xffffffff, xHigh = shiftRightLogic(x, 32);
  const Expr yLow = y & 0xffffffff, yHigh = shiftRightLogic(y, 32);
  const Expr middle = xHigh * yLow + shiftRightLogic(xLow * yLow, 32);
  const Expr carry = shiftRightLogic(xLow * yHigh + (middle & 0xffffffff), 32);
  return xHigh * yHigh + shiftRightLogic(middle, 32) + carry;
}

/// The radius sqrt(-2 ln u) of Box and Muller.
Expr radius(Builder& b, const Expr& u) { return {b, math::sqrt(b, Expr(b, math::log(b, u)) * -2.0)}; }

} // namespace

std::array<Value, 4> words(Builder& b, Value index, Value key, Value draw) {
  const Words w = block(b, {b, index}, key, draw);
  return {w[0], w[1], w[2], w[3]};
}

Value word(Builder& b, Value element, Value key, Value draw) {
  return pickWords(b, {b, element}, key, draw, {{0, 1, 2, 3}})[0];
}

Value wideWord(Builder& b, Value element, Value key, Value draw) {
  const math::Exprs pair = pickWords(b, {b, element}, key, draw, {{0, 2}, {1, 3}});
  return joined(pair[0], pair[1]);
}

Value uniformF32(Builder& b, Value element, Value key, Value draw) {
  return intToF32(math::shiftRightLogic({b, word(b, element, key, draw)}, 8)) * 0x1p-24;
}

Value uniformF64(Builder& b, Value element, Value key, Value draw) {
  const math::Exprs pair = pickWords(b, {b, element}, key, draw, {{0, 2}, {1, 3}});
  return top53(pair[0], pair[1]) * 0x1p-53;
}

Value normalF32(Builder& b, Value element, Value key, Value draw) {
  const math::Exprs pair = pickWords(b, {b, element}, key, draw, {{0, 0, 2, 2}, {1, 1, 3, 3}});
  const Expr word(b, math::convert(b, pair[0], b.getF32Type(), math::Signedness::isUnsigned));
  const Expr u = (word + 0.5) * 0x1p-32; // in (0, 1]
  // The odd element takes the sine, and cos a = sin(a + a quarter turn).
  const Expr turns = select(isOdd({b, element}), pair[1], pair[1] + (1 << 30));
  return radius(b, u) * Expr(b, math::sinTurns(b, turns));
}

Value normalF64(Builder& b, Value element, Value key, Value draw) {
  const math::Exprs w = pickWords(b, {b, element}, key, draw, {{0, 0}, {1, 1}, {2, 2}, {3, 3}});
  const Expr u = (top53(w[0], w[1]) + 0.5) * 0x1p-53,
             angle = top53(w[2], w[3]) * (2 * 3.14159265358979323846 * 0x1p-53);
  const Expr direction = select(isOdd({b, element}), {b, math::sin(b, angle)}, {b, math::cos(b, angle)});
  return radius(b, u) * direction;
}

Value integers(Builder& b, Value elementValue, Value key, Value draw, Value lowValue, Value highValue) {
  const Expr element(b, elementValue);
  const Expr low = alike(b, element, lowValue), high = alike(b, element, highValue);
  const Expr range = select(low < high, high - low, 0);
  return low + highProduct({b, wideWord(b, element, key, draw)}, range);
}

} // namespace ogee::ir::philox
