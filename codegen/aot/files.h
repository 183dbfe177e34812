// A library as files in a folder, with a manifest that lists them.
#pragma once

#include "codegen/aot/compile.h"

#include <set>
#include <string>

namespace ogee::codegen::aot {

struct Output {
  std::string folder;
  std::set<std::string> emit = {"obj", "header"}; ///< of "obj", "header", "asm", "mlir", "report"
};

/// Whether `emit` may have it.
bool isKind(const std::string& text);

/// Compiles the functions and writes <name>.o (lib<name>.a for several CPUs), <name>.h, <name>.hpp,
/// <name>.weights.safetensors (unless embedded), <name>_golden.npz (both only where there are weights, or where none
/// are needed), what else `emit` asks for, and <name>.manifest.json. A diagnostic where something fails; files are
/// written when all has been compiled.
mlir::LogicalResult write(llvm::ArrayRef<Source> sources, const Options& options, const Output& output);

} // namespace ogee::codegen::aot
