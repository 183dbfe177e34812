#include "runtime/environment.h"

#include "runtime/error.h"

#include <cstdlib>
#include <string_view>

namespace ogee::runtime {

bool is_switched_on(const char* variable, bool otherwise) {
  const char* const value = std::getenv(variable);
  const std::string_view text = value ? value : "";
  if (!text.empty() && text != "0" && text != "1")
    raise(ErrorCode::invalid_argument, variable, ": expected 0 or 1, got ", text);
  return text.empty() ? otherwise : text == "1";
}

} // namespace ogee::runtime
