// Errors for tensors of different devices.
#include "frontend/placement.h"

#include "frontend/failure.h"

namespace ogee::detail {

void Placement::fail_apart(const TensorImpl& other, const char* name) const {
  const std::string first = first_->name.empty() ? first_name_ : first_->name;
  const std::string second = other.name.empty() ? name : other.name;
  // What is on the CPU is what was forgotten there.
  const bool first_moves = device_.is_cpu();
  const std::string& moves = first_moves ? first : second;
  fail(loc_, op_, ": ", first, " is on ", device_, ", ", second, " on ", other.device(),
       "; hint: ", moves.find(' ') == moves.npos ? moves + "." : "", "to(\"", first_moves ? other.device() : device_,
       "\")");
}

void check_device(const char* op, std::string_view what, const Tensor& x, Device wanted, Loc loc) {
  if (x.device(loc) != wanted)
    fail(loc, op, ": ", what, " is on ", x.device(loc), ", needs ", wanted, "; hint: to(\"", wanted, "\")");
}

} // namespace ogee::detail
