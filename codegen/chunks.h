// Numbers that decide how reductions run: the order of their sums (design, section 7), the same for all targets, and
// when they are more than one launch. Without MLIR, for the size classes of eager kernels.
#pragma once

#include <cstdint>

namespace ogee::codegen {

/// Elements of the reduced range that one chunk sums when the reduced dim is innermost, and rows when it is not.
constexpr int64_t kChunkElements = 4096, kChunkRows = 256;
/// A launch with fewer units leaves processors idle, unless a target says another number.
constexpr int64_t kBusyUnits = 32;

} // namespace ogee::codegen
