// What is raised when the caller or the world is to blame: one class, a code, and one line that a user can act on.
#pragma once

#include <concepts>
#include <cstdint>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ogee::runtime {

/// Who could not do what.
enum class ErrorCode : uint8_t {
  invalid_argument, ///< shapes, dtypes, names or values that do not fit
  out_of_memory,    ///< the machine has no memory left
  no_device,        ///< a device that is not there
  io,               ///< a file that cannot be read or written
  corrupt,          ///< bytes that are not what they claim to be
  unsupported,      ///< right, but not on this machine or in this version
  state,            ///< right, but not now
};

/// The name of a code: "invalid_argument".
std::string_view name(ErrorCode code) noexcept;

class Error : public std::runtime_error {
public:
  Error(ErrorCode code, const std::string& message);
  ErrorCode code() const noexcept { return code_; }

private:
  ErrorCode code_;
};

namespace detail {
inline void append(std::string& out, std::string_view part) { out += part; }
inline void append(std::string& out, char part) { out += part; }
template <std::floating_point T>
void append(std::string& out, T part) = delete; ///< it would be a character; the front end's Scalar has a text
template <std::integral T>
void append(std::string& out, T part) {
  out += std::to_string(part);
}
template <class T>
  requires requires(const T& part) { part.to_string(); }
void append(std::string& out, const T& part) {
  out += part.to_string();
}
} // namespace detail

/// One text from parts: texts, characters, integers, and whatever has `to_string()`.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  (detail::append(out, parts), ...);
  return out;
}

/// " at model.cpp:27"; nothing where the line is unknown.
std::string place(std::source_location line);

/// Raises an Error with the concatenated parts.
template <class... Parts>
[[noreturn]] void raise(ErrorCode code, const Parts&... parts) {
  throw Error(code, concat(parts...));
}

} // namespace ogee::runtime
