// Reductions: every element is folded into the state at its index without the reduced axes.
#include "ir/dialect.h"
#include "tools/reference/families.h"

#include "llvm/ADT/TypeSwitch.h"

#include <limits>

namespace ogee::reference {

using mlir::Operation;

namespace {

Index without(const Index& index, mlir::ArrayRef<int64_t> axes) {
  Index rest;
  for (size_t i = 0; i < index.size(); ++i)
    if (!llvm::is_contained(axes, int64_t(i))) rest.push_back(index[i]);
  return rest;
}

/// Folds in the wide type from `neutral` and rounds at the end.
template <class T, class F>
Array fold(const Array& x, mlir::ArrayRef<int64_t> axes, Wide<T> neutral, F combine) {
  Array result(x.dtype, without(x.shape, axes));
  std::vector<Wide<T>> state(result.numel(), neutral);
  size_t next = 0;
  forEachIndex(x.shape, [&](const Index& index) {
    auto&& at = state[offsetOf(without(index, axes), result.shape)];
    at = combine(at, Wide<T>(x.as<T>()[next++]));
  });
  for (size_t i = 0; i < state.size(); ++i) result.as<T>()[i] = T(state[i]);
  return result;
}

template <class F>
Array foldNumbers(const Array& x, mlir::ArrayRef<int64_t> axes, F f) {
  return withType<float, double, int32_t, int64_t>(x.dtype,
                                                   [&]<class T>() { return f.template operator()<T>(x, axes); });
}

template <class T>
constexpr Wide<T> kLowest =
    std::is_floating_point_v<T> ? -std::numeric_limits<Wide<T>>::infinity() : std::numeric_limits<Wide<T>>::lowest();
template <class T>
constexpr Wide<T> kHighest =
    std::is_floating_point_v<T> ? std::numeric_limits<Wide<T>>::infinity() : std::numeric_limits<Wide<T>>::max();

/// Whether x takes the place of the best so far: the first of the best, the first NaN before all.
template <class T>
bool isBetter(T x, T best, bool wantLargest) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(best)) return false;
    if (std::isnan(x)) return true;
  }
  return wantLargest ? x > best : x < best;
}

Array positionOfBest(const Array& x, int64_t axis, bool wantLargest) {
  return withType<float, double, int32_t, int64_t>(x.dtype, [&]<class T>() {
    Array result(DType::i64, without(x.shape, axis));
    std::vector<T> best(result.numel());
    for (int64_t& position : result.as<int64_t>()) position = -1;
    size_t next = 0;
    forEachIndex(x.shape, [&](const Index& index) {
      const T element = x.as<T>()[next++];
      const int64_t to = offsetOf(without(index, axis), result.shape);
      int64_t& position = result.as<int64_t>()[to];
      if (position >= 0 && !isBetter(element, best[to], wantLargest)) return;
      position = index[axis];
      best[to] = element;
    });
    return result;
  });
}

} // namespace

Evaluation evaluateReduction(Operation* op, const Values& values) {
  const auto operand = [&](auto reduction) -> const Array& { return values.array(reduction.getOperand()); };
  const auto numbers = [&](auto reduction, auto f) { return foldNumbers(operand(reduction), reduction.getAxes(), f); };
  return llvm::TypeSwitch<Operation*, Evaluation>(op)
      .Case([&](ir::SumOp sum) {
        return numbers(sum, []<class T>(auto& x, auto axes) { return fold<T>(x, axes, 0, plus<Wide<T>>); });
      })
      .Case([&](ir::ProdOp prod) {
        return numbers(prod, []<class T>(auto& x, auto axes) { return fold<T>(x, axes, 1, times<Wide<T>>); });
      })
      .Case([&](ir::AmaxOp amax) {
        return numbers(amax, []<class T>(auto& x, auto axes) { return fold<T>(x, axes, kLowest<T>, larger<Wide<T>>); });
      })
      .Case([&](ir::AminOp amin) {
        return numbers(amin,
                       []<class T>(auto& x, auto axes) { return fold<T>(x, axes, kHighest<T>, smaller<Wide<T>>); });
      })
      .Case([&](ir::AnyOp any) { return fold<bool>(operand(any), any.getAxes(), false, std::logical_or<bool>()); })
      .Case([&](ir::AllOp all) { return fold<bool>(operand(all), all.getAxes(), true, std::logical_and<bool>()); })
      .Case([&](ir::ArgmaxOp argmax) { return positionOfBest(operand(argmax), argmax.getAxes()[0], true); })
      .Case([&](ir::ArgminOp argmin) { return positionOfBest(operand(argmin), argmin.getAxes()[0], false); })
      .Default([](Operation*) { return std::nullopt; });
}

} // namespace ogee::reference
