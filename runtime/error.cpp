// Names of error codes.
#include "runtime/error.h"

namespace ogee::runtime {

Error::Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

std::string_view name(ErrorCode code) noexcept {
  switch (code) {
  case ErrorCode::invalid_argument: return "invalid_argument";
  case ErrorCode::out_of_memory: return "out_of_memory";
  case ErrorCode::no_device: return "no_device";
  case ErrorCode::io: return "io";
  case ErrorCode::corrupt: return "corrupt";
  case ErrorCode::unsupported: return "unsupported";
  case ErrorCode::state: return "state";
  }
  return "unknown";
}

} // namespace ogee::runtime
