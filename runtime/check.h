// Checks in a launch list: conditions that end a call with an Error.
#pragma once

#include "runtime/program.h"

namespace ogee::runtime {

/// Raises the Error of a check that failed; `buffers` is the memory of the program's buffers, `values` those of its
/// table.
[[noreturn]] void raise_failed(const CheckLaunch& check, void* const* buffers, const int64_t* values);

} // namespace ogee::runtime
