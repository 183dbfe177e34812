// The text of Errors: message, line, module path.
#include "frontend/failure.h"

#include <string_view>

namespace ogee::detail {

std::string where(Loc loc) {
  if (loc.line() == 0) return "";
  std::string_view file = loc.file_name();
  if (const size_t slash = file.rfind('/'); slash != file.npos) file.remove_prefix(slash + 1);
  std::string place = runtime::concat(" at ", file, ":", loc.line());
  if (!Scope::path().empty()) place += " in " + Scope::path();
  return place;
}

void fail_with(ErrorCode code, std::string message, Loc loc) {
  // A hint stands last, after the place.
  const size_t hint = message.find("; hint: ");
  const std::string place = where(loc);
  message.insert(hint == message.npos ? message.size() : hint, place);
  throw runtime::Error(code, message);
}

} // namespace ogee::detail
