// The driver of an entry: its launch list as code.
//
//   int32_t driver(const ctx *, void *const *tensors, const int64_t *dims, char *state, char *workspace)
//
// It computes sizes, and hands each kernel with its buffers to the function that `ctx` names for that (the header's
// name_launch); what that returns other than 0 ends the call.
#pragma once

#include "codegen/aot/sizes.h"

#include "llvm/IR/Module.h"

namespace ogee::codegen::aot {

/// Where the driver finds each buffer of the program, over all values of its symbols.
struct MemoryPlan {
  struct Place {
    enum class Kind { tensor, state, workspace, constant };
    Kind kind = Kind::workspace;
    uint64_t at = 0; ///< number of the tensor or constant, else an offset in bytes
  };
  std::vector<Place> buffers;
  /// A copy at the end of a call: of a result that could not be computed where it belongs.
  struct Commit {
    uint32_t buffer = 0;
    Place target;
    std::vector<runtime::Slot> dims;
    uint64_t itemBytes = 0;
  };
  std::vector<Commit> commits;
  uint64_t arenaBytes = 0, scratchBytes = 0;
};

struct DriverParts {
  const runtime::Program& program;
  const MemoryPlan& memory;
  std::vector<llvm::Function*> kernels; ///< by image
  uint32_t entry = 0;                   ///< its number in the library
};

/// Puts the driver into a module.
llvm::Function* emitDriver(llvm::Module& module, llvm::StringRef name, const DriverParts& parts);

} // namespace ogee::codegen::aot
