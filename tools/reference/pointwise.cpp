// Pointwise ops: one line says what each computes of one element.
#include "ir/dialect.h"
#include "tools/reference/families.h"

#include "llvm/ADT/TypeSwitch.h"

#include <bit>
#include <cstring>
#include <limits>

namespace ogee::reference {

using mlir::Operation;

namespace {

// --- elements to arrays --------------------------------------------------------------------------

/// f of the elements at each place of operands whose elements are of type T.
template <class T, class F, class... Arrays>
Array map(F f, const Array& first, const Arrays&... others) {
  using Result = decltype(f(first.as<T>()[0], others.template as<T>()[0]...));
  Array result(dtypeOf<Result>(), first.shape);
  const auto to = result.as<Result>();
  for (size_t i = 0; i < to.size(); ++i) to[i] = f(first.as<T>()[i], others.template as<T>()[i]...);
  return result;
}

/// f in the type of the elements, which is one of Types.
template <class... Types, class F, class... Arrays>
Array exactly(F f, const Array& first, const Arrays&... others) {
  return withType<Types...>(first.dtype, [&]<class T>() { return map<T>(f, first, others...); });
}

template <class F, class... Arrays>
Array numbers(F f, const Arrays&... operands) {
  return exactly<float, double, int32_t, int64_t>(f, operands...);
}
template <class F, class... Arrays>
Array floats(F f, const Arrays&... operands) {
  return exactly<float, double>(f, operands...);
}
template <class F, class... Arrays>
Array integers(F f, const Arrays&... operands) {
  return exactly<int32_t, int64_t>(f, operands...);
}
template <class F, class... Arrays>
Array bits(F f, const Arrays&... operands) {
  return exactly<int32_t, int64_t, bool>(f, operands...);
}
template <class F, class... Arrays>
Array anything(F f, const Arrays&... operands) {
  return exactly<float, double, int32_t, int64_t, bool>(f, operands...);
}

/// A function of real numbers: computed in the wide type, rounded once.
template <class F, class... Arrays>
Array real(F f, const Arrays&... operands) {
  return floats([&]<class T>(T first, auto... others) { return T(f(Wide<T>(first), Wide<T>(others)...)); },
                operands...);
}

// --- one element ---------------------------------------------------------------------------------

template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

template <class T>
constexpr int kWidth = 8 * sizeof(T);

template <class T>
T negative(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return -x;
  else
    return T(-Bits<T>(x));
}

template <class T>
T absolute(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return std::copysign(x, T(1));
  else
    return x < 0 ? negative(x) : x;
}

template <class T>
T flipped(T x) {
  if constexpr (std::is_same_v<T, bool>)
    return !x;
  else
    return T(~x);
}

template <class T>
T sign(T x) {
  return x > 0 ? T(1) : x < 0 ? T(-1) : x;
}

template <class T>
T roundHalfToEven(T x) {
  const T below = std::floor(x), distance = x - below; // exact
  const bool up = distance > T(0.5) || (distance == T(0.5) && std::fmod(below, T(2)) != 0);
  return std::copysign(up ? below + 1 : below, x);
}

template <class T>
T quotient(T x, T y) {
  if constexpr (std::is_floating_point_v<T>)
    return x / y;
  else if (y == 0)
    return T(-1);
  else
    return y == -1 ? negative(x) : T(x / y);
}

template <class T>
T remainder(T x, T y) {
  if constexpr (std::is_floating_point_v<T>)
    return std::fmod(x, y);
  else if (y == 0)
    return x;
  else
    return y == -1 ? T(0) : T(x % y);
}

template <class T>
T integerPower(T x, T y) {
  if (y < 0) return x == 1 || x == -1 ? (int64_t(y) % 2 ? x : T(1)) : T(0);
  T result = 1;
  for (T left = y; left > 0; left /= 2) {
    if (left % 2) result = times(result, x);
    x = times(x, x);
  }
  return result;
}

template <class T>
T power(T x, T y) {
  if constexpr (std::is_floating_point_v<T>)
    return T(std::pow(Wide<T>(x), Wide<T>(y)));
  else
    return integerPower(x, y);
}

template <class T>
T shiftLeft(T x, T count) {
  return Bits<T>(count) < kWidth<T> ? T(Bits<T>(x) << count) : T(0);
}
template <class T>
T shiftRightArithmetic(T x, T count) {
  return T(x >> (Bits<T>(count) < kWidth<T> ? count : kWidth<T> - 1));
}
template <class T>
T shiftRightLogic(T x, T count) {
  return Bits<T>(count) < kWidth<T> ? T(Bits<T>(x) >> count) : T(0);
}

template <class T>
bool compare(ir::Comparison comparison, T x, T y) {
  switch (comparison) {
  case ir::Comparison::eq: return x == y;
  case ir::Comparison::ne: return x != y;
  case ir::Comparison::lt: return x < y;
  case ir::Comparison::le: return x <= y;
  case ir::Comparison::gt: return x > y;
  case ir::Comparison::ge: return x >= y;
  }
  return false;
}

template <class To, class From>
To convert(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != 0;
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (std::isnan(x)) return 0;
    const From limit = std::ldexp(From(1), kWidth<To> - 1);
    if (x >= limit) return std::numeric_limits<To>::max();
    return x < -limit ? std::numeric_limits<To>::min() : To(x);
  } else {
    return To(x);
  }
}

// --- ops by number of operands -------------------------------------------------------------------

std::optional<Array> unary(Operation* op, const Array& x) {
  using Result = std::optional<Array>;
  return llvm::TypeSwitch<Operation*, Result>(op)
      .Case([&](ir::AbsOp) { return numbers([](auto v) { return absolute(v); }, x); })
      .Case([&](ir::NegOp) { return numbers([](auto v) { return negative(v); }, x); })
      .Case([&](ir::SignOp) { return numbers([](auto v) { return sign(v); }, x); })
      .Case([&](ir::ExpOp) { return real([](auto v) { return std::exp(v); }, x); })
      .Case([&](ir::Expm1Op) { return real([](auto v) { return std::expm1(v); }, x); })
      .Case([&](ir::LogOp) { return real([](auto v) { return std::log(v); }, x); })
      .Case([&](ir::Log2Op) { return real([](auto v) { return std::log2(v); }, x); })
      .Case([&](ir::Log10Op) { return real([](auto v) { return std::log10(v); }, x); })
      .Case([&](ir::Log1pOp) { return real([](auto v) { return std::log1p(v); }, x); })
      .Case([&](ir::SqrtOp) { return floats([](auto v) { return std::sqrt(v); }, x); })
      .Case([&](ir::RsqrtOp) { return floats([](auto v) { return 1 / std::sqrt(v); }, x); })
      .Case([&](ir::CbrtOp) { return real([](auto v) { return std::cbrt(v); }, x); })
      .Case([&](ir::SinOp) { return real([](auto v) { return std::sin(v); }, x); })
      .Case([&](ir::CosOp) { return real([](auto v) { return std::cos(v); }, x); })
      .Case([&](ir::TanOp) { return real([](auto v) { return std::tan(v); }, x); })
      .Case([&](ir::TanhOp) { return real([](auto v) { return std::tanh(v); }, x); })
      .Case([&](ir::LogisticOp) { return real([](auto v) { return 1 / (1 + std::exp(-v)); }, x); })
      .Case([&](ir::ErfOp) { return real([](auto v) { return std::erf(v); }, x); })
      .Case([&](ir::FloorOp) { return floats([](auto v) { return std::floor(v); }, x); })
      .Case([&](ir::CeilOp) { return floats([](auto v) { return std::ceil(v); }, x); })
      .Case([&](ir::TruncOp) { return floats([](auto v) { return std::trunc(v); }, x); })
      .Case([&](ir::RoundNearestEvenOp) { return floats([](auto v) { return roundHalfToEven(v); }, x); })
      .Case([&](ir::RoundNearestAfzOp) { return floats([](auto v) { return std::round(v); }, x); })
      .Case([&](ir::IsFiniteOp) { return floats([](auto v) { return std::isfinite(v); }, x); })
      .Case([&](ir::NotOp) { return bits([](auto v) { return flipped(v); }, x); })
      .Case([&](ir::PopcntOp) { return integers([]<class T>(T v) { return T(std::popcount(Bits<T>(v))); }, x); })
      .Case([&](ir::ClzOp) { return integers([]<class T>(T v) { return T(std::countl_zero(Bits<T>(v))); }, x); })
      .Case([&](ir::ConvertOp convertOp) {
        const DType to = dtypeOf(convertOp.getType().getElementType());
        return withType<float, double, int32_t, int64_t, bool>(
            to, [&]<class To>() { return anything([](auto v) { return convert<To>(v); }, x); });
      })
      .Case([&](ir::BitcastConvertOp bitcastOp) {
        Array result(dtypeOf(bitcastOp.getType().getElementType()), x.shape);
        result.bytes = x.bytes;
        return result;
      })
      .Default([](Operation*) { return Result(); });
}

std::optional<Array> binary(Operation* op, const Array& x, const Array& y) {
  using Result = std::optional<Array>;
  return llvm::TypeSwitch<Operation*, Result>(op)
      .Case([&](ir::AddOp) { return numbers([](auto a, auto b) { return plus(a, b); }, x, y); })
      .Case([&](ir::SubOp) {
        return numbers([]<class T>(T a, T b) { return std::is_floating_point_v<T> ? a - b : plus(a, negative(b)); }, x,
                       y);
      })
      .Case([&](ir::MulOp) { return numbers([](auto a, auto b) { return times(a, b); }, x, y); })
      .Case([&](ir::DivOp) { return numbers([](auto a, auto b) { return quotient(a, b); }, x, y); })
      .Case([&](ir::RemOp) { return numbers([](auto a, auto b) { return remainder(a, b); }, x, y); })
      .Case([&](ir::PowOp) { return numbers([](auto a, auto b) { return power(a, b); }, x, y); })
      .Case([&](ir::Atan2Op) { return real([](auto a, auto b) { return std::atan2(a, b); }, x, y); })
      .Case([&](ir::MaxOp) { return numbers([](auto a, auto b) { return larger(a, b); }, x, y); })
      .Case([&](ir::MinOp) { return numbers([](auto a, auto b) { return smaller(a, b); }, x, y); })
      .Case([&](ir::AndOp) { return bits([]<class T>(T a, T b) { return T(a & b); }, x, y); })
      .Case([&](ir::OrOp) { return bits([]<class T>(T a, T b) { return T(a | b); }, x, y); })
      .Case([&](ir::XorOp) { return bits([]<class T>(T a, T b) { return T(a ^ b); }, x, y); })
      .Case([&](ir::ShlOp) { return integers([](auto a, auto b) { return shiftLeft(a, b); }, x, y); })
      .Case([&](ir::ShrArithOp) { return integers([](auto a, auto b) { return shiftRightArithmetic(a, b); }, x, y); })
      .Case([&](ir::ShrLogicOp) { return integers([](auto a, auto b) { return shiftRightLogic(a, b); }, x, y); })
      .Case([&](ir::CompareOp compareOp) {
        return anything([&](auto a, auto b) { return compare(compareOp.getComparison(), a, b); }, x, y);
      })
      .Default([](Operation*) { return Result(); });
}

Array select(const Array& pred, const Array& onTrue, const Array& onFalse) {
  return withType<float, double, int32_t, int64_t, bool>(onTrue.dtype, [&]<class T>() {
    Array result = onFalse;
    for (size_t i = 0; i < result.as<T>().size(); ++i)
      if (pred.as<bool>()[i]) result.as<T>()[i] = onTrue.as<T>()[i];
    return result;
  });
}

std::optional<Array> ternary(Operation* op, const Array& a, const Array& b, const Array& c) {
  if (mlir::isa<ir::SelectOp>(op)) return select(a, b, c);
  if (!mlir::isa<ir::ClampOp>(op)) return std::nullopt;
  return numbers([](auto lo, auto x, auto hi) { return smaller(larger(x, lo), hi); }, a, b, c);
}

} // namespace

Evaluation evaluatePointwise(Operation* op, const Values& values) {
  if (!op->hasTrait<mlir::OpTrait::OneResult>() || op->getNumOperands() < 1 || op->getNumOperands() > 3 ||
      !llvm::all_of(op->getOperandTypes(), llvm::IsaPred<mlir::RankedTensorType>))
    return std::nullopt;
  llvm::SmallVector<const Array*, 3> x;
  for (mlir::Value operand : op->getOperands()) x.push_back(&values.array(operand));
  if (!mlir::isa<ir::PointwiseOpInterface>(op)) return std::nullopt;
  for (const Array* other : x)
    if (other->shape != x[0]->shape)
      return op->emitError("operands have different sizes: ")
             << toString(x[0]->shape) << " and " << toString(other->shape);
  std::optional<Array> result = x.size() == 1   ? unary(op, *x[0])
                                : x.size() == 2 ? binary(op, *x[0], *x[1])
                                                : ternary(op, *x[0], *x[1], *x[2]);
  if (!result) return std::nullopt;
  return mlir::FailureOr<Array>(std::move(*result));
}

} // namespace ogee::reference
