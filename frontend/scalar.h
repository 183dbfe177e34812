// Plain C++ numbers on their way into an op: `Scalar` is a weakly typed number, `Operand` what an operator accepts.
#pragma once

#include "runtime/dim.h"
#include "runtime/dtype.h"

#include <concepts>
#include <cstdint>
#include <source_location>
#include <string>

namespace ogee {

using runtime::Dim;
using runtime::DType;

/// The user's line: functions take one as their last parameter and nobody passes it by hand.
using Loc = std::source_location;

class Tensor;

/// The dtype whose elements are T in C++: bool, a 32- or 64-bit signed integer, float or double.
template <class T>
consteval DType dtype_of() {
  if constexpr (std::same_as<T, bool>) {
    return DType::boolean;
  } else if constexpr (std::same_as<T, float>) {
    return DType::f32;
  } else if constexpr (std::same_as<T, double>) {
    return DType::f64;
  } else {
    static_assert(std::signed_integral<T> && (sizeof(T) == 4 || sizeof(T) == 8), "no dtype has such elements");
    return sizeof(T) == 4 ? DType::i32 : DType::i64;
  }
}

/// A C++ number with its kind. It is weakly typed, as in PyTorch: it changes the dtype of a tensor beside it only when
/// its kind ranks higher (bool < integer < floating), and then to the default dtype of that kind.
class Scalar {
public:
  enum class Kind : uint8_t { boolean, integer, floating };

  Scalar(bool value) : kind_(Kind::boolean), integer_(value) {}
  template <std::integral T>
  Scalar(T value)
      : kind_(Kind::integer), beyond_i64_(std::unsigned_integral<T> && static_cast<uint64_t>(value) > INT64_MAX),
        integer_(static_cast<int64_t>(value)) {}
  template <std::floating_point T>
  Scalar(T value) : kind_(Kind::floating), floating_(static_cast<double>(value)) {}
  /// A size. Error when it is symbolic.
  Scalar(const Dim& value) : Scalar(static_cast<int64_t>(value)) {}

  Kind kind() const { return kind_; }
  double as_double() const {
    if (kind_ == Kind::floating) return floating_;
    return beyond_i64_ ? static_cast<double>(static_cast<uint64_t>(integer_)) : static_cast<double>(integer_);
  }
  /// The integer value, saturated; a floating one is truncated, NaN gives 0.
  int64_t as_int() const;
  bool as_bool() const { return kind_ == Kind::floating ? floating_ != 0 : integer_ != 0; }
  /// The dtype it takes with nothing beside it: bool, i64, or the default dtype.
  DType dtype() const;
  /// Whether a dtype of integers has a value for it, after truncation; other dtypes always have.
  bool fits(DType dtype) const;
  /// "3", "0.1", "true".
  std::string to_string() const;

private:
  Kind kind_;
  bool beyond_i64_ = false; ///< the bits of integer_ are those of a uint64_t
  union {
    int64_t integer_;
    double floating_;
  };
};

/// One side of an operator: a tensor, a number or a size, with the line where it stands.
class Operand {
public:
  Operand(const Tensor& tensor, Loc loc = Loc::current()) : tensor_(&tensor), scalar_(false), loc_(loc) {}
  template <class T>
    requires std::integral<T> || std::floating_point<T>
  Operand(T number, Loc loc = Loc::current()) : scalar_(number), loc_(loc) {}
  /// A size; in a trace it may be symbolic, and is then computed in the graph.
  Operand(const Dim& size, Loc loc = Loc::current())
      : scalar_(size.is_number() ? size.number() : 0), size_(size.is_number() ? nullptr : &size), loc_(loc) {}
  Operand(Scalar number, Loc loc) : scalar_(number), loc_(loc) {}

  /// Null for a number.
  const Tensor* tensor() const { return tensor_; }
  const Scalar& scalar() const { return scalar_; }
  /// A size that is no number; else null.
  const Dim* size() const { return size_; }
  Loc loc() const { return loc_; }

private:
  const Tensor* tensor_ = nullptr;
  Scalar scalar_;
  const Dim* size_ = nullptr;
  Loc loc_;
};

} // namespace ogee
