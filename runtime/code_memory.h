// Executable memory: many small images share a slab that is mapped twice, once writable and once executable.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace ogee::runtime {

/// A copy of bytes in executable memory, 64-byte aligned.
class CodeBlock {
public:
  CodeBlock() noexcept = default;
  CodeBlock(CodeBlock&& other) noexcept { *this = static_cast<CodeBlock&&>(other); }
  CodeBlock& operator=(CodeBlock&& other) noexcept;
  ~CodeBlock();

  /// Copies `bytes` into executable memory; `data()` is null when the system gives none.
  explicit CodeBlock(std::span<const uint8_t> bytes);

  const std::byte* data() const noexcept { return code_; }

  /// Whether new code goes into memory mapped twice; otherwise each image has pages of its own, first written, then
  /// made executable.
  static bool uses_slabs();
  /// Switches slabs off (for tests of the other way) or on again where the system allows them.
  static void set_slabs(bool enabled);

private:
  struct Slab;
  class Slabs;
  static Slabs& slabs();

  const std::byte* code_ = nullptr;
  size_t mapped_ = 0; ///< bytes of pages of its own; 0 in a slab
  Slab* slab_ = nullptr;
};

} // namespace ogee::runtime
