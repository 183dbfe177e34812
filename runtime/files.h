// Whole files: reading, and writing so that nobody ever sees half of one.
#pragma once

#include "runtime/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ogee::runtime {

/// Whose files are read, and who may read those that are written.
enum class FileAccess { shared, own };

/// The bytes of a regular file; a Failure (io) in the system's words, for what is no regular file, or more than
/// `max_bytes`. `own`: only if it is ours and nobody else can write it.
Result<std::vector<uint8_t>> read_file(const std::string& path, FileAccess access = FileAccess::shared,
                                       uint64_t max_bytes = UINT64_MAX);

/// Writes a new file beside `path` and renames it: readers see the old file or the new one, and a failure leaves the
/// old one. Devices and pipes are written to as they are, but for `own` files, which take their place.
Status write_file(const std::string& path, std::span<const uint8_t> bytes, FileAccess access = FileAccess::shared);

} // namespace ogee::runtime
