// What leaves the process with a graph that stands for itself: the first elements of its state. Private to the front
// end.
#pragma once

#include "frontend/graph.h"
#include "frontend/scalar.h"

#include <cstdint>
#include <vector>

namespace ogee::detail {

struct Interface;

/// The interface of a graph that can leave the process. Error, which begins with `function`, for one that belongs to a
/// compiled function, and for one that gives out gradients: `.grad` stays here.
const Interface& standalone_interface(const Graph& graph, const char* function, Loc loc);

/// The present elements of each argument that is state, dense, in the order of the graph's arguments: the generator's
/// key and draw number where the graph draws, then the captured tensors.
std::vector<std::vector<uint8_t>> present_state(const Interface& interface, Loc loc);

} // namespace ogee::detail
