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

std::string place(std::source_location line) {
  if (line.line() == 0) return "";
  std::string_view file = line.file_name();
  if (const size_t slash = file.rfind('/'); slash != file.npos) file.remove_prefix(slash + 1);
  return concat(" at ", file, ":", line.line());
}

} // namespace ogee::runtime
