// Evaluates the nodes of a nest at a point, as lines of text.
#pragma once

#include "codegen/cuda/kernel.h"

#include "llvm/ADT/DenseMap.h"

namespace ogee::codegen::cuda {

/// Where nodes are evaluated, and the names of what is known there. Copied on entry into a block of the text: inner
/// scopes see outer names.
struct Scope {
  Point point;
  llvm::DenseMap<unsigned, std::string> known;
  /// Loads happen only if this holds, and give 0 otherwise ("": always): what is evaluated ahead of a loop that may
  /// have no iteration must not touch operands that may have no element.
  std::string guard;
};

/// The first failure is remembered: its diagnostic has been given, and the text is of no use.
class Body {
public:
  explicit Body(Kernel& kernel) : kernel_(kernel), nest_(kernel.nest) {}

  /// The name (or the number) that the node's value has at the scope's point.
  std::string evaluate(unsigned node, Scope& scope);
  /// Evaluates what does not differ along `dim`, of the nodes that `roots` need: for the points of a loop over it.
  void hoist(llvm::ArrayRef<unsigned> roots, unsigned dim, Scope& scope);
  /// Writes the nodes of stores at the scope's point. All are evaluated before the first is written: a store may take
  /// the place of what another one reads.
  void store(llvm::ArrayRef<unsigned> stores, Scope& scope);
  void storeAll(Scope& scope);

  /// A value of `element` as it was read from memory, and as it is written.
  static std::string fromStorage(const std::string& value, mlir::Type element);
  static std::string toStorage(const std::string& value, mlir::Type element);

  bool failed() const { return failed_; }
  void fail() { failed_ = true; }

private:
  std::string compute(unsigned node, Scope& scope);
  std::string computeScalar(const Node& node, Scope& scope);

  Kernel& kernel_;
  const Nest& nest_;
  bool failed_ = false;
};

} // namespace ogee::codegen::cuda
