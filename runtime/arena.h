// Where buffers lie in an arena: two whose lifetimes overlap never share bytes, and the arena is as small as a greedy
// search finds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ogee::runtime {

/// A buffer in use from position `first` to `last` of the launch order, both included.
struct ArenaItem {
  int64_t bytes = 0;
  uint32_t first = 0, last = 0;
};

struct ArenaPlacement {
  std::vector<int64_t> offsets; ///< by item, multiples of the alignment
  int64_t bytes = 0;            ///< of the arena; -1 when the sizes overflow
};

/// Places items by best fit in several orders and keeps the best result. The same for the same items.
ArenaPlacement place_in_arena(std::span<const ArenaItem> items, int64_t alignment = 64);

/// The most bytes that are in use at one position: no placement is smaller.
int64_t live_maximum(std::span<const ArenaItem> items);

} // namespace ogee::runtime
