// How the fake libraries beside the driver enqueue work of their own on its streams.
#pragma once

#include "runtime/cuda/driver.h"

namespace ogee::fake {

/// A range of device memory that a piece of work uses.
struct WorkUse {
  runtime::cuda::Address address = 0;
  size_t bytes = 0;
  bool writes = false;
};

/// Calls `run(context, memory)` in the order of a stream, where `memory[i]` is where the host finds uses[i]; then
/// `drop(context)`. A function of the fake driver.
using EnqueueWork = void(runtime::cuda::StreamHandle stream, const char* what, const WorkUse* uses, unsigned count,
                         void (*run)(void* context, char* const* memory), void (*drop)(void* context), void* context);

} // namespace ogee::fake
