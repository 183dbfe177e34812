// What this machine can do at most, measured: the yardstick of `ogee bench`.
#pragma once

namespace ogee::tools {

struct Limits {
  double flops = 0; ///< f32 multiply-adds in registers, two operations each, per second
  double bytes = 0; ///< copied from memory to memory per second, read and written bytes added up
};

/// Measured on that many threads at once, for about a quarter of a second each.
Limits measureLimits(unsigned threads);

} // namespace ogee::tools
