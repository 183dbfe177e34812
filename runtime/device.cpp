// Devices as text.
#include "runtime/device.h"

#include "runtime/error.h"

#include <charconv>

namespace ogee::runtime {

Device::Device(std::string_view text, std::source_location line) {
  if (text == "cpu") return;
  constexpr std::string_view kCuda = "cuda";
  if (text.starts_with(kCuda)) {
    std::string_view rest = text.substr(kCuda.size());
    kind_ = Kind::cuda;
    if (rest.empty()) return;
    const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), index_);
    if (rest[0] == ':' && error == std::errc() && end == rest.data() + rest.size() && index_ >= 0) return;
  }
  raise(ErrorCode::invalid_argument, "Device: '", text, "' is not a device: expected cpu, cuda or cuda:N", place(line));
}

std::string Device::to_string() const { return is_cpu() ? "cpu" : concat("cuda:", index()); }

} // namespace ogee::runtime
