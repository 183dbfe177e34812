// What the plan must know of the kernel that a target makes of a nest.
#pragma once

#include "codegen/nest.h"
#include "codegen/target.h"

namespace ogee::codegen {

struct LaunchFacts {
  Dim units;            ///< the extent of its outer parallel range: pieces of a loop, or blocks of threads
  Dim unitCost = 0;     ///< of one unit, about a quarter of a nanosecond each
  Dim scratchBytes = 0; ///< per unit that runs at a time
};

LaunchFacts launchFacts(const Nest& nest, const TargetInfo& target);

} // namespace ogee::codegen
