// Names of element types.
#include "runtime/dtype.h"

#include <array>

namespace ogee::runtime {
namespace {
constexpr std::array<std::string_view, kDTypeCount> kNames = {"bool", "u8",   "i8",  "i32", "i64",
                                                              "f16",  "bf16", "f32", "f64"};
}

std::string_view name(DType dtype) noexcept { return kNames[static_cast<size_t>(dtype)]; }

std::optional<DType> parse_dtype(std::string_view text) noexcept {
  for (size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == text) return static_cast<DType>(i);
  return std::nullopt;
}

} // namespace ogee::runtime
