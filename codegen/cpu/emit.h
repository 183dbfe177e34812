// From a nest to scf + vector + memref: one function per shape of nest. `emit` chooses; the others are its parts.
#pragma once

#include "codegen/launch_facts.h"
#include "codegen/nest.h"
#include "codegen/target.h"

#include "mlir/IR/BuiltinOps.h"

namespace ogee::codegen::cpu {

class Kernel;

/// The kernel of `nest` as a module with one function, `kernel`.
mlir::OwningOpRef<mlir::ModuleOp> emit(mlir::MLIRContext& context, const Nest& nest, const TargetInfo& target);

/// Units are pieces of the outer loops.
LaunchFacts launchFacts(const Nest& nest, const TargetInfo& target);

/// Lanes per vector for a nest: a few registers of its widest element, fewer when its innermost dim is known to be
/// shorter.
unsigned chooseWidth(const Nest& nest, const TargetInfo& target);

void emitMap(Kernel& kernel);     ///< nothing is reduced
void emitRows(Kernel& kernel);    ///< the innermost dim is reduced
void emitColumns(Kernel& kernel); ///< another dim is reduced
void emitProduct(Kernel& kernel); ///< a contraction with its epilogue
void emitPack(Kernel& kernel);    ///< the right operand of a contraction, laid out in panels

} // namespace ogee::codegen::cpu
