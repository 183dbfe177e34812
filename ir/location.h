// Source locations: the user's line and the module path it runs in, as MLIR locations and back as text.
#pragma once

#include "mlir/IR/Location.h"

#include <optional>
#include <string>

namespace ogee::ir {

/// A line of a C++ or IR text and the module path ("net.fc2", or empty) in which it ran.
struct SourceLine {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  std::string scope;
};

/// `file:line:column`, wrapped into the name of the scope if there is one.
mlir::Location makeLocation(mlir::MLIRContext* context, llvm::StringRef file, unsigned line, unsigned column,
                            llvm::StringRef scope = {});

/// `location` as that of an op in the gradient of the op called `op` that stands there.
mlir::Location gradientLocation(mlir::Location location, llvm::StringRef op);
/// The op in whose gradient an op at `location` stands, "" for an op of the user's own.
llvm::StringRef gradientOf(mlir::Location location);

/// The first line that a location names: of fused locations the first that has one, of a call the callee's. The
/// innermost scope counts.
std::optional<SourceLine> sourceLine(mlir::Location location);

/// "model.cpp:27 in fc2", "model.cpp:27", or "" where the location names no line. Folders are left out.
std::string describe(mlir::Location location);

} // namespace ogee::ir
