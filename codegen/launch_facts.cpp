// Asks the target.
#include "codegen/launch_facts.h"

#include "codegen/cpu/emit.h"
#include "codegen/cuda/emit.h"

namespace ogee::codegen {

LaunchFacts launchFacts(const Nest& nest, const TargetInfo& target) {
  switch (target.language) {
  case TargetInfo::Language::machine: return cpu::launchFacts(nest, target);
  case TargetInfo::Language::cuda: return cuda::launchFacts(nest);
  }
  llvm_unreachable("all languages are listed");
}

} // namespace ogee::codegen
