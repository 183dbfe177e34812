// The text of Errors: message, line, module path.
#include "frontend/failure.h"

#include <string_view>

namespace ogee::detail {

std::string where(Loc loc) {
  std::string place = runtime::place(loc);
  if (!place.empty() && !Scope::path().empty()) place += " in " + Scope::path();
  return place;
}

bool has_place(std::string_view message) noexcept {
  constexpr std::string_view kAt = " at ", kEnd = " ;";
  for (size_t at = message.find(kAt); at != message.npos; at = message.find(kAt, at + 1)) {
    std::string_view place = message.substr(at + kAt.size());
    place = place.substr(0, place.find_first_of(kEnd));
    const size_t colon = place.rfind(':');
    if (colon == place.npos || colon == 0 || colon + 1 == place.size()) continue;
    if (place.find_first_not_of("0123456789", colon + 1) == place.npos) return true;
  }
  return false;
}

void fail_with(ErrorCode code, std::string message, Loc loc) {
  // A hint stands last, after the place.
  const size_t hint = message.find("; hint: ");
  const std::string place = where(loc);
  message.insert(hint == message.npos ? message.size() : hint, place);
  throw runtime::Error(code, message);
}

} // namespace ogee::detail
