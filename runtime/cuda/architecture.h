// Architectures of CUDA devices, as compilers name them: which code runs where.
#pragma once

#include "runtime/result.h"

#include <span>
#include <string>
#include <string_view>

namespace ogee::runtime::cuda {

/// "sm_90" is machine code, which runs on devices of its major version and this minor one or a later one; "compute_90"
/// is PTX, which all later devices run. Code for "sm_90a" uses what only that architecture has, "sm_100f" what its
/// family has.
struct Architecture {
  bool ptx = false;
  int number = 0;  ///< 90: major version 9, minor version 0
  char suffix = 0; ///< 'a', 'f' or 0

  static Result<Architecture> parse(std::string_view text);
  std::string to_string() const;
  /// Whether a device of that number runs such code.
  bool runs_on(int device) const noexcept;
};

/// "sm_90a, sm_100" … of the numbers that a compiler knows.
std::string list_of(std::span<const int> known);

/// What to compile for, so that a device of that number runs it: its own architecture, one whose code it runs too, or
/// PTX where it is newer than all that is `known` (ascending). A Failure (unsupported) for a device that is too old.
Result<Architecture> architecture_for(int device, std::span<const int> known);

} // namespace ogee::runtime::cuda
