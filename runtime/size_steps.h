// The arithmetic of size steps, for those who fold and those who run them.
#pragma once

#include "runtime/dim.h"
#include "runtime/program.h"

namespace ogee::runtime {

static_assert(static_cast<int>(SizeOp::add) == static_cast<int>(DimOp::add) &&
              static_cast<int>(SizeOp::max) == static_cast<int>(DimOp::max));

/// a op b; invalid when it overflows or divides by zero.
constexpr Checked evaluate(SizeOp op, Checked a, Checked b) noexcept {
  switch (op) {
  case SizeOp::ceildiv: return ceil_div(a, b);
  case SizeOp::eq: return a.value() == b.value();
  case SizeOp::lt: return a.value() < b.value();
  default: return detail::apply(static_cast<DimOp>(op), a, b);
  }
}

/// Runs steps on a table of values; false when one overflows or divides by zero.
inline bool run_steps(std::span<const SizeStep> steps, int64_t* values) noexcept {
  for (const SizeStep& step : steps) {
    const Checked value = evaluate(step.op, values[step.a], values[step.b]);
    if (!value.valid()) return false;
    values[step.out] = value.value();
  }
  return true;
}

} // namespace ogee::runtime
