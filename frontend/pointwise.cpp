// The element-wise functions: one row each, what they promote to and what they are made of.
#include "frontend/pointwise.h"

#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/operators.h"
#include "frontend/record.h"
#include "frontend/trace.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace ogee {

using namespace detail;

namespace {

using X = std::span<const Tensor>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Tensor primitive_select(X x, Loc loc) { return record_pointwise("select", x, x[1].dtype(loc), loc); }

template <Comparison kComparison>
Tensor comparison(X x, Loc loc) {
  return record_compare(kComparison, x[0], x[1], loc);
}

/// On bool another operation than on numbers.
template <Literal kNumbers, Literal kBool>
Tensor number_or_bool(X x, Loc loc) {
  return x[0].dtype(loc) == boolean ? primitive<kBool>(x, loc) : primitive<kNumbers>(x, loc);
}

/// Rounding: integers stay as they are.
template <Literal kMnemonic>
Tensor rounding(X x, Loc loc) {
  return x[0].is_floating_point(loc) ? primitive<kMnemonic>(x, loc) : x[0];
}

/// Whether the remainder r of a division by y is nonzero with the other sign: then the quotient was rounded up.
Tensor rounded_up(const Tensor& r, const Tensor& y, Loc loc) {
  return logical_and(ne(r, 0, loc), ne(lt(r, 0, loc), lt(y, 0, loc), loc), loc);
}

/// From the exact remainder, since x / y may round up to the next integer: 1 / 0.1 is 10, but 0.1 goes into 1 nine
/// times.
Tensor floating_quotient(X x, Loc loc) {
  const Tensor quotient = primitive<"div">(x, loc), r = primitive<"rem">(x, loc);
  const Tensor whole = div(sub(x[0], r, loc), x[1], loc);
  const Tensor lowered = where(rounded_up(r, x[1], loc), sub(whole, 1, loc), whole, loc), low = floor(lowered, loc);
  const Tensor nearest = where(gt(sub(lowered, low, loc), 0.5, loc), add(low, 1, loc), low, loc);
  const Tensor result = where(eq(lowered, 0, loc), mul(quotient, 0, loc), nearest, loc); // a zero with its sign
  return where(eq(x[1], 0, loc), quotient, result, loc);
}

Tensor floor_quotient(X x, Loc loc) {
  if (x[0].is_floating_point(loc)) return floating_quotient(x, loc);
  const Tensor quotient = primitive<"div">(x, loc);
  const Tensor adjust = logical_and(rounded_up(primitive<"rem">(x, loc), x[1], loc), ne(x[1], 0, loc), loc);
  return where(adjust, sub(quotient, 1, loc), quotient, loc);
}

Tensor floor_remainder(X x, Loc loc) {
  const Tensor r = primitive<"rem">(x, loc);
  return where(rounded_up(r, x[1], loc), add(r, x[1], loc), r, loc);
}

/// |x|, with the derivative 1 at 0: what is even and smooth, made of it, has all its derivatives there.
Tensor magnitude(const Tensor& x, Loc loc) { return where(lt(x, 0, loc), neg(x, loc), x, loc); }

/// (e^|x| + sign e^-|x|) / 2, by e^(|x| / 2), which is finite wherever the result is.
Tensor half_exponentials(const Tensor& x, bool sum, Loc loc) {
  const Tensor root = exp(mul(magnitude(x, loc), 0.5, loc), loc);
  const Tensor grows = mul(mul(root, 0.5, loc), root, loc), shrinks = div(0.5, mul(root, root, loc), loc);
  return sum ? add(grows, shrinks, loc) : sub(grows, shrinks, loc);
}

/// By e^x - 1 near 0, where the exponentials cancel.
Tensor hyperbolic_sine(X x, Loc loc) {
  const Tensor near = lt(abs(x[0], loc), 1, loc);
  const Tensor e = expm1(where(near, x[0], 0, loc), loc);
  const Tensor small = mul(add(e, div(e, add(e, 1, loc), loc), loc), 0.5, loc);
  const Tensor large = half_exponentials(x[0], false, loc);
  return where(near, small, where(lt(x[0], 0, loc), neg(large, loc), large, loc), loc);
}

Tensor hyperbolic_cosine(X x, Loc loc) { return half_exponentials(x[0], true, loc); }

/// The exponential of -|x| cannot overflow. Both sides of 0 have the same derivatives there, the choice is the same.
Tensor soft_plus(X x, Loc loc) {
  const Tensor above = gt(x[0], 0, loc);
  const Tensor falling = exp(where(above, neg(x[0], loc), x[0], loc), loc);
  return add(where(above, x[0], 0, loc), log1p(falling, loc), loc);
}

Tensor is_infinite(X x, Loc loc) {
  return x[0].is_floating_point(loc) ? eq(abs(x[0], loc), kInfinity, loc) : ne(x[0], x[0], loc);
}

Tensor is_finite(X x, Loc loc) {
  return x[0].is_floating_point(loc) ? record_pointwise("is_finite", x, boolean, loc) : eq(x[0], x[0], loc);
}

} // namespace

