// Code generation as passes, for tools.
#pragma once

namespace ogee::codegen {

/// Makes `--emit-cpu` known: groups to the loops of their kernels, for this machine.
void registerEmitCpu();
/// Makes `--emit-cuda` known: groups to the text of their kernels.
void registerEmitCuda();

inline void registerPasses() {
  registerEmitCpu();
  registerEmitCuda();
}

} // namespace ogee::codegen
