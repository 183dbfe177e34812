// What the assembler of CUDA says of the kernels that it makes.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <map>
#include <string>

namespace ogee::codegen::cuda {

/// "14 registers, 256 bytes of shared memory, 0 bytes of stack, 0 bytes of spills" by kernel, from the log of a program
/// compiled with `--ptxas-options=-v`.
std::map<std::string, std::string> resourcesIn(llvm::StringRef log);

} // namespace ogee::codegen::cuda
