// Reductions and softmax: what each computes in and what it is composed of.
#include "frontend/failure.h"
#include "frontend/operators.h"
#include "frontend/pointwise.h"
#include "frontend/record.h"
#include "frontend/rowwise.h"
#include "frontend/tensor_impl.h"
#include "frontend/trace.h"
#include "frontend/views.h"

#include <algorithm>
#include <cmath>

namespace ogee {

using namespace detail;

namespace {

using AxisList = std::vector<int64_t>;
using Numbers = std::span<const Tensor>;
using Results = std::vector<Tensor>;

template <Literal kMnemonic>
Results reduce(const Tensor& x, const AxisList& axes, Numbers, Loc loc) {
  return {record_reduction(kMnemonic.text, x, axes, x.dtype(loc), loc)};
}

template <Literal kMnemonic>
Tensor reduce_one(const Tensor& x, const AxisList& axes, Loc loc) {
  return record_reduction(kMnemonic.text, x, axes, x.dtype(loc), loc);
}

template <Literal kMnemonic>
Results reduce_position(const Tensor& x, const AxisList& axes, Numbers, Loc loc) {
  return {record_reduction(kMnemonic.text, x, axes, i64, loc)};
}

/// The largest (smallest) along one axis and its index, to which all of the gradient goes.
template <Literal kValue, Literal kPosition>
Results reduce_both(const Tensor& x, const AxisList& axes, Numbers, Loc loc) {
  const Tensor value = reduce_one<kValue>(x, axes, loc);
  const Tensor position = record_reduction(kPosition.text, x, axes, i64, loc);
  if (!x.is_floating_point(loc)) return {value, position};
  const auto to_position = [&](std::span<const Tensor> inputs) -> std::vector<Tensor> { // x, value, its cotangent
    const Tensor places =
        record_creation("iota", {}, i64, inputs[0].shape(loc), inputs[0].device(loc), loc, {{"axis", axes[0]}});
    const Tensor is_there = eq(places, spread(position, axes, inputs[0], loc), loc);
    return {where(is_there, spread(inputs[2], axes, inputs[0], loc), 0, loc)};
  };
  return {Trace::current()->custom_vjp({&x, 1}, value, to_position, loc), position};
}

/// numbers: the count.
Results build_mean(const Tensor& x, const AxisList& axes, Numbers numbers, Loc loc) {
  return {div(reduce_one<"sum">(x, axes, loc), numbers[0], loc)};
}

/// numbers: the count, the count less the correction. Two passes: the mean first, then the squares around it.
Tensor variance(const Tensor& x, const AxisList& axes, Numbers numbers, Loc loc) {
  const Tensor mean = div(reduce_one<"sum">(x, axes, loc), numbers[0], loc);
  const Tensor distance = sub(x, spread(mean, axes, x, loc), loc);
  return div(reduce_one<"sum">(square(distance, loc), axes, loc), numbers[1], loc);
}

Results build_var(const Tensor& x, const AxisList& axes, Numbers numbers, Loc loc) {
  return {variance(x, axes, numbers, loc)};
}
/// f of what is not 0, and `at_zero` elsewhere, where f has no finite derivative: that of the result is 0 there.
template <class F>
Tensor flat_at_zero(const Tensor& x, const F& f, const Tensor& at_zero, Loc loc) {
  const Tensor flat = eq(x, 0, loc);
  return where(flat, at_zero, f(where(flat, 1, x, loc)), loc);
}
Tensor root(const Tensor& x, Loc loc) {
  return flat_at_zero(x, [&](const Tensor& y) { return sqrt(y, loc); }, record_constant(0.0, x.dtype(loc), loc), loc);
}
Tensor power(const Tensor& x, const Tensor& exponent, const Tensor& at_zero, Loc loc) {
  return flat_at_zero(x, [&](const Tensor& y) { return pow(y, exponent, loc); }, at_zero, loc);
}

Results build_std(const Tensor& x, const AxisList& axes, Numbers numbers, Loc loc) {
  return {root(variance(x, axes, numbers, loc), loc)};
}

Results build_norm1(const Tensor& x, const AxisList& axes, Numbers, Loc loc) {
  return {reduce_one<"sum">(abs(x, loc), axes, loc)};
}
Results build_norm2(const Tensor& x, const AxisList& axes, Numbers, Loc loc) {
  return {root(reduce_one<"sum">(square(x, loc), axes, loc), loc)};
}
Results build_norm_max(const Tensor& x, const AxisList& axes, Numbers, Loc loc) {
  return {reduce_one<"amax">(abs(x, loc), axes, loc)};
}
Results build_norm_min(const Tensor& x, const AxisList& axes, Numbers, Loc loc) {
  return {reduce_one<"amin">(abs(x, loc), axes, loc)};
}
Results build_norm0(const Tensor& x, const AxisList& axes, Numbers, Loc loc) {
  return {reduce_one<"sum">(record_convert(ne(x, 0, loc), x.dtype(loc), loc), axes, loc)};
}
/// numbers: p, 1 / p, 0 to the power of each.
Results build_norm_p(const Tensor& x, const AxisList& axes, Numbers numbers, Loc loc) {
  const Tensor powers = power(abs(x, loc), numbers[0], numbers[2], loc);
  return {power(reduce_one<"sum">(powers, axes, loc), numbers[1], numbers[3], loc)};
}

/// What is taken out of exponents so that none overflows. The result does not depend on it, nor does the gradient.
Tensor largest_of(const Tensor& x, const AxisList& axes, Loc loc) {
  return reduce_one<"amax">(x, axes, loc).detach(loc);
}

/// Infinite exponents stay.
Results build_logsumexp(const Tensor& x, const AxisList& axes, Numbers, Loc loc) {
  const Tensor largest = largest_of(x, axes, loc);
  const Tensor shift = where(isfinite(largest, loc), largest, 0, loc);
  const Tensor sum = reduce_one<"sum">(exp(sub(x, spread(shift, axes, x, loc), loc), loc), axes, loc);
  return {add(log(sum, loc), shift, loc)};
}
Results build_softmax(const Tensor& x, const AxisList& axes, Numbers, Loc loc) {
  const Tensor e = exp(sub(x, spread(largest_of(x, axes, loc), axes, x, loc), loc), loc);
  return {div(e, spread(reduce_one<"sum">(e, axes, loc), axes, x, loc), loc)};
}
Results build_log_softmax(const Tensor& x, const AxisList& axes, Numbers, Loc loc) {
  const Tensor shifted = sub(x, spread(largest_of(x, axes, loc), axes, x, loc), loc);
  const Tensor sum = reduce_one<"sum">(exp(shifted, loc), axes, loc);
  return {sub(shifted, spread(log(sum, loc), axes, x, loc), loc)};
}

constexpr RowwiseOp sum_op{"sum", false, 1, reduce<"sum">}, prod_op{"prod", false, 1, reduce<"prod">},
    amax_op{"amax", false, 1, reduce<"amax">}, amin_op{"amin", false, 1, reduce<"amin">},
    any_op{"any", false, 1, reduce<"any">}, all_op{"all", false, 1, reduce<"all">},
    argmax_op{"argmax", false, 1, reduce_position<"argmax">}, argmin_op{"argmin", false, 1, reduce_position<"argmin">},
    max_op{"max", false, 2, reduce_both<"amax", "argmax">}, min_op{"min", false, 2, reduce_both<"amin", "argmin">},
    mean_op{"mean", false, 1, build_mean}, var_op{"var", false, 1, build_var}, std_op{"std", false, 1, build_std},
    norm0_op{"norm0", false, 1, build_norm0}, norm1_op{"norm1", false, 1, build_norm1},
    norm2_op{"norm2", false, 1, build_norm2}, norm_max_op{"norm_max", false, 1, build_norm_max},
    norm_min_op{"norm_min", false, 1, build_norm_min}, norm_p_op{"norm_p", false, 1, build_norm_p},
    logsumexp_op{"logsumexp", false, 1, build_logsumexp}, softmax_op{"softmax", true, 1, build_softmax},
    log_softmax_op{"log_softmax", true, 1, build_log_softmax};

DType real(DType dtype) { return runtime::is_floating(dtype) ? dtype : get_default_dtype(); }
DType wide(DType dtype) { return runtime::is_floating(dtype) ? dtype : i64; }

AxisList axes_for(const Tensor& x, const Axes& axes, const char* op, Loc loc) {
  return axes_of(axes, checked(x, op, loc).rank(), op, loc);
}

/// The number of elements that become one, less `correction`, and at least 0.
RowwiseNumber count(const Tensor& x, const AxisList& axes, double correction, Loc loc) {
  Dim n = 1;
  for (int64_t axis : axes) n *= x.size(axis, loc);
  if (n.is_number() || !Trace::current())
    return std::max(static_cast<double>(static_cast<int64_t>(n)) - correction, 0.0);
  const Tensor size = record_size(n, loc).to(f64, loc);
  return correction == 0 ? size : maximum(sub(size, correction, loc), 0, loc);
}

/// Error for a reduction without a neutral element over nothing.
void check_not_empty(const Tensor& x, const AxisList& axes, const char* op, Loc loc) {
  for (int64_t axis : axes)
    if (same(x.size(axis, loc), Dim(0))) fail(loc, op, ": axis ", axis, " of shape ", x.shape(loc), " has no elements");
}

Tensor reduce_real(const RowwiseOp& op, const Tensor& x, AxisList axes, std::vector<RowwiseNumber> numbers,
                   bool keepdim, Loc loc) {
  const DType dtype = real(x.dtype(loc));
  return apply({op, dtype, std::move(axes), std::move(numbers), {dtype}, keepdim}, x, loc)[0];
}

Tensor extremum(const RowwiseOp& numbers_op, const RowwiseOp& bool_op, const Tensor& x, const Axes& dim, bool keepdim,
                const char* name, Loc loc) {
  AxisList axes = axes_for(x, dim, name, loc);
  check_not_empty(x, axes, name, loc);
  const DType dtype = x.dtype(loc);
  return apply({dtype == boolean ? bool_op : numbers_op, dtype, std::move(axes), {}, {dtype}, keepdim}, x, loc)[0];
}

ValuesAndIndices<Tensor> extremum_along(const RowwiseOp& op, const Tensor& x, int64_t dim, bool keepdim, Loc loc) {
  if (checked(x, op.name, loc).rank() == 0)
    return extremum_along(op, reshape_to(x, {1}, op.name, loc), dim, false, loc);
  const size_t axis = axis_of(dim, checked(x, op.name, loc).rank(), op.name, loc);
  check_not_empty(x, {static_cast<int64_t>(axis)}, op.name, loc);
  const DType dtype = x.dtype(loc), compute = dtype == boolean ? i32 : dtype;
  std::vector<Tensor> both = apply({op, compute, {static_cast<int64_t>(axis)}, {}, {dtype, i64}, keepdim}, x, loc);
  return {std::move(both[0]), std::move(both[1])};
}

Tensor position(const RowwiseOp& op, const Tensor& x, std::optional<int64_t> dim, bool keepdim, Loc loc) {
  const bool flat = !dim || checked(x, op.name, loc).rank() == 0;
  const Tensor operand = flat ? reshape_to(x, {x.numel(loc)}, op.name, loc) : x;
  const size_t axis = axis_of(dim.value_or(0), operand.impl()->rank(), op.name, loc);
  check_not_empty(operand, {static_cast<int64_t>(axis)}, op.name, loc);
  const DType dtype = x.dtype(loc), compute = dtype == boolean ? i32 : dtype;
  const bool keep = !flat && keepdim;
  Tensor result = apply({op, compute, {static_cast<int64_t>(axis)}, {}, {i64}, keep}, operand, loc)[0];
  if (!flat || !keepdim) return result;
  return reshape_to(result, Shape(x.impl()->rank(), 1), op.name, loc);
}

} // namespace

Tensor sum(const Tensor& x, const Axes& dim, bool keepdim, Loc loc) {
  const DType dtype = wide(x.dtype(loc));
  return apply({sum_op, dtype, axes_for(x, dim, "sum", loc), {}, {dtype}, keepdim}, x, loc)[0];
}

Tensor prod(const Tensor& x, const Axes& dim, bool keepdim, Loc loc) {
  const DType dtype = wide(x.dtype(loc));
  return apply({prod_op, dtype, axes_for(x, dim, "prod", loc), {}, {dtype}, keepdim}, x, loc)[0];
}

Tensor mean(const Tensor& x, const Axes& dim, bool keepdim, Loc loc) {
  const AxisList axes = axes_for(x, dim, "mean", loc);
  return reduce_real(mean_op, x, axes, {count(x, axes, 0, loc)}, keepdim, loc);
}

Tensor var(const Tensor& x, const Axes& dim, double correction, bool keepdim, Loc loc) {
  const AxisList axes = axes_for(x, dim, "var", loc);
  return reduce_real(var_op, x, axes, {count(x, axes, 0, loc), count(x, axes, correction, loc)}, keepdim, loc);
}

Tensor std(const Tensor& x, const Axes& dim, double correction, bool keepdim, Loc loc) {
  const AxisList axes = axes_for(x, dim, "std", loc);
  return reduce_real(std_op, x, axes, {count(x, axes, 0, loc), count(x, axes, correction, loc)}, keepdim, loc);
}

Tensor norm(const Tensor& x, double p, const Axes& dim, bool keepdim, Loc loc) {
  AxisList axes = axes_for(x, dim, "norm", loc);
  if (std::isinf(p)) {
    check_not_empty(x, axes, "norm", loc);
    return reduce_real(p > 0 ? norm_max_op : norm_min_op, x, std::move(axes), {}, keepdim, loc);
  }
  if (p == 0) return reduce_real(norm0_op, x, std::move(axes), {}, keepdim, loc);
  if (p == 1) return reduce_real(norm1_op, x, std::move(axes), {}, keepdim, loc);
  if (p == 2) return reduce_real(norm2_op, x, std::move(axes), {}, keepdim, loc);
  const bool wide = real(x.dtype(loc)) == f64; // else p may round to 0 or inf
  const auto zero_to = [&](double e) { return std::pow(0.0, wide ? e : static_cast<double>(static_cast<float>(e))); };
  return reduce_real(norm_p_op, x, std::move(axes), {p, 1 / p, zero_to(p), zero_to(1 / p)}, keepdim, loc);
}

Tensor amax(const Tensor& x, const Axes& dim, bool keepdim, Loc loc) {
  return extremum(amax_op, any_op, x, dim, keepdim, "amax", loc);
}
Tensor amin(const Tensor& x, const Axes& dim, bool keepdim, Loc loc) {
  return extremum(amin_op, all_op, x, dim, keepdim, "amin", loc);
}
Tensor max(const Tensor& x, Loc loc) { return extremum(amax_op, any_op, x, {}, false, "max", loc); }
Tensor min(const Tensor& x, Loc loc) { return extremum(amin_op, all_op, x, {}, false, "min", loc); }
Tensor max(const Tensor& x, const Tensor& other, Loc loc) { return maximum(x, other, loc); }
Tensor min(const Tensor& x, const Tensor& other, Loc loc) { return minimum(x, other, loc); }
ValuesAndIndices<Tensor> max(const Tensor& x, int64_t dim, bool keepdim, Loc loc) {
  return extremum_along(max_op, x, dim, keepdim, loc);
}
ValuesAndIndices<Tensor> min(const Tensor& x, int64_t dim, bool keepdim, Loc loc) {
  return extremum_along(min_op, x, dim, keepdim, loc);
}
Tensor argmax(const Tensor& x, std::optional<int64_t> dim, bool keepdim, Loc loc) {
  return position(argmax_op, x, dim, keepdim, loc);
}
Tensor argmin(const Tensor& x, std::optional<int64_t> dim, bool keepdim, Loc loc) {
  return position(argmin_op, x, dim, keepdim, loc);
}

Tensor any(const Tensor& x, const Axes& dim, bool keepdim, Loc loc) {
  return apply({any_op, boolean, axes_for(x, dim, "any", loc), {}, {boolean}, keepdim}, x, loc)[0];
}
Tensor all(const Tensor& x, const Axes& dim, bool keepdim, Loc loc) {
  return apply({all_op, boolean, axes_for(x, dim, "all", loc), {}, {boolean}, keepdim}, x, loc)[0];
}

Tensor logsumexp(const Tensor& x, const Axes& dim, bool keepdim, Loc loc) {
  return reduce_real(logsumexp_op, x, axes_for(x, dim, "logsumexp", loc), {}, keepdim, loc);
}
Tensor softmax(const Tensor& x, int64_t dim, Loc loc) {
  return reduce_real(softmax_op, x, axes_for(x, dim, "softmax", loc), {}, false, loc);
}
Tensor log_softmax(const Tensor& x, int64_t dim, Loc loc) {
  return reduce_real(log_softmax_op, x, axes_for(x, dim, "log_softmax", loc), {}, false, loc);
}

} // namespace ogee
