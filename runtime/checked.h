// Checked arithmetic: every size computed from input goes through it, so that no overflow becomes a small allocation.
#pragma once

#include <cassert>
#include <concepts>
#include <cstdint>
#include <limits>

namespace ogee::runtime {

/// A 64-bit integer that remembers an overflow or a division by zero: once invalid, everything computed from it is
/// invalid.
class Checked {
public:
  template <std::integral T>
  constexpr Checked(T value) noexcept
      : value_(static_cast<int64_t>(value)),
        valid_(std::signed_integral<T> || static_cast<uint64_t>(value) <= uint64_t(INT64_MAX)) {}
  static constexpr Checked invalid() noexcept {
    Checked none(0);
    none.valid_ = false;
    return none;
  }

  constexpr bool valid() const noexcept { return valid_; }
  /// The number; only when valid.
  constexpr int64_t value() const noexcept {
    assert(valid_);
    return value_;
  }

  friend constexpr Checked operator+(Checked a, Checked b) noexcept {
    a.valid_ &= b.valid_ & !__builtin_add_overflow(a.value_, b.value_, &a.value_);
    return a;
  }
  friend constexpr Checked operator-(Checked a, Checked b) noexcept {
    a.valid_ &= b.valid_ & !__builtin_sub_overflow(a.value_, b.value_, &a.value_);
    return a;
  }
  friend constexpr Checked operator*(Checked a, Checked b) noexcept {
    a.valid_ &= b.valid_ & !__builtin_mul_overflow(a.value_, b.value_, &a.value_);
    return a;
  }
  /// Division rounds down, also for negative numbers; the remainder has the sign of the divisor.
  friend constexpr Checked operator/(Checked a, Checked b) noexcept {
    if (!divides(a, b)) return invalid();
    const int64_t quotient = a.value_ / b.value_;
    return quotient - ((a.value_ % b.value_ != 0) && ((a.value_ < 0) != (b.value_ < 0)));
  }
  friend constexpr Checked operator%(Checked a, Checked b) noexcept {
    if (!divides(a, b)) return invalid();
    const int64_t remainder = a.value_ % b.value_;
    return remainder != 0 && ((remainder < 0) != (b.value_ < 0)) ? remainder + b.value_ : remainder;
  }
  /// The smallest integer that is not below a / b.
  friend constexpr Checked ceil_div(Checked a, Checked b) noexcept {
    if (!divides(a, b)) return invalid();
    const int64_t quotient = a.value_ / b.value_;
    return quotient + ((a.value_ % b.value_ != 0) && ((a.value_ < 0) == (b.value_ < 0)));
  }
  friend constexpr Checked min(Checked a, Checked b) noexcept {
    if (!a.valid_ || !b.valid_) return invalid();
    return a.value_ < b.value_ ? a : b;
  }
  friend constexpr Checked max(Checked a, Checked b) noexcept {
    if (!a.valid_ || !b.valid_) return invalid();
    return a.value_ < b.value_ ? b : a;
  }
  /// `a` rounded up to a multiple of `b`.
  friend constexpr Checked round_up(Checked a, Checked b) noexcept { return ceil_div(a, b) * b; }

private:
  static constexpr bool divides(Checked a, Checked b) noexcept {
    if (!a.valid_ || !b.valid_ || b.value_ == 0) return false;
    return b.value_ != -1 || a.value_ != std::numeric_limits<int64_t>::min();
  }

  int64_t value_;
  bool valid_;
};

} // namespace ogee::runtime
