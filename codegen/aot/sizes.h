// The sizes of a program over all values that its symbols may have: bounds, and expressions in C.
#pragma once

#include "codegen/aot/library.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/ADT/StringSet.h"

namespace ogee::codegen::aot {

struct Bounds {
  int64_t lo = 0, hi = 0;
};

class Sizes {
public:
  /// Of a program that outlives this, in a library of this name.
  Sizes(const runtime::Program& program, std::string library) : program_(program), library_(std::move(library)) {}
  /// Before anything else: finds the bounds of every slot. A diagnostic at `location` for a symbol without an upper
  /// bound, and where a size may overflow or be divided by zero.
  mlir::LogicalResult run(mlir::Location location);

  /// What symbol `index` of the program is called by users, and in C.
  std::string name(size_t index) const;
  const std::string& identifier(size_t index) const { return identifiers_[index]; }
  Bounds bounds(runtime::Slot slot) const { return bounds_[slot]; }
  /// Of a slot that no loop sets.
  std::string expression(runtime::Slot slot) const;
  Extent extent(runtime::Slot slot) const { return {expression(slot), bounds(slot).hi}; }
  /// `{12}` in a text replaced by the expression of slot 12.
  std::string withExpressions(const std::string& message) const;

private:
  bool runSteps(const std::vector<runtime::SizeStep>& steps);
  bool runLoops(const runtime::LaunchList& list);

  const runtime::Program& program_;
  const std::string library_;
  std::vector<Bounds> bounds_;
  std::vector<std::string> identifiers_; ///< of symbols
};

/// Names as the headers of a library have them, each once, and none of the library's own.
class Identifiers {
public:
  explicit Identifiers(const std::string& library) : library_(library) {}
  std::string operator()(const std::string& name);

private:
  const std::string& library_;
  llvm::StringSet<> used_;
};

/// A name as C has it: letters, digits and underscores, no word that the headers need.
std::string identifierOf(const std::string& name);

} // namespace ogee::codegen::aot
