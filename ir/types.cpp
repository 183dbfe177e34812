#include "ir/types.h"

#include "runtime/checked.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ValueRange.h"

#include "llvm/ADT/STLExtras.h"

namespace ogee::ir {

using namespace mlir;
using runtime::DType;

std::optional<DType> dtypeOf(Type element) {
  if (element.isF16()) return DType::f16;
  if (element.isBF16()) return DType::bf16;
  if (element.isF32()) return DType::f32;
  if (element.isF64()) return DType::f64;
  if (element.isSignlessInteger(1)) return DType::boolean;
  if (element.isSignlessInteger(8)) return DType::i8;
  if (element.isUnsignedInteger(8)) return DType::u8;
  if (element.isSignlessInteger(32)) return DType::i32;
  if (element.isSignlessInteger(64)) return DType::i64;
  return std::nullopt;
}

Type elementType(MLIRContext* context, DType dtype) {
  switch (dtype) {
  case DType::boolean: return IntegerType::get(context, 1);
  case DType::u8: return IntegerType::get(context, 8, IntegerType::Unsigned);
  case DType::i8: return IntegerType::get(context, 8);
  case DType::i32: return IntegerType::get(context, 32);
  case DType::i64: return IntegerType::get(context, 64);
  case DType::f16: return Float16Type::get(context);
  case DType::bf16: return BFloat16Type::get(context);
  case DType::f32: return Float32Type::get(context);
  case DType::f64: return Float64Type::get(context);
  }
  return {};
}

bool isPlainTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getEncoding()) return false;
  std::optional<DType> dtype = dtypeOf(tensor.getElementType());
  if (!dtype) return false;
  runtime::Checked bytes = runtime::item_size(*dtype);
  for (int64_t dim : tensor.getShape())
    if (!ShapedType::isDynamic(dim)) bytes = bytes * std::max<int64_t>(dim, 1);
  return bytes.valid();
}

static bool isScalarOf(Type type, unsigned bits) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() == 0 && !tensor.getEncoding() && tensor.getElementType().isSignlessInteger(bits);
}

bool isI64Scalar(Type type) { return isScalarOf(type, 64); }
bool isBoolScalar(Type type) { return isScalarOf(type, 1); }

Type elementOf(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? tensor.getElementType() : type;
}

bool haveSameElement(ValueRange values) {
  return llvm::all_of(values, [&](Value value) { return elementOf(value) == elementOf(values.front()); });
}

Type scalarTypeLike(Type type) { return RankedTensorType::get({}, elementOf(type)); }

Type boolTypeLike(Type type) {
  Type boolean = IntegerType::get(type.getContext(), 1);
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? tensor.clone(boolean) : boolean;
}

RankedTensorType tensorType(const runtime::Shape& shape, Type element) {
  SmallVector<int64_t> dims;
  for (const runtime::Dim& dim : shape) dims.push_back(dim.is_number() ? dim.number() : ShapedType::kDynamic);
  return RankedTensorType::get(dims, element);
}

} // namespace ogee::ir
