// From a nest to the text of a kernel in CUDA C++: one function per shape of nest. `emit` chooses.
#pragma once

#include "codegen/launch_facts.h"
#include "codegen/nest.h"

#include "llvm/Support/LogicalResult.h"

#include <string>

namespace ogee::codegen::cuda {

class Kernel;
class Body;

/// The kernel of `nest`, named `name`, to stand after the prelude (spell.h). Fails with a diagnostic at an op that has
/// no spelling.
llvm::FailureOr<std::string> emit(const Nest& nest, llvm::StringRef name);

/// Units are blocks of kThreads threads: with so many each thread has something to do, and once. A launch of fewer, but
/// of one at least, computes the same; one of none does nothing.
LaunchFacts launchFacts(const Nest& nest);

/// The transfer kernel of programs (runtime/program.h), to stand after the prelude.
std::string transferKernel(llvm::StringRef name);

/// Elements along the innermost dim that a thread of a map kernel handles at a time: 16 bytes of the widest element
/// that lies densely, fewer where rows are known to begin at other multiples.
int64_t mapWidth(const Nest& nest);

/// Rows and columns of a product that a block computes.
constexpr int64_t kTile = 16;

void emitMap(Kernel& kernel, Body& body);     ///< nothing is reduced
void emitRows(Kernel& kernel, Body& body);    ///< the innermost dim is reduced
void emitColumns(Kernel& kernel, Body& body); ///< another dim is reduced
void emitProduct(Kernel& kernel, Body& body); ///< a contraction with its epilogue

} // namespace ogee::codegen::cuda
