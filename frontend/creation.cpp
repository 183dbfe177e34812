// Tensors from nothing and from C++ values. Outside of a trace plain loops fill them (on the CPU, and those of other
// devices are copied there); in a trace constants and positions (iota) with the same arithmetic.
#include "frontend/creation.h"

#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/operators.h"
#include "frontend/record.h"
#include "frontend/tensor_impl.h"
#include "frontend/trace.h"
#include "frontend/views.h"
#include "ir/shapes.h"

#include <algorithm>
#include <cmath>

namespace ogee {

using namespace detail;

void Values::join(std::span<const Values> list) {
  shape_ = {static_cast<int64_t>(list.size())};
  if (!list.empty()) shape_.insert(shape_.end(), list[0].shape_.begin(), list[0].shape_.end());
  for (const Values& part : list) {
    regular_ = regular_ && part.regular_ && part.shape_ == list[0].shape_;
    numbers_.insert(numbers_.end(), part.numbers_.begin(), part.numbers_.end());
  }
}

Tensor detail::new_dense(const Shape& shape, DType dtype, Device device, const char* op, Loc loc) {
  const Shape checked_shape = unwrap(ir::creationShape(op, shape), loc);
  if (shape.size() > kMaxRank) fail(loc, op, ": more than ", kMaxRank, " axes");
  SizeList sizes;
  for (const Dim& dim : checked_shape) sizes.push_back(static_cast<int64_t>(dim));
  return make_dense(sizes, dtype, device, op, loc);
}

namespace {

Device device_of(const Options& options) { return options.device.value_or(get_default_device()); }

/// Error for a dtype without elements in C++.
void check_options(const Options& options, const char* op, Loc loc) {
  if (!options.dtype) return;
  check_dtype(*options.dtype, op, loc);
  if (Trace::current()) check_computes(*options.dtype, op, "the result", loc);
}

/// What the current trace makes is on a device.
void settle(const char* op, const Options& options, const Shape& shape, Loc loc) {
  Trace::current()->settle(op, "the result", device_of(options), shape.size(), loc);
}

/// Calls put(index) for every element of a new dense vector of `count` elements and stores the results as dtype.
template <class Value>
Tensor new_vector(int64_t count, DType dtype, Device device, const char* op, Loc loc, const Value& value) {
  Tensor result = new_dense({count}, dtype, Device(), op, loc);
  std::byte* data = result.impl()->data();
  const size_t bytes = runtime::item_size(dtype);
  for (int64_t i = 0; i < count; ++i) write_scalar(value(i), dtype, data + static_cast<size_t>(i) * bytes);
  return move_to(result, device, loc);
}

Tensor positions(const Shape& shape, int64_t axis, DType dtype, const Options& options, const char* op, Loc loc) {
  settle(op, options, shape, loc);
  return record_creation("iota", {}, dtype, shape, device_of(options), loc, {{"axis", axis}});
}

/// `value` everywhere, for the function `op`.
Tensor filled(const Shape& shape, const Scalar& value, DType dtype, const Options& options, const char* op, Loc loc) {
  check_options(dtype, op, loc);
  check_fits(value, dtype, op, loc);
  if (Trace::current()) {
    const Tensor number = record_constant(value, dtype, loc);
    const Shape target = unwrap(ir::creationShape(op, shape), loc);
    settle(op, options, target, loc);
    const std::vector<int64_t> no_axes;
    return Trace::current()->record({"broadcast",
                                     {Trace::current()->read(number, op, loc)},
                                     dtype,
                                     target,
                                     {{"dims", no_axes}},
                                     {{"staticSizes", target}},
                                     loc,
                                     {},
                                     device_of(options)});
  }
  Tensor result = new_dense(shape, dtype, device_of(options), op, loc);
  fill(result, value, op, loc);
  return result;
}

} // namespace

Tensor full(const Dims& shape, const Scalar& value, const Options& options, Loc loc) {
  return filled(shape.shape(), value, options.dtype.value_or(value.dtype()), options, "full", loc);
}

Tensor zeros(const Dims& shape, const Options& options, Loc loc) {
  return filled(shape.shape(), 0, options.dtype.value_or(get_default_dtype()), options, "zeros", loc);
}
Tensor ones(const Dims& shape, const Options& options, Loc loc) {
  return filled(shape.shape(), 1, options.dtype.value_or(get_default_dtype()), options, "ones", loc);
}
Tensor empty(const Dims& shape, const Options& options, Loc loc) {
  if (Trace::current()) return zeros(shape, options, loc);
  check_options(options, "empty", loc);
  return new_dense(shape.shape(), options.dtype.value_or(get_default_dtype()), device_of(options), "empty", loc);
}

/// On x's device unless options say another one.
static Options like(const Tensor& x, Options options, Loc loc) {
  if (!options.device) options.device = x.device(loc);
  return options;
}

Tensor full_like(const Tensor& x, const Scalar& value, const Options& options, Loc loc) {
  checked(x, "full_like", loc);
  return filled(x.shape(loc), value, options.dtype.value_or(x.dtype(loc)), like(x, options, loc), "full_like", loc);
}
Tensor zeros_like(const Tensor& x, const Options& options, Loc loc) {
  checked(x, "zeros_like", loc);
  return filled(x.shape(loc), 0, options.dtype.value_or(x.dtype(loc)), like(x, options, loc), "zeros_like", loc);
}
Tensor ones_like(const Tensor& x, const Options& options, Loc loc) {
  checked(x, "ones_like", loc);
  return filled(x.shape(loc), 1, options.dtype.value_or(x.dtype(loc)), like(x, options, loc), "ones_like", loc);
}
Tensor empty_like(const Tensor& x, const Options& options, Loc loc) {
  return empty(x.shape(loc), {options.dtype.value_or(x.dtype(loc)), device_of(like(x, options, loc))}, loc);
}

Tensor tensor(const Values& values, const Options& options, Loc loc) {
  check_options(options, "tensor", loc);
  if (!values.regular()) fail(loc, "tensor: lists at the same depth differ in length");
  if (values.shape().size() > kMaxRank) fail(loc, "tensor: more than ", kMaxRank, " axes");
  auto kind = Scalar::Kind::boolean;
  for (const Scalar& number : values.numbers()) kind = std::max(kind, number.kind());
  const DType natural = values.numbers().empty()         ? get_default_dtype()
                        : kind == Scalar::Kind::floating ? get_default_dtype()
                        : kind == Scalar::Kind::integer  ? i64
                                                         : boolean;
  const DType dtype = options.dtype.value_or(natural);
  const size_t bytes = runtime::item_size(dtype);
  std::vector<std::byte> data(values.numbers().size() * bytes);
  for (size_t i = 0; i < values.numbers().size(); ++i) {
    check_fits(values.numbers()[i], dtype, "tensor", loc);
    write_scalar(values.numbers()[i], dtype, data.data() + i * bytes);
  }
  if (Trace* trace = Trace::current()) {
    const Shape shape{std::span<const int64_t>(values.shape())};
    settle("tensor", options, shape, loc);
    return trace->record({"constant",
                          {},
                          dtype,
                          shape,
                          {{"value", ConstantData{std::move(data), false}}},
                          {},
                          loc,
                          {},
                          device_of(options)});
  }
  Tensor result = make_dense(values.shape(), dtype, Device(), "tensor", loc);
  std::copy(data.begin(), data.end(), result.impl()->data());
  return move_to(result, device_of(options), loc);
}

Tensor eye(const Dim& n, const Options& options, Loc loc) { return eye(n, n, options, loc); }

Tensor eye(const Dim& n, const Dim& m, const Options& options, Loc loc) {
  check_options(options, "eye", loc);
  const DType dtype = options.dtype.value_or(get_default_dtype());
  if (Trace::current()) {
    const Shape shape = unwrap(ir::creationShape("eye", Shape{n, m}), loc);
    const Tensor row = positions(shape, 0, i64, options, "eye", loc),
                 column = positions(shape, 1, i64, options, "eye", loc);
    return eq(row, column, loc).to(dtype, loc);
  }
  Tensor result = filled({n, m}, 0, dtype, Device(), "eye", loc);
  const auto count = static_cast<int64_t>(min(n, m)), width = static_cast<int64_t>(m);
  for (int64_t i = 0; i < count; ++i)
    write_scalar(1, dtype, result.impl()->data() + static_cast<size_t>(i * (width + 1)) * runtime::item_size(dtype));
  return move_to(result, device_of(options), loc);
}

Tensor arange(const Scalar& end, const Options& options, Loc loc) { return arange(0, end, 1, options, loc); }
Tensor arange(const Scalar& start, const Scalar& end, const Options& options, Loc loc) {
  return arange(start, end, 1, options, loc);
}

namespace {

/// How many steps lead from start to below end; Error where there is no such number.
int64_t step_count(const Scalar& start, const Scalar& end, const Scalar& step, bool integral, Loc loc) {
  if (step.as_double() == 0) fail(loc, "arange: the step is 0");
  if (!std::isfinite(start.as_double()) || !std::isfinite(end.as_double()) || !std::isfinite(step.as_double()))
    fail(loc, "arange: from ", start, " to ", end, " by ", step, " is no finite number of steps");
  if (step.as_double() > 0 ? start.as_double() > end.as_double() : start.as_double() < end.as_double())
    fail(loc, "arange: steps of ", step, " do not lead from ", start, " to ", end);
  if (integral) { // exactly: doubles would round large ones
    const __int128 by = step.as_int(), width = static_cast<__int128>(end.as_int()) - start.as_int();
    const __int128 count = (width + by - (by > 0 ? 1 : -1)) / by;
    if (count > INT64_MAX) fail(loc, "arange: too many elements");
    return static_cast<int64_t>(std::max<__int128>(count, 0));
  }
  const double count = std::ceil((end.as_double() - start.as_double()) / step.as_double());
  if (!(count < 0x1p63)) fail(loc, "arange: too many elements");
  return static_cast<int64_t>(std::max(count, 0.0));
}

} // namespace

Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step, const Options& options, Loc loc) {
  check_options(options, "arange", loc);
  const bool integral = std::max({start.kind(), end.kind(), step.kind()}) != Scalar::Kind::floating;
  const DType dtype = options.dtype.value_or(integral ? i64 : get_default_dtype());
  if (integral)
    for (const Scalar* number : {&start, &end, &step}) check_fits(*number, i64, "arange", loc);
  const int64_t count = step_count(start, end, step, integral, loc);
  const auto whole = [&](int64_t i) { // wraps on the way, but not where it ends
    return Scalar(static_cast<int64_t>(static_cast<uint64_t>(start.as_int()) +
                                       static_cast<uint64_t>(i) * static_cast<uint64_t>(step.as_int())));
  };
  const auto real = [&](int64_t i) { return Scalar(start.as_double() + static_cast<double>(i) * step.as_double()); };
  for (int64_t i : {int64_t{0}, count - 1}) // the others lie between
    if (count > 0) check_fits(integral ? whole(i) : real(i), dtype, "arange", loc);
  if (!Trace::current())
    return integral ? new_vector(count, dtype, device_of(options), "arange", loc, whole)
                    : new_vector(count, dtype, device_of(options), "arange", loc, real);
  const Tensor index = positions({count}, 0, i64, options, "arange", loc);
  if (integral) return add(mul(index, step, loc), start, loc).to(dtype, loc);
  const Tensor scaled = mul(index.to(f64, loc), step, loc);
  return add(scaled, start, loc).to(dtype, loc);
}

