// What the transformations of whole functions share: a copy of a function on its way to becoming another one.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/BitVector.h"

namespace ogee::passes {

bool isFloatTensor(mlir::Type type);

/// Erases ops whose results nobody reads.
void eraseDeadOps(mlir::Block& block);

class Derived {
public:
  /// A copy of `function`, put behind it, in which groups are dissolved.
  Derived(mlir::func::FuncOp function, const llvm::Twine& name);

  mlir::func::FuncOp function() const { return function_; }
  mlir::Block& body() { return function_.getBody().front(); }
  llvm::SmallVector<mlir::Value> arguments(llvm::ArrayRef<unsigned> numbers);
  llvm::SmallVector<mlir::Value> results();
  mlir::OpBuilder builderAtEnd() { return mlir::OpBuilder(body().getTerminator()); }

  /// One more argument of the type of `like`, called `<prefix>_<name>` where there is a name.
  mlir::Value addArgument(mlir::Value like, llvm::StringRef prefix, llvm::StringRef name);
  /// One more argument of type index.
  mlir::Value addIndexArgument(mlir::Location loc);
  /// Ends it with `results`; dead ops go, and the arguments `unread` if there are any.
  mlir::func::FuncOp finish(mlir::ValueRange results, const llvm::BitVector& unread = {});

  void discard() { function_.erase(); }

private:
  mlir::func::FuncOp function_;
  llvm::SmallVector<mlir::DictionaryAttr> attributes_; ///< of the arguments
};

struct Outputs {
  llvm::SmallVector<mlir::Value> values, cotangents;
  llvm::SmallVector<unsigned> results; ///< their numbers
};

/// An argument for the cotangent of each result of floats of `function`, which `derived` is a copy of.
Outputs addCotangents(Derived& derived, mlir::func::FuncOp function);

} // namespace ogee::passes
