// Asks the target.
#include "codegen/launch_facts.h"

#include "codegen/cpu/emit.h"

namespace ogee::codegen {

LaunchFacts launchFacts(const Nest& nest, const TargetInfo& target) { return cpu::launchFacts(nest, target); }

} // namespace ogee::codegen
