// One variant's machine code: the kernels and drivers of all entries as one object that needs nothing but memcpy,
// memset and libm.
#pragma once

#include "codegen/aot/driver.h"
#include "codegen/plan.h"
#include "codegen/target.h"

#include "mlir/IR/MLIRContext.h"

namespace ogee::codegen::aot {

/// An entry as one target has it: its state is bound, the sizes are those of its program.
struct PlannedEntry {
  PlannedEntry(Plan planned, const std::string& library) : plan(std::move(planned)), sizes(plan.program, library) {}

  Plan plan;
  Sizes sizes;
  MemoryPlan memory;
};

struct ObjectOptions {
  std::string symbol;        ///< of the table that the header finds the code by
  uint32_t abi = 0;          ///< stands in that table
  std::string weightsSymbol; ///< with `weights`, if they are to be part of the object
  std::vector<uint8_t> weights;
  bool assembly = false;
};

/// Fills `object`, `undefined`, `codeBytes`, `report` and `assembly` of `variant`.
mlir::LogicalResult makeObject(mlir::MLIRContext& context, llvm::ArrayRef<const PlannedEntry*> entries,
                               llvm::ArrayRef<std::string> names, const TargetInfo& target,
                               const ObjectOptions& options, mlir::Location location, Variant& variant);

} // namespace ogee::codegen::aot
