// What the plan must know of the kernel that a target makes of a nest.
#pragma once

#include "codegen/nest.h"
#include "codegen/target.h"

#include <variant>

namespace ogee::codegen {

/// Of a kernel that is a loop over its units.
struct ChunkFacts {
  Dim unitCost = 0;     ///< of one unit, about a quarter of a nanosecond each
  Dim scratchBytes = 0; ///< per unit that runs at a time
};

/// Of a kernel whose units are blocks of threads.
struct BlockFacts {
  unsigned threads = 1;
};

struct LaunchFacts {
  Dim units; ///< the extent of its outer parallel range
  std::variant<ChunkFacts, BlockFacts> how;
};

LaunchFacts launchFacts(const Nest& nest, const TargetInfo& target);

} // namespace ogee::codegen
