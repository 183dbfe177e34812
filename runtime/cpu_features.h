// CPU features by the names LLVM has for them: what code needs, and what this machine offers.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ogee::runtime {

/// A set of features of one architecture: that of this process.
class CpuFeatures {
public:
  constexpr CpuFeatures() noexcept = default;
  constexpr explicit CpuFeatures(uint64_t bits) noexcept : bits_(bits) {}

  /// What this machine and its operating system offer.
  static CpuFeatures host() noexcept;
  /// Adds a feature ("avx512f", "neon"); false for a name that the runtime cannot check: code must not use it. Those
  /// that every CPU of the architecture has are known and need no bit.
  bool add(std::string_view feature) noexcept;
  constexpr bool contains(CpuFeatures other) const noexcept { return (other.bits_ & ~bits_) == 0; }
  /// The names of those in this set: "avx2, fma".
  std::string to_string() const;
  constexpr CpuFeatures without(CpuFeatures other) const noexcept { return CpuFeatures(bits_ & ~other.bits_); }
  /// Bit i is the i-th feature of the architecture's table in cpu_features.cpp: part of file formats.
  constexpr uint64_t bits() const noexcept { return bits_; }
  friend constexpr bool operator==(CpuFeatures, CpuFeatures) noexcept = default;

private:
  uint64_t bits_ = 0;
};

/// What an x86-64 CPU must answer for it to have features, by the names that LLVM has for them: bits of cpuid's leaf 1
/// ecx; leaf 7 ebx, ecx, edx; leaf 7.1 eax; leaf 0x80000001 ecx; and of XCR0. The same on every machine; features
/// without a bit are passed over.
std::array<uint32_t, 7> x86_requirement(std::span<const std::string_view> features) noexcept;

/// "x86_64" or "aarch64": the architecture this process runs on.
std::string_view host_architecture() noexcept;

} // namespace ogee::runtime
