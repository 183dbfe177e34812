// Names of architectures, and what follows from their numbers.
#include "runtime/cuda/architecture.h"

#include <charconv>

namespace ogee::runtime::cuda {

Result<Architecture> Architecture::parse(std::string_view text) {
  const Failure none{concat("'", text, "' is no architecture of CUDA: expected sm_90, sm_90a or compute_90"),
                     ErrorCode::invalid_argument};
  Architecture parsed;
  std::string_view rest = text;
  parsed.ptx = rest.starts_with("compute_");
  if (!parsed.ptx && !rest.starts_with("sm_")) return none;
  rest.remove_prefix(rest.find('_') + 1);
  if (rest.ends_with('a') || rest.ends_with('f')) {
    parsed.suffix = rest.back();
    rest.remove_suffix(1);
  }
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), parsed.number);
  if (error != std::errc() || end != rest.data() + rest.size() || parsed.number < 10 || parsed.number > 9999)
    return none;
  return parsed;
}

std::string Architecture::to_string() const {
  return concat(ptx ? "compute_" : "sm_", number, suffix ? std::string(1, suffix) : "");
}

bool Architecture::runs_on(int device) const noexcept {
  if (suffix == 'a') return device == number;
  const bool same_major = device / 10 == number / 10;
  return device >= number && (same_major || (ptx && suffix == 0));
}

std::string list_of(std::span<const int> known) {
  std::string text;
  for (const int number : known) text += concat(text.empty() ? "" : ", ", "sm_", number);
  return text;
}

Result<Architecture> architecture_for(int device, std::span<const int> known) {
  Architecture best;
  for (const int number : known)
    if (number <= device) best.number = number;
  if (best.number == 0)
    return Failure{concat("no code can be made for devices of sm_", device, "; it can for ", list_of(known)),
                   ErrorCode::unsupported};
  best.ptx = !best.runs_on(device);
  return best;
}

} // namespace ogee::runtime::cuda
