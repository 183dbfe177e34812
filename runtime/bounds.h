// What the runtime itself reads and writes lies in the buffers of a program: sizes come from files that nobody vouches
// for. What a kernel touches is its code's own affair.
#pragma once

#include "runtime/program.h"

namespace ogee::runtime {

/// The bytes that a buffer has at least, under the solved `values`; 0 where that cannot be said.
int64_t buffer_bytes(const Program& program, const Buffer& buffer, const int64_t* values) noexcept;

/// Whether the bytes [from, from + count) are among the first `bytes`.
constexpr bool lies_within(int64_t from, int64_t count, int64_t bytes) noexcept {
  return from >= 0 && count >= 0 && from <= bytes && count <= bytes - from;
}
/// Whether all elements of a window are.
bool lies_within(const Window& window, int64_t bytes, const int64_t* values) noexcept;

} // namespace ogee::runtime
