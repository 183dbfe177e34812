// Element types: their sizes and names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ogee::runtime {

/// The type of an element. A boolean is one byte, 0 or 1. Values are part of file formats: append only.
enum class DType : uint8_t { boolean, u8, i8, i32, i64, f16, bf16, f32, f64 };

inline constexpr unsigned kDTypeCount = 9;

/// Bytes of one element.
constexpr size_t item_size(DType dtype) noexcept {
  switch (dtype) {
  case DType::boolean:
  case DType::u8:
  case DType::i8: return 1;
  case DType::f16:
  case DType::bf16: return 2;
  case DType::i32:
  case DType::f32: return 4;
  case DType::i64:
  case DType::f64: return 8;
  }
  return 0;
}

constexpr bool is_floating(DType dtype) noexcept { return dtype >= DType::f16; }
/// Integers, without booleans.
constexpr bool is_integer(DType dtype) noexcept { return dtype >= DType::u8 && dtype <= DType::i64; }

/// "bool", "u8", "i8", "i32", "i64", "f16", "bf16", "f32", "f64".
std::string_view name(DType dtype) noexcept;
/// The dtype of a name as `name` gives it.
std::optional<DType> parse_dtype(std::string_view text) noexcept;

} // namespace ogee::runtime
