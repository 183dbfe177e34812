// What the interpreter's files share: the values of a call in progress, and one evaluator per op family.
#pragma once

#include "tools/reference/array.h"

#include "mlir/IR/Operation.h"
#include "mlir/Support/LLVM.h"

#include "llvm/ADT/DenseMap.h"

#include <cmath>
#include <optional>

namespace ogee::reference {

/// The type that computations on T happen in where they do not round by themselves.
template <class T>
struct WideOf {
  using Type = T;
};
template <>
struct WideOf<float> {
  using Type = double;
};
template <>
struct WideOf<double> {
  using Type = long double;
};
template <class T>
using Wide = typename WideOf<T>::Type;

/// The dtype of a type of the dialect.
DType dtypeOf(mlir::Type element);

/// What the values of a function are.
class Values {
public:
  void set(mlir::Value value, Array array) { arrays_[value] = std::move(array); }
  void setIndex(mlir::Value value, int64_t number) { indices_[value] = number; }

  const Array& array(mlir::Value value) const { return arrays_.find(value)->second; }
  int64_t index(mlir::Value value) const { return indices_.find(value)->second; }
  /// Numbers and index values mixed.
  Index sizes(mlir::ArrayRef<mlir::OpFoldResult> mixed) const;

  /// Whether the dims of values are all that is asked for: no loop runs.
  bool dimsOnly = false;

private:
  llvm::DenseMap<mlir::Value, Array> arrays_;
  llvm::DenseMap<mlir::Value, int64_t> indices_;
};

/// The op's result, failure after a diagnostic at the op, or nothing where the op is of another family.
using Evaluation = std::optional<mlir::FailureOr<Array>>;

Evaluation evaluatePointwise(mlir::Operation* op, const Values& values);
Evaluation evaluateReduction(mlir::Operation* op, const Values& values);
Evaluation evaluateContraction(mlir::Operation* op, const Values& values);
Evaluation evaluateMovement(mlir::Operation* op, const Values& values);
Evaluation evaluateIndexing(mlir::Operation* op, const Values& values);
Evaluation evaluateCreation(mlir::Operation* op, const Values& values);
Evaluation evaluateRandom(mlir::Operation* op, const Values& values);

/// Runs the ops of a block whose arguments have values; gives what its terminator names.
using RunBlock = llvm::function_ref<mlir::LogicalResult(mlir::Block&, Values&, llvm::SmallVectorImpl<Array>& results)>;
/// Ops that run regions; nothing where the op is of another family.
std::optional<mlir::LogicalResult> evaluateControl(mlir::Operation* op, Values& values, RunBlock run);

/// A diagnostic unless an array has the dims that the type of the result says.
mlir::LogicalResult checkResultType(mlir::OpResult result, const Array& array);
/// A diagnostic unless the shape is one that a tensor can have.
mlir::LogicalResult checkShape(mlir::Operation* op, const Index& shape);

/// Sum, product, larger and smaller one as the ops of these names, in any type that elements are computed in.
template <class T>
T plus(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return a + b;
  else
    return T(std::make_unsigned_t<T>(a) + std::make_unsigned_t<T>(b));
}

template <class T>
T times(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return a * b;
  else
    return T(std::make_unsigned_t<T>(a) * std::make_unsigned_t<T>(b));
}

template <class T>
T larger(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a)) return a;
    if (std::isnan(b)) return b;
  }
  return a > b ? a : b;
}

template <class T>
T smaller(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a)) return a;
    if (std::isnan(b)) return b;
  }
  return a < b ? a : b;
}

} // namespace ogee::reference
