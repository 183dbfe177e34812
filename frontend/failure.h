// How the front end raises Errors: one line, the user's function first, then where it was called and in which module.
#pragma once

#include "frontend/scalar.h"
#include "frontend/scope.h"
#include "runtime/error.h"
#include "runtime/result.h"

#include <string>
#include <utility>

namespace ogee::detail {

using runtime::ErrorCode;

/// " at model.cpp:27 in net.fc2"
std::string where(Loc loc);

/// Whether a message already names a line: "… at model.cpp:27 …".
bool has_place(std::string_view message) noexcept;

[[noreturn]] void fail_with(ErrorCode code, std::string message, Loc loc);

/// Raises `message` with its place; the parts are concatenated.
template <class... Parts>
[[noreturn]] void fail(Loc loc, const Parts&... parts) {
  fail_with(ErrorCode::invalid_argument, runtime::concat(parts...), loc);
}

/// The value of a Result; a Failure is raised with its place.
template <class T>
T unwrap(runtime::Result<T> result, Loc loc) {
  if (!result.ok()) fail_with(result.failure().code, result.message(), loc);
  return *std::move(result);
}

/// Runs `body`; an Error of the runtime, which knows no lines, gets this one.
template <class Body>
auto with_place(Loc loc, const Body& body) {
  try {
    return body();
  } catch (const runtime::Error& error) {
    if (has_place(error.what())) throw;
    fail_with(error.code(), error.what(), loc);
  }
}

/// The same, and they get the name of the user's function.
template <class Body>
auto calling(const char* function, Loc loc, const Body& body) {
  return with_place(loc, [&] {
    try {
      return body();
    } catch (const runtime::Error& error) {
      if (has_place(error.what())) throw;
      throw runtime::Error(error.code(), runtime::concat(function, ": ", error.what()));
    }
  });
}

} // namespace ogee::detail
