// Where memory lives and programs run.
#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>

namespace ogee::runtime {

class Device {
public:
  enum class Kind : uint8_t { cpu, cuda };

  constexpr Device() noexcept = default;
  constexpr Device(Kind kind, int index = 0) noexcept : kind_(kind), index_(static_cast<int16_t>(index)) {}
  /// "cpu", "cuda" (the first one) or "cuda:1"; an Error for anything else. Says nothing about whether the device is
  /// there.
  Device(std::string_view text, std::source_location line = std::source_location::current());
  Device(const char* text, std::source_location line = std::source_location::current())
      : Device(std::string_view(text), line) {}

  constexpr Kind kind() const noexcept { return kind_; }
  constexpr int index() const noexcept { return index_; }
  constexpr bool is_cpu() const noexcept { return kind_ == Kind::cpu; }
  constexpr bool is_cuda() const noexcept { return kind_ == Kind::cuda; }
  /// "cpu", "cuda:0".
  std::string to_string() const;

  friend constexpr bool operator==(Device, Device) noexcept = default;

private:
  Kind kind_ = Kind::cpu;
  int16_t index_ = 0;
};

} // namespace ogee::runtime
