// A 128-bit content hash for cache keys and checksums: MurmurHash3_x64_128. It guards against accident, not against an
// attacker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ogee::runtime {

struct Hash128 {
  uint64_t lo = 0, hi = 0;
  /// 32 hexadecimal digits.
  std::string to_string() const;
  friend bool operator==(const Hash128&, const Hash128&) = default;
};

/// The hash of bytes; the same on every machine.
Hash128 hash128(std::span<const uint8_t> bytes, uint32_t seed = 0) noexcept;
Hash128 hash128(std::string_view text, uint32_t seed = 0) noexcept;

struct Hash128Hasher {
  size_t operator()(const Hash128& hash) const noexcept { return hash.lo; }
};

} // namespace ogee::runtime
