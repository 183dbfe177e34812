// From a program to what C sees of it: its arguments, its state, where each of its buffers lies.
#pragma once

#include "codegen/aot/driver.h"

namespace ogee::codegen::aot {

/// Makes state of a program's own what its calls would read from the arguments that are state: their sizes and strides
/// become numbers. A diagnostic where a size of state is no number, or an argument of the calls has strides.
mlir::LogicalResult bindState(runtime::Program& program, mlir::Location location);

/// The signature of the entry `name` of a library; the program's state is bound.
Entry describe(const runtime::Program& program, const std::string& library, const std::string& name,
               const Sizes& sizes);

/// Adds the state of a program to that of the others. A diagnostic where two mean different things by one name.
mlir::LogicalResult addState(Library& library, const runtime::Program& program, mlir::Location location);
/// Puts the state in order, and says where each tensor lies. A diagnostic where it is too large.
mlir::LogicalResult layOutState(Library& library, mlir::Location location);

/// Where the buffers of a program lie. A diagnostic where they are too large.
mlir::FailureOr<MemoryPlan> planMemory(const runtime::Program& program, const Sizes& sizes, const Library& library,
                                       mlir::Location location);

} // namespace ogee::codegen::aot
