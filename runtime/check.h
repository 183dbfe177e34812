// Checks in a launch list: conditions that end a call with an Error.
#pragma once

#include "runtime/program.h"

namespace ogee::runtime {

/// Whether the condition of a check holds; `buffers` is the memory of the program's buffers.
inline bool failed(const CheckLaunch& check, void* const* buffers) noexcept {
  return *static_cast<const uint8_t*>(buffers[check.failed]) != 0;
}

/// Raises the Error of a check; `values` are those of the program's table.
[[noreturn]] void raise_failed(const CheckLaunch& check, void* const* buffers, const int64_t* values);

} // namespace ogee::runtime
