// Copies of bytes between storages on any two devices.
#pragma once

#include "runtime/storage.h"

namespace ogee::runtime {

/// Copies between ranges that do not overlap. Where the result is on a GPU the copy is enqueued, and `from` may be
/// changed on return (in the order of the streams, if it is on a GPU); where it is on the CPU all is done, and what has
/// failed on the GPU before is raised. An Error(invalid_argument) for ranges beyond the storages.
void copy_bytes(Storage& to, size_t to_offset, const Storage& from, size_t from_offset, size_t bytes);

} // namespace ogee::runtime
