// Arguments that are shapes and axes.
#include "frontend/dims.h"

#include "runtime/error.h"

namespace ogee {

Axes::Axes(std::span<const int64_t> axes) : count_(axes.size()) {
  if (count_ > kMax) runtime::raise(runtime::ErrorCode::invalid_argument, "more than ", kMax, " axes are given");
  for (size_t i = 0; i < count_; ++i) axes_[i] = axes[i];
}

} // namespace ogee