// A row: the function, how it promotes, what it records.
#define UNARY(f, rule, ...)                                                                                            \
  namespace {                                                                                                          \
  constexpr PointwiseOp f##_op{#f, Rule::rule, __VA_ARGS__};                                                           \
  }                                                                                                                    \
  Tensor f(const Tensor& x, Loc loc) { return apply(f##_op, {Operand(x, loc)}, loc); }                                 \
  Tensor& Tensor::f##_(Loc loc) { return apply(f##_op, {Operand(*this, loc)}, loc, this), *this; }

#define BINARY(f, rule, ...)                                                                                           \
  namespace {                                                                                                          \
  constexpr PointwiseOp f##_op{#f, Rule::rule, __VA_ARGS__};                                                           \
  }                                                                                                                    \
  Tensor f(const Tensor& x, const Tensor& y, Loc loc) {                                                                \
    return apply(f##_op, {Operand(x, loc), Operand(y, loc)}, loc);                                                     \
  }                                                                                                                    \
  Tensor f(const Tensor& x, const Scalar& y, Loc loc) {                                                                \
    return apply(f##_op, {Operand(x, loc), Operand(y, loc)}, loc);                                                     \
  }                                                                                                                    \
  Tensor f(const Scalar& x, const Tensor& y, Loc loc) {                                                                \
    return apply(f##_op, {Operand(x, loc), Operand(y, loc)}, loc);                                                     \
  }                                                                                                                    \
  Tensor& Tensor::f##_(const Tensor& y, Loc loc) {                                                                     \
    return apply(f##_op, {Operand(*this, loc), Operand(y, loc)}, loc, this), *this;                                    \
  }                                                                                                                    \
  Tensor& Tensor::f##_(const Scalar& y, Loc loc) {                                                                     \
    return apply(f##_op, {Operand(*this, loc), Operand(y, loc)}, loc, this), *this;                                    \
  }

// clang-format off
UNARY(abs, arithmetic, [](X x, Loc loc) { return x[0].dtype(loc) == boolean ? x[0] : primitive<"abs">(x, loc); })
UNARY(neg, numeric, primitive<"neg">)
UNARY(sign, arithmetic, [](X x, Loc loc) { return x[0].dtype(loc) == boolean ? x[0] : primitive<"sign">(x, loc); })
UNARY(reciprocal, floating, [](X x, Loc loc) { return div(1, x[0], loc); })
UNARY(sqrt, floating, primitive<"sqrt">)
UNARY(rsqrt, floating, primitive<"rsqrt">)
UNARY(cbrt, floating, primitive<"cbrt">)
UNARY(exp, floating, primitive<"exp">)
UNARY(exp2, floating, [](X x, Loc loc) { return pow(2, x[0], loc); })
UNARY(expm1, floating, primitive<"expm1">)
UNARY(log, floating, primitive<"log">)
UNARY(log2, floating, primitive<"log2">)
UNARY(log10, floating, primitive<"log10">)
UNARY(log1p, floating, primitive<"log1p">)
UNARY(sin, floating, primitive<"sin">)
UNARY(cos, floating, primitive<"cos">)
UNARY(tan, floating, primitive<"tan">)
UNARY(atan, floating, [](X x, Loc loc) { return atan2(x[0], 1, loc); })
UNARY(sinh, floating, hyperbolic_sine)
UNARY(cosh, floating, hyperbolic_cosine)
UNARY(tanh, floating, primitive<"tanh">)
UNARY(erf, floating, primitive<"erf">)
UNARY(sigmoid, floating, primitive<"logistic">)
UNARY(relu, numeric, [](X x, Loc loc) { return where(le(x[0], 0, loc), 0, x[0], loc); }) // flat at 0
UNARY(silu, floating, [](X x, Loc loc) { return mul(x[0], sigmoid(x[0], loc), loc); })
UNARY(softplus, floating, soft_plus)
UNARY(floor, numeric, rounding<"floor">)
UNARY(ceil, numeric, rounding<"ceil">)
UNARY(trunc, numeric, rounding<"trunc">)
UNARY(round, numeric, rounding<"round_nearest_even">)
UNARY(isnan, comparison, [](X x, Loc loc) { return ne(x[0], x[0], loc); })
UNARY(isinf, comparison, is_infinite)
UNARY(isfinite, comparison, is_finite)
UNARY(logical_not, logical, primitive<"not">)
UNARY(bitwise_not, integral, primitive<"not">)

BINARY(add, arithmetic, number_or_bool<"add", "or">)
BINARY(sub, numeric, primitive<"sub">)
BINARY(mul, arithmetic, number_or_bool<"mul", "and">)
BINARY(div, floating, primitive<"div">)
BINARY(floor_divide, numeric, floor_quotient)
BINARY(remainder, numeric, floor_remainder)
BINARY(fmod, numeric, primitive<"rem">)
BINARY(atan2, floating, primitive<"atan2">)
BINARY(maximum, arithmetic, number_or_bool<"max", "or">)
BINARY(minimum, arithmetic, number_or_bool<"min", "and">)
BINARY(eq, comparison, comparison<Comparison::eq>)
BINARY(ne, comparison, comparison<Comparison::ne>)
BINARY(lt, comparison, comparison<Comparison::lt>)
BINARY(le, comparison, comparison<Comparison::le>)
BINARY(gt, comparison, comparison<Comparison::gt>)
BINARY(ge, comparison, comparison<Comparison::ge>)
BINARY(logical_and, logical, primitive<"and">)
BINARY(logical_or, logical, primitive<"or">)
BINARY(logical_xor, logical, primitive<"xor">)
BINARY(bitwise_and, integral, primitive<"and">)
BINARY(bitwise_or, integral, primitive<"or">)
BINARY(bitwise_xor, integral, primitive<"xor">)
BINARY(bitwise_left_shift, integral, primitive<"shl">)
BINARY(bitwise_right_shift, integral, primitive<"shr_arith">)
// clang-format on

#undef UNARY
#undef BINARY

namespace {

constexpr PointwiseOp square_op{"square", Rule::numeric, [](X x, Loc loc) { return mul(x[0], x[0], loc); }};

/// Powers of bool are those of integers.
Tensor no_bool(const Tensor& x, Loc loc) { return x.dtype(loc) == boolean ? convert(x, i64, loc) : x; }

} // namespace

Tensor square(const Tensor& x, Loc loc) { return apply(square_op, {Operand(no_bool(x, loc), loc)}, loc); }
Tensor& Tensor::square_(Loc loc) { return apply(square_op, {Operand(*this, loc)}, loc, this), *this; }

Tensor positive(const Tensor& x, Loc loc) {
  if (x.dtype(loc) == boolean) fail(loc, "positive: not defined for bool");
  return x;
}
Tensor& Tensor::positive_(Loc loc) { return ogee::positive(*this, loc), *this; }

// ---- powers: some exponents that are numbers are simpler operations, with the same choice in a trace
// ---------------------

namespace {

constexpr PointwiseOp pow_op{"pow", Rule::numeric, primitive<"pow">};
constexpr PointwiseOp cube_op{"pow", Rule::numeric, [](X x, Loc loc) { return mul(mul(x[0], x[0], loc), x[0], loc); }};

Tensor power(const Tensor& given, const Scalar& y, Loc loc, const Tensor* into) {
  const Tensor x = y.kind() == Scalar::Kind::integer ? no_bool(given, loc) : given;
  const bool real = y.kind() == Scalar::Kind::floating || x.is_floating_point(loc);
  const double exponent = y.as_double();
  const bool integral_type = y.kind() == Scalar::Kind::floating && !x.is_floating_point(loc); // promotes to floating
  const Operand base(x, loc);
  if (exponent == 2 && !integral_type) return apply(square_op, {base}, loc, into);
  if (exponent == 3 && !integral_type) return apply(cube_op, {base}, loc, into);
  if (exponent == 0.5 && real) return apply(sqrt_op, {base}, loc, into);
  if (exponent == -1 && real) return apply(reciprocal_op, {base}, loc, into);
  return apply(pow_op, {base, Operand(y, loc)}, loc, into);
}

} // namespace

Tensor pow(const Tensor& x, const Tensor& y, Loc loc) { return apply(pow_op, {Operand(x, loc), Operand(y, loc)}, loc); }
Tensor pow(const Tensor& x, const Scalar& y, Loc loc) { return power(x, y, loc, nullptr); }
Tensor pow(const Scalar& x, const Tensor& y, Loc loc) { return apply(pow_op, {Operand(x, loc), Operand(y, loc)}, loc); }
Tensor& Tensor::pow_(const Tensor& y, Loc loc) {
  return apply(pow_op, {Operand(*this, loc), Operand(y, loc)}, loc, this), *this;
}
Tensor& Tensor::pow_(const Scalar& y, Loc loc) { return power(*this, y, loc, this), *this; }

// ---- three operands
// ------------------------------------------------------------------------------------------------------

namespace {

constexpr PointwiseOp where_op{"where", Rule::selection, primitive_select, {"the condition", "a", "b"}};
constexpr PointwiseOp masked_fill_op{"masked_fill", Rule::selection, primitive_select, {"the mask", "the value", "x"}};
constexpr PointwiseOp clamp_op{"clamp",
                               Rule::numeric,
                               [](X x, Loc loc) {
                                 const Tensor operands[] = {x[1], x[0], x[2]};
                                 return primitive<"clamp">(operands, loc);
                               },
                               {"x", "low", "high"}};
// Between numbers, x gets no gradient where it is equal to one of them, as in PyTorch.
constexpr PointwiseOp raise_op{"clamp_min", Rule::numeric,
                               [](X x, Loc loc) { return where(le(x[0], x[1], loc), x[1], x[0], loc); }};
constexpr PointwiseOp lower_op{"clamp_max", Rule::numeric,
                               [](X x, Loc loc) { return where(ge(x[0], x[1], loc), x[1], x[0], loc); }};
constexpr PointwiseOp enclose_op{"clamp_numbers", Rule::numeric, [](X x, Loc loc) {
                                   const Tensor raised = where(le(x[0], x[1], loc), x[1], x[0], loc);
                                   return where(ge(x[0], x[2], loc), x[2], raised, loc);
                                 }};
constexpr PointwiseOp leaky_relu_op{"leaky_relu", Rule::floating, [](X x, Loc loc) {
                                      return where(gt(x[0], 0, loc), x[0], mul(x[0], x[1], loc), loc);
                                    }};
constexpr PointwiseOp gelu_op{"gelu", Rule::floating, [](X x, Loc loc) {
                                const Tensor cdf = add(erf(mul(x[0], std::numbers::sqrt2 / 2, loc), loc), 1, loc);
                                return mul(mul(x[0], 0.5, loc), cdf, loc);
                              }};
// Hendrycks and Gimpel, "Gaussian Error Linear Units (GELUs)", 2016.
constexpr PointwiseOp gelu_tanh_op{"gelu_tanh", Rule::floating, [](X x, Loc loc) {
                                     const Tensor cube = mul(mul(x[0], x[0], loc), x[0], loc);
                                     const Tensor inner = mul(add(x[0], mul(cube, 0.044715, loc), loc),
                                                              std::numbers::sqrt2 * std::numbers::inv_sqrtpi, loc);
                                     return mul(mul(x[0], 0.5, loc), add(tanh(inner, loc), 1, loc), loc);
                                   }};

/// `value` as a number of the kind of `dtype`: filling does not promote.
Scalar as_kind(const Scalar& value, DType dtype, const char* op, Loc loc) {
  check_fits(value, dtype, op, loc);
  if (runtime::is_floating(dtype)) return value.as_double();
  return dtype == boolean ? Scalar(value.as_bool()) : Scalar(value.as_int());
}

} // namespace

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b, Loc loc) {
  return apply(where_op, {Operand(condition, loc), Operand(a, loc), Operand(b, loc)}, loc);
}
Tensor where(const Tensor& condition, const Tensor& a, const Scalar& b, Loc loc) {
  return apply(where_op, {Operand(condition, loc), Operand(a, loc), Operand(b, loc)}, loc);
}
Tensor where(const Tensor& condition, const Scalar& a, const Tensor& b, Loc loc) {
  return apply(where_op, {Operand(condition, loc), Operand(a, loc), Operand(b, loc)}, loc);
}

Tensor where(const Tensor& condition, const Scalar& a, const Scalar& b, Loc loc) {
  return apply(where_op, {Operand(condition, loc), Operand(a, loc), Operand(b, loc)}, loc);
}
Tensor Tensor::where(const Tensor& condition, const Tensor& other, Loc loc) const {
  return ogee::where(condition, *this, other, loc);
}
Tensor Tensor::where(const Tensor& condition, const Scalar& other, Loc loc) const {
  return ogee::where(condition, *this, other, loc);
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, const Scalar& value, Loc loc) {
  const Scalar number = as_kind(value, x.dtype(loc), "masked_fill", loc);
  return apply(masked_fill_op, {Operand(mask, loc), Operand(number, loc), Operand(x, loc)}, loc);
}
Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value, Loc loc) {
  return apply(masked_fill_op, {Operand(mask, loc), Operand(convert(value, x.dtype(loc), loc), loc), Operand(x, loc)},
               loc);
}

Tensor clamp(const Tensor& x, const Tensor& low, const Tensor& high, Loc loc) {
  return apply(clamp_op, {Operand(x, loc), Operand(low, loc), Operand(high, loc)}, loc);
}
Tensor clamp(const Tensor& x, std::optional<Scalar> low, std::optional<Scalar> high, Loc loc) {
  if (!low && !high) fail(loc, "clamp: needs a lower or an upper limit");
  const auto is_nan = [](const std::optional<Scalar>& limit) { return limit && std::isnan(limit->as_double()); };
  const bool plain = !x.is_floating_point(loc) || is_nan(low) || is_nan(high);
  if (low && high) {
    if (!plain && high->as_double() < low->as_double()) low = high;
    return apply(plain ? clamp_op : enclose_op, {Operand(x, loc), Operand(*low, loc), Operand(*high, loc)}, loc);
  }
  if (plain) return low ? maximum(x, *low, loc) : minimum(x, *high, loc);
  return apply(low ? raise_op : lower_op, {Operand(x, loc), Operand(low ? *low : *high, loc)}, loc);
}

Tensor leaky_relu(const Tensor& x, double slope, Loc loc) {
  return apply(leaky_relu_op, {Operand(x, loc), Operand(slope, loc)}, loc);
}

Tensor gelu(const Tensor& x, std::string_view approximate, Loc loc) {
  if (approximate == "none") return apply(gelu_op, {Operand(x, loc)}, loc);
  if (approximate == "tanh") return apply(gelu_tanh_op, {Operand(x, loc)}, loc);
  fail(loc, "gelu: approximate is \"", approximate, "\", needs \"none\" or \"tanh\"");
}

Tensor to(const Tensor& x, DType dtype, Loc loc) { return convert(x, dtype, loc); }

Tensor to(const Tensor& x, Device device, Loc loc) { return move_to(x, device, loc); }

Tensor to(const Tensor& x, Device device, DType dtype, Loc loc) {
  const bool narrows = runtime::item_size(dtype) < runtime::item_size(checked(x, "to", loc).dtype); // moves less
  return narrows ? move_to(convert(x, dtype, loc), device, loc) : convert(move_to(x, device, loc), dtype, loc);
}

Tensor cuda(const Tensor& x, int index, Loc loc) { return move_to(x, Device(Device::Kind::cuda, index), loc); }
Tensor cpu(const Tensor& x, Loc loc) { return move_to(x, Device(), loc); }

} // namespace ogee
