// What folds are written with: element-wise evaluation of constants, and questions about splats. A fold gives the bits
// that the op would give, so what it computes is exact or correctly rounded; functions that are neither stay in the
// program.
#pragma once

#include "ir/dialect.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APInt.h"

namespace ogee::ir {

/// Constants of more elements are computed only where they are splats.
inline constexpr int64_t kMostFoldedElements = 256;

/// The constant of type `type` whose elements `evaluate` computes from the operands' elements; null where an operand is
/// no constant, where there are too many elements, or where `evaluate` gives null.
mlir::Attribute foldElements(llvm::ArrayRef<mlir::Attribute> operands, mlir::Type type,
                             llvm::function_ref<mlir::Attribute(llvm::ArrayRef<mlir::Attribute>)> evaluate);

/// The elements of `operand` at the places that `source` names for each place of the result (row-major), as a constant
/// of type `type`.
mlir::Attribute foldMoved(mlir::Attribute operand, mlir::Type type,
                          llvm::function_ref<int64_t(llvm::ArrayRef<int64_t>)> source);

/// The splat constant of `element` if `type` is static.
mlir::Attribute splat(mlir::Type type, mlir::Attribute element);
/// The splat of a small number (floats: exact), if `type` is static.
mlir::Attribute splat(mlir::Type type, int64_t number);

/// The one element of a splat constant, null for all else.
mlir::Attribute splatElement(mlir::Attribute constant);
/// The one element of the splat constant that `value` is, null for all else.
mlir::Attribute splatElement(mlir::Value value);

/// Whether a constant is a splat of the integer (or the bool) `number`.
bool isIntegerSplat(mlir::Attribute constant, int64_t number);
/// Whether a constant is a splat of the float `number`; -0.0 is not 0.0.
bool isFloatSplat(mlir::Attribute constant, double number);
/// Either.
inline bool isNumberSplat(mlir::Attribute constant, int64_t number) {
  return isIntegerSplat(constant, number) || isFloatSplat(constant, static_cast<double>(number));
}

/// The number of elements of a static tensor type, if it is small enough to be folded.
bool isSmall(mlir::Type type);

/// Puts a new op in the place of `op`. It takes over the marks: attributes that say nothing about what it computes.
template <class Op, class... Args>
Op replaceMarked(mlir::PatternRewriter& rewriter, mlir::Operation* op, Args&&... args) {
  const mlir::DictionaryAttr marks = op->getDiscardableAttrDictionary();
  Op created = rewriter.replaceOpWithNewOp<Op>(op, std::forward<Args>(args)...);
  created->setDiscardableAttrs(marks);
  return created;
}

} // namespace ogee::ir
