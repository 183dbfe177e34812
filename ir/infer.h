// Between the ops and the shape rules: where dims of operands come from, and the verifiers and type inference made of a
// rule.
#pragma once

#include "ir/shapes.h"
#include "ir/types.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"

namespace ogee::ir {

/// Knows the dims of tensors and the values of indices. `shape` is asked for tensors only, `index` for index values
/// only.
class DimSource {
public:
  virtual ~DimSource() = default;
  virtual Shape shape(mlir::Value tensor) const = 0;
  virtual Dim index(mlir::Value value) const = 0;
  /// A list of numbers and index values mixed: the dynamic ones stand where `statics` says kDynamic. Fails where the
  /// counts differ.
  Result<Shape> mixed(llvm::StringRef op, mlir::ValueRange dynamics, llvm::ArrayRef<int64_t> statics) const;
};

/// What types alone say: each `?` and each index value is a size of its own.
class TypeDims : public DimSource {
public:
  Shape shape(mlir::Value tensor) const override;
  Dim index(mlir::Value value) const override;

private:
  Dim fresh(int64_t lowest) const;
  mutable unsigned count_ = 0;
};

/// The name of an op as error texts give it: "dot" for "ogee.dot".
std::string_view ruleName(llvm::StringRef op);

/// The rule of all pointwise ops.
Result<Shape> inferPointwiseDims(mlir::Operation* op, const DimSource& dims, Requirements* requirements);

/// Whether a rule can be asked: all operands are tensors of the dialect or index values. Parsers infer types before
/// they verify.
mlir::LogicalResult checkOperands(std::optional<mlir::Location> location, llvm::StringRef op,
                                  mlir::ValueRange operands);
/// The type made of a rule's dims; fails, with a diagnostic at `location` if there is one, where there are none or too
/// large ones.
mlir::FailureOr<mlir::RankedTensorType> typeOf(std::optional<mlir::Location> location, llvm::StringRef op,
                                               const Result<Shape>& shape, mlir::Type element);

/// InferTypeOpInterface by the op's shape rule.
template <class Op>
mlir::LogicalResult inferTypeByRule(std::optional<mlir::Location> location, typename Op::Adaptor adaptor,
                                    mlir::Type element, llvm::SmallVectorImpl<mlir::Type>& types) {
  if (failed(checkOperands(location, Op::getOperationName(), adaptor.getOperands()))) return mlir::failure();
  auto type = typeOf(location, Op::getOperationName(), Op::shapeRule(adaptor, TypeDims(), nullptr), element);
  if (failed(type)) return mlir::failure();
  types.push_back(*type);
  return mlir::success();
}

/// Whether the result of `op` has the type that the rule gives.
mlir::LogicalResult verifyResultType(mlir::Operation* op, const Result<Shape>& shape, mlir::Type element);

template <class Op>
mlir::LogicalResult verifyTypeByRule(Op op, mlir::Type element) {
  return verifyResultType(op, Op::shapeRule(typename Op::Adaptor(op), TypeDims(), nullptr), element);
}

} // namespace ogee::ir
