// A value or the reason why there is none: for code that may not throw, because LLVM's frames may be above it.
#pragma once

#include "runtime/error.h"

#include <cassert>
#include <optional>
#include <utility>
#include <variant>

namespace ogee::runtime {

/// Why something failed: one line, in the words that an Error would have.
struct Failure {
  std::string message;
  ErrorCode code = ErrorCode::invalid_argument;
};

/// A Failure from parts, as `concat` takes them.
template <class... Parts>
Failure failure(const Parts&... parts) {
  return Failure{concat(parts...)};
}

template <class T>
class [[nodiscard]] Result {
public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  const T& operator*() const& noexcept { return value(); }
  T& operator*() & noexcept { return const_cast<T&>(value()); }
  T&& operator*() && noexcept { return std::move(const_cast<T&>(value())); }
  const T* operator->() const noexcept { return &value(); }
  T* operator->() noexcept { return const_cast<T*>(&value()); }

  const Failure& failure() const noexcept {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }
  const std::string& message() const noexcept { return failure().message; }

  /// The value, or an Error with the message of the failure.
  T take() && {
    if (!ok()) throw Error(failure().code, message());
    return std::move(*std::get_if<0>(&state_));
  }

private:
  const T& value() const noexcept {
    assert(ok());
    return *std::get_if<0>(&state_);
  }

  std::variant<T, Failure> state_;
};

/// Success or the reason of a failure, where there is no value.
template <>
class [[nodiscard]] Result<void> {
public:
  Result() = default;
  Result(Failure failure) : failure_(std::move(failure)) {}

  bool ok() const noexcept { return !failure_; }
  explicit operator bool() const noexcept { return ok(); }

  const Failure& failure() const noexcept {
    assert(!ok());
    return *failure_;
  }
  const std::string& message() const noexcept { return failure().message; }

  /// Raises an Error with the message of the failure, if there is one.
  void take() && {
    if (!ok()) throw Error(failure().code, message());
  }

private:
  std::optional<Failure> failure_;
};

using Status = Result<void>;

} // namespace ogee::runtime
