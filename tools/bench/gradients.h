// What gradients cost.
#pragma once

namespace ogee::bench {

/// Prints what recording adds to a small eager operation, what backward takes per operation, and a training step:
/// eager, compiled, compiled for a range of batch sizes. False where the three ways give different losses.
bool gradients(bool quick);

} // namespace ogee::bench
