// Inputs, and what comes out for them here: with these a library is tested where it is used.
#pragma once

#include "codegen/aot/compile.h"
#include "runtime/npy.h"

namespace ogee::codegen::aot {

/// Per entry and case the arrays `dims.<entry>.<case>` (i64), `<entry>.<case>.<tensor>` for each of its tensors as a
/// call gives or leaves it, `before.<entry>.<case>.<tensor>` for those that are read and written, and
/// `state.<entry>.<case>` (u8) where it writes to the state, which is as it begins before each case; and `target` (u8):
/// the name of the variant that they must be equal to, or nothing where this machine runs none of them. A diagnostic
/// where an entry cannot be run.
mlir::FailureOr<runtime::NamedArrays> makeGolden(llvm::ArrayRef<Source> sources, const Library& library,
                                                 const Options& options);

} // namespace ogee::codegen::aot