// From both ends towards the middle, so that both are exact.
Tensor linspace(double start, double end, int64_t steps, const Options& options, Loc loc) {
  check_options(options, "linspace", loc);
  if (steps < 0) fail(loc, "linspace: ", steps, " steps");
  const DType dtype = options.dtype.value_or(get_default_dtype());
  const double step = steps > 1 ? (end - start) / static_cast<double>(steps - 1) : 0;
  const int64_t half = (steps + 1) / 2;
  if (!Trace::current())
    return new_vector(steps, dtype, device_of(options), "linspace", loc, [&](int64_t i) {
      return Scalar(i < half ? start + static_cast<double>(i) * step : end - static_cast<double>(steps - 1 - i) * step);
    });
  const Tensor index = positions({steps}, 0, i64, options, "linspace", loc);
  const Tensor from_start = add(mul(index.to(f64, loc), step, loc), start, loc);
  const Tensor from_end = sub(end, mul(sub(steps - 1, index, loc).to(f64, loc), step, loc), loc);
  return where(lt(index, half, loc), from_start, from_end, loc).to(dtype, loc);
}

Tensor from_blob(void* data, const Dims& shape, const std::vector<int64_t>& strides, DType dtype,
                 std::function<void(void*)> deleter, Loc loc) {
  if (Trace::current())
    fail_with(ErrorCode::state, "from_blob: not inside a compiled function; hint: capture the tensor", loc);
  const Shape checked_shape = unwrap(ir::creationShape("from_blob", shape.shape()), loc);
  if (!strides.empty() && strides.size() != checked_shape.size())
    fail(loc, "from_blob: ", strides.size(), " strides for shape ", checked_shape);
  std::vector<int64_t> sizes;
  for (const Dim& dim : checked_shape) sizes.push_back(static_cast<int64_t>(dim));
  if (!data && std::ranges::find(sizes, 0) == sizes.end()) fail(loc, "from_blob: no memory for shape ", checked_shape);
  const std::vector<int64_t> steps = strides.empty() ? runtime::row_major_strides(sizes) : strides;
  runtime::Checked last = 0;
  bool empty = false;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (steps[i] < 0) fail(loc, "from_blob: stride ", steps[i]);
    empty = empty || sizes[i] == 0;
    last = last + runtime::Checked(sizes[i] - 1) * steps[i];
  }
  const runtime::Checked bytes = empty ? runtime::Checked(0) : (last + 1) * runtime::item_size(dtype);
  if (!bytes.valid()) fail(loc, "from_blob: a tensor of shape ", checked_shape, " is too large");
  std::function<void()> release;
  if (deleter) release = [deleter, data] { deleter(data); };
  return make_strided(runtime::Storage::external(data, static_cast<size_t>(bytes.value()), std::move(release)), 0,
                      sizes, steps, dtype);
}

} // namespace ogee
