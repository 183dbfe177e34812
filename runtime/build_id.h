// What identifies a build: part of every cache key, so that new code finds nothing that older code made.
#pragma once

#include <string>

namespace ogee::runtime {

/// The GNU build id (hexadecimal) of the ELF file that holds the code or data at an address; without one a hash of that
/// file's path, size and time. "" when no file holds it.
std::string build_id(const void* address);

} // namespace ogee::runtime
