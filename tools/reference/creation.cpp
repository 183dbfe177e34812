// Creation: constants and positions.
#include "ir/dialect.h"
#include "tools/reference/families.h"

#include "mlir/IR/BuiltinAttributes.h"

namespace ogee::reference {

using mlir::FailureOr;

namespace {

template <class T>
T elementOf(const llvm::APFloat& value) {
  if constexpr (std::is_same_v<T, float>) return value.convertToFloat();
  return T(value.convertToDouble());
}
template <class T>
T elementOf(const llvm::APInt& value) {
  return std::is_same_v<T, bool> ? T(!value.isZero()) : T(value.getSExtValue());
}

Array constant(ir::ConstantOp op) {
  const mlir::DenseElementsAttr dense = op.getValue();
  const DType dtype = dtypeOf(dense.getElementType());
  return withType<float, double, int32_t, int64_t, bool>(dtype, [&]<class T>() {
    using Stored = std::conditional_t<std::is_floating_point_v<T>, llvm::APFloat, llvm::APInt>;
    Array result(dtype, Index(dense.getType().getShape()));
    size_t next = 0;
    for (const Stored& value : dense.getValues<Stored>()) result.as<T>()[next++] = elementOf<T>(value);
    return result;
  });
}

FailureOr<Array> iota(ir::IotaOp op, const Values& values) {
  const Index shape = values.sizes(op.getMixedSizes());
  if (mlir::failed(checkShape(op, shape))) return mlir::failure();
  return withType<float, double, int32_t, int64_t>(dtypeOf(op.getType().getElementType()), [&]<class T>() {
    Array result(dtypeOf<T>(), shape);
    size_t next = 0;
    forEachIndex(shape, [&](const Index& index) { result.as<T>()[next++] = T(index[op.getAxis()]); });
    return result;
  });
}

} // namespace

Evaluation evaluateCreation(mlir::Operation* op, const Values& values) {
  if (auto constantOp = mlir::dyn_cast<ir::ConstantOp>(op)) {
    if (mlir::failed(checkShape(op, Index(constantOp.getType().getShape())))) return FailureOr<Array>(mlir::failure());
    return FailureOr<Array>(constant(constantOp));
  }
  if (auto fromIndex = mlir::dyn_cast<ir::FromIndexOp>(op))
    return FailureOr<Array>(Array(Index{}, std::vector<int64_t>{values.index(fromIndex.getIndex())}));
  if (auto iotaOp = mlir::dyn_cast<ir::IotaOp>(op)) return iota(iotaOp, values);
  return std::nullopt;
}

} // namespace ogee::reference
