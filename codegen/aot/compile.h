// The plot of an ahead-of-time compilation: functions -> plans -> memory -> an object for each CPU -> files.
#pragma once

#include "codegen/aot/library.h"
#include "codegen/target.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <map>

namespace ogee::codegen::aot {

/// A function, and what it is called in C. It stays as it is.
struct Source {
  std::string name;
  mlir::func::FuncOp graph;
};

struct Options {
  std::string name;                 ///< of the library: a C identifier
  std::vector<NamedTarget> targets; ///< of one architecture
  /// The first elements of the state by name, dense; empty: the caller of the library brings them.
  std::map<std::string, std::vector<uint8_t>> weights;
  bool embed = false;    ///< the weights become part of the object
  bool assembly = false; ///< `Variant::assembly` is wanted
};

/// Compiles the functions into one library. A failure has been reported as a diagnostic.
mlir::FailureOr<Library> compile(llvm::ArrayRef<Source> sources, const Options& options);

/// The state of a library as it begins: the weights at their offsets.
std::vector<uint8_t> firstState(const Library& library, const std::map<std::string, std::vector<uint8_t>>& weights);

} // namespace ogee::codegen::aot
