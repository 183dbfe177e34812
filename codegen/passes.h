// Code generation as a pass, for tools.
#pragma once

namespace ogee::codegen {

/// Makes `--emit-cpu` known: groups to the loops of their kernels, for this machine.
void registerPasses();

} // namespace ogee::codegen
