// MurmurHash3_x64_128, written after Austin Appleby's description of it (SMHasher, public domain); tests hold
// SMHasher's verification value.
#include "runtime/hash.h"

#include <bit>
#include <cstring>

namespace ogee::runtime {
namespace {

constexpr uint64_t kC1 = 0x87c37b91114253d5u, kC2 = 0x4cf5ad432745937fu;

/// The last step of each half: every input bit reaches every output bit.
uint64_t finish(uint64_t h) noexcept {
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
  return h ^ (h >> 33);
}

/// Up to 8 bytes as a little-endian number.
uint64_t load(const uint8_t* bytes, size_t count) noexcept {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) value |= uint64_t(bytes[i]) << (8 * i);
  return value;
}

uint64_t load(const uint8_t* bytes) noexcept {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  static_assert(std::endian::native == std::endian::little);
  return value;
}

uint64_t scramble_lo(uint64_t k) noexcept { return std::rotl(k * kC1, 31) * kC2; }
uint64_t scramble_hi(uint64_t k) noexcept { return std::rotl(k * kC2, 33) * kC1; }

} // namespace

Hash128 hash128(std::span<const uint8_t> bytes, uint32_t seed) noexcept {
  uint64_t a = seed, b = seed;
  const uint8_t* at = bytes.data();
  for (size_t left = bytes.size(); left >= 16; left -= 16, at += 16) {
    a = (std::rotl(a ^ scramble_lo(load(at)), 27) + b) * 5 + 0x52dce729;
    b = (std::rotl(b ^ scramble_hi(load(at + 8)), 31) + a) * 5 + 0x38495ab5;
  }
  const size_t tail = bytes.size() % 16;
  if (tail > 8) b ^= scramble_hi(load(at + 8, tail - 8));
  if (tail > 0) a ^= scramble_lo(load(at, tail < 8 ? tail : 8));
  a ^= bytes.size();
  b ^= bytes.size();
  a += b;
  b += a;
  a = finish(a);
  b = finish(b);
  a += b;
  return {a, a + b};
}

Hash128 hash128(std::string_view text, uint32_t seed) noexcept {
  return hash128(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()), seed);
}

std::string Hash128::to_string() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint64_t half : {hi, lo})
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(half >> shift) & 15];
  return text;
}

} // namespace ogee::runtime
