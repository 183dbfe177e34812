// Element-wise evaluation of constants for the folds of all families.
#include "ir/fold.h"

namespace ogee::ir {

using namespace mlir;

bool isSmall(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return tensor.hasStaticShape() && tensor.getNumElements() <= kMostFoldedElements;
}

Attribute foldElements(ArrayRef<Attribute> operands, Type type,
                       llvm::function_ref<Attribute(ArrayRef<Attribute>)> evaluate) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<DenseElementsAttr, 3> constants;
  for (Attribute operand : operands) {
    auto constant = dyn_cast_or_null<DenseElementsAttr>(operand);
    if (!constant) return {};
    constants.push_back(constant);
  }
  SmallVector<Attribute, 3> elements(operands.size());
  if (llvm::all_of(constants, [](DenseElementsAttr constant) { return constant.isSplat(); })) {
    for (auto [element, constant] : llvm::zip_equal(elements, constants)) element = constant.getSplatValue<Attribute>();
    return splat(type, evaluate(elements));
  }
  if (!isSmall(type)) return {};
  SmallVector<Attribute> results;
  for (int64_t i = 0; i < tensor.getNumElements(); ++i) {
    for (auto [element, constant] : llvm::zip_equal(elements, constants)) element = constant.getValues<Attribute>()[i];
    results.push_back(evaluate(elements));
    if (!results.back()) return {};
  }
  return DenseElementsAttr::get(tensor, results);
}

Attribute foldMoved(Attribute operand, Type type, llvm::function_ref<int64_t(ArrayRef<int64_t>)> source) {
  auto constant = dyn_cast_or_null<DenseElementsAttr>(operand);
  auto tensor = cast<RankedTensorType>(type);
  if (!constant) return {};
  if (constant.isSplat()) return splat(type, constant.getSplatValue<Attribute>());
  if (!isSmall(type)) return {};
  SmallVector<Attribute> results;
  SmallVector<int64_t> place(tensor.getRank());
  for (int64_t i = 0; i < tensor.getNumElements(); ++i) {
    int64_t rest = i;
    for (int64_t axis = tensor.getRank(); axis-- > 0; rest /= tensor.getDimSize(axis))
      place[axis] = rest % tensor.getDimSize(axis);
    results.push_back(constant.getValues<Attribute>()[source(place)]);
  }
  return DenseElementsAttr::get(tensor, results);
}

Attribute splat(Type type, Attribute element) {
  auto tensor = cast<RankedTensorType>(type);
  if (!element || !tensor.hasStaticShape()) return {};
  return DenseElementsAttr::get(tensor, tensor.getNumElements() == 0 ? ArrayRef<Attribute>() : ArrayRef(element));
}

Attribute splat(Type type, int64_t number) {
  const Type element = elementOf(type);
  if (auto floating = dyn_cast<FloatType>(element))
    return splat(type, FloatAttr::get(floating, static_cast<double>(number)));
  return splat(type, IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(), number, /*isSigned=*/true)));
}

Attribute splatElement(Attribute constant) {
  auto elements = dyn_cast_or_null<DenseElementsAttr>(constant);
  return elements && elements.isSplat() ? elements.getSplatValue<Attribute>() : Attribute();
}

Attribute splatElement(Value value) {
  DenseElementsAttr elements;
  return matchPattern(value, m_Constant(&elements)) ? splatElement(elements) : Attribute();
}

bool isIntegerSplat(Attribute constant, int64_t number) {
  auto element = dyn_cast_or_null<IntegerAttr>(splatElement(constant));
  return element && element.getValue() == APInt(element.getValue().getBitWidth(), number, /*isSigned=*/true);
}

bool isFloatSplat(Attribute constant, double number) {
  auto element = dyn_cast_or_null<FloatAttr>(splatElement(constant));
  return element && element.getValue().isExactlyValue(number);
}

} // namespace ogee::ir
