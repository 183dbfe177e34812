// Counter-based random numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as
// 1, 2, 3", SC11) as IR, and the distributions made from its words. All integer arithmetic: the same bits everywhere.
#pragma once

#include "ir/math.h"

#include <array>

namespace ogee::ir::philox {

using math::Builder;
using mlir::Value;

// `element` and `block` are i64 scalars or vectors; `key`, `draw`, `low` and `high` are i64 scalars or the same
// vectors. The counter of a block is (block low word, block high word, draw low word, draw high word), the key (low,
// high word).

/// The four words (i32) of each block.
std::array<Value, 4> words(Builder& b, Value block, Value key, Value draw);

/// Word element % 4 of block element / 4 (i32).
Value word(Builder& b, Value element, Value key, Value draw);
/// The 64-bit word of an element (i64): words 0, 1 (even element) or 2, 3 (odd) of block element / 2, low word first.
Value wideWord(Builder& b, Value element, Value key, Value draw);

/// Uniform in [0, 1): the top 24 bits of `word`, times 2^-24.
Value uniformF32(Builder& b, Value element, Value key, Value draw);
/// Uniform in [0, 1): the top 53 bits of `wideWord`, times 2^-53.
Value uniformF64(Builder& b, Value element, Value key, Value draw);

/// Standard normal by Box and Muller from two words u, v of the block element / 4 (words 0, 1 for element % 4 < 2, else
/// 2, 3): sqrt(-2 ln((f32(u) + 1/2) / 2^32)), in f32, times cos (even element) or sin (odd) of 2 pi v / 2^32.
/// |result| < 6.77.
Value normalF32(Builder& b, Value element, Value key, Value draw);
/// The same from the uniforms (wideWord >> 11) of an even element and the odd one after it, in f64 (log, sin, cos
/// libm): sqrt(-2 ln((u + 1/2) / 2^53)) times cos or sin of 2 pi v / 2^53. |result| < 8.66.
Value normalF64(Builder& b, Value element, Value key, Value draw);

/// Integers in [low, high) as i64: low + floor(wideWord * (high - low) / 2^64), high - low unsigned. No value is
/// favoured by more than one part in 2^64 / (high - low). high <= low gives low. For a narrower type truncate the
/// result.
Value integers(Builder& b, Value element, Value key, Value draw, Value low, Value high);

} // namespace ogee::ir::philox
