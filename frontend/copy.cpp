// Copies and fills. On the CPU they are plain loops over bytes: they have no scalar body, so there is nothing to
// compile, and small ones (writes into views, results that are slices) start at once.
#include "frontend/copy.h"

#include "frontend/copy_device.h"
#include "frontend/failure.h"
#include "frontend/placement.h"
#include "frontend/record.h"
#include "frontend/tape.h"
#include "frontend/trace.h"
#include "frontend/views.h"

#include <cmath>
#include <cstring>

namespace ogee::detail {

namespace {

/// Two tensors of the same sizes as bytes: axes without effect dropped, axes that continue each other in both joined.
struct Loops {
  struct Axis {
    int64_t count, to, from; ///< steps in bytes
  };
  Axis axes[kMaxRank];
  size_t rank = 0;

  void add(Axis axis) {
    if (axis.count == 1) return;
    if (rank > 0) {
      Axis& outer = axes[rank - 1];
      if (outer.to == axis.count * axis.to && outer.from == axis.count * axis.from) {
        outer = {outer.count * axis.count, axis.to, axis.from};
        return;
      }
    }
    axes[rank++] = axis;
  }
};

template <size_t kBytes>
void copy_row(std::byte* to, const std::byte* from, const Loops::Axis& axis) {
  for (int64_t i = 0; i < axis.count; ++i) std::memcpy(to + i * axis.to, from + i * axis.from, kBytes);
}

void copy_innermost(std::byte* to, const std::byte* from, const Loops::Axis& axis, size_t bytes) {
  const auto step = static_cast<int64_t>(bytes);
  if (axis.to == step && axis.from == step) {
    std::memcpy(to, from, static_cast<size_t>(axis.count) * bytes);
    return;
  }
  switch (bytes) {
  case 1: return copy_row<1>(to, from, axis);
  case 2: return copy_row<2>(to, from, axis);
  case 4: return copy_row<4>(to, from, axis);
  default: return copy_row<8>(to, from, axis);
  }
}

/// The two innermost axes in square tiles, so that a transposition stays within the cache.
void copy_tiled(std::byte* to, const std::byte* from, const Loops::Axis& outer, const Loops::Axis& inner,
                size_t bytes) {
  constexpr int64_t kTile = 32;
  for (int64_t column = 0; column < inner.count; column += kTile) {
    const Loops::Axis part{std::min(kTile, inner.count - column), inner.to, inner.from};
    for (int64_t row = 0; row < outer.count; ++row)
      copy_innermost(to + row * outer.to + column * inner.to, from + row * outer.from + column * inner.from, part,
                     bytes);
  }
}

void copy_axes(std::byte* to, const std::byte* from, const Loops& loops, size_t depth, size_t bytes) {
  const size_t left = loops.rank - depth;
  if (left == 0) {
    std::memcpy(to, from, bytes);
  } else if (left == 1) {
    copy_innermost(to, from, loops.axes[depth], bytes);
  } else if (left == 2 && loops.axes[depth + 1].from != static_cast<int64_t>(bytes)) {
    copy_tiled(to, from, loops.axes[depth], loops.axes[depth + 1], bytes);
  } else {
    const Loops::Axis& axis = loops.axes[depth];
    for (int64_t i = 0; i < axis.count; ++i) copy_axes(to + i * axis.to, from + i * axis.from, loops, depth + 1, bytes);
  }
}

void copy_strided(const TensorImpl& to, const TensorImpl& from, Loc loc) {
  if (!to.device().is_cpu() || !from.device().is_cpu()) [[unlikely]]
    return copy_through_devices(to, from, loc);
  const auto bytes = static_cast<int64_t>(runtime::item_size(to.dtype));
  Loops loops;
  for (size_t axis = 0; axis < to.sizes.size(); ++axis) {
    if (to.sizes[axis] == 0) return;
    loops.add({to.sizes[axis], to.strides[axis] * bytes, from.strides[axis] * bytes});
  }
  copy_axes(to.data(), from.data(), loops, 0, static_cast<size_t>(bytes));
}

/// Whether two elements of a tensor may be the same memory (exact for what views make: axes with stride 0).
bool overlaps_itself(const TensorImpl& x) {
  for (size_t axis = 0; axis < x.sizes.size(); ++axis)
    if (x.strides[axis] == 0 && x.sizes[axis] > 1) return true;
  return false;
}

/// `body` with a value of the C++ type of elements; bools are bytes of 0 and 1.
template <class Body>
void with_element(DType dtype, const Body& body) {
  switch (dtype) {
  case DType::boolean:
  case DType::u8: return body(uint8_t());
  case DType::i8: return body(int8_t());
  case DType::i32: return body(int32_t());
  case DType::i64: return body(int64_t());
  case DType::f32: return body(float());
  case DType::f64: return body(double());
  case DType::f16:
  case DType::bf16: break;
  }
  assert(!"a dtype without elements in C++");
}

/// Floats lose their fraction, then the nearest integer there is; NaN is 0. Integers lose bits.
template <class To, class From>
To converted(From value) {
  if constexpr (std::is_floating_point_v<From> && sizeof(To) == 1) {
    if (std::isnan(value)) return 0;
    return static_cast<To>(std::clamp<From>(value, std::numeric_limits<To>::min(), std::numeric_limits<To>::max()));
  } else {
    return static_cast<To>(value);
  }
}

/// Of `count` elements; one of the dtypes has bytes.
void convert_elements(const std::byte* from, DType from_type, std::byte* to, DType to_type, int64_t count) {
  with_element(from_type, [&]<class From>(From value) {
    with_element(to_type, [&]<class To>(To result) {
      if constexpr (sizeof(From) == 1 || sizeof(To) == 1)
        for (int64_t i = 0; i < count; ++i, from += sizeof value, to += sizeof result) {
          std::memcpy(&value, from, sizeof value);
          result = to_type == DType::boolean ? static_cast<To>(value != 0) : converted<To>(value);
          std::memcpy(to, &result, sizeof result);
        }
    });
  });
}

template <class T>
T saturate(const Scalar& value) {
  const int64_t wide = value.as_int();
  return static_cast<T>(std::clamp<int64_t>(wide, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
}

} // namespace

void fail_overlap(const char* op, Loc loc) {
  fail(loc, op, ": cannot write to an expanded tensor, whose elements share memory; hint: clone() it first");
}

void check_writable(const TensorImpl& target, const char* op, Loc loc) {
  if (target.symbolic) {
    const Symbolic& symbolic = *target.symbolic;
    for (size_t axis = 0; axis < symbolic.shape.size(); ++axis)
      if (same(symbolic.strides[axis], Dim(0)) && symbolic.shape[axis].range().hi > 1) fail_overlap(op, loc);
  } else if (overlaps_itself(target)) {
    fail_overlap(op, loc);
  }
}

void write_scalar(const Scalar& value, DType dtype, void* at) {
  auto put = [&](auto number) { std::memcpy(at, &number, sizeof number); };
  switch (dtype) {
  case DType::boolean: return put(static_cast<uint8_t>(value.as_bool()));
  case DType::i32: return put(saturate<int32_t>(value));
  case DType::i64: return put(value.as_int());
  case DType::f32:
    return put(value.kind() == Scalar::Kind::floating ? static_cast<float>(value.as_double())
                                                      : static_cast<float>(value.as_int()));
  case DType::f64: return put(value.as_double());
  case DType::u8: return put(saturate<uint8_t>(value));
  case DType::i8: return put(saturate<int8_t>(value));
  case DType::f16:
  case DType::bf16: break;
  }
  runtime::raise(ErrorCode::unsupported, "numbers of dtype ", runtime::name(dtype), " are not supported");
}

std::vector<std::byte> scalar_bytes(const Scalar& value, DType dtype) {
  std::vector<std::byte> bytes(runtime::item_size(dtype));
  write_scalar(value, dtype, bytes.data());
  return bytes;
}

Tensor copy_dense(const Tensor& x, const char* op, Loc loc) {
  if (Trace* trace = Trace::current()) {
    // A reshape to the same shape is a value of its own: what is recorded is never changed.
    const Shape shape = trace->stand_in(x, op, loc).shape(loc);
    return trace->record(
        {"reshape", {trace->read(x, op, loc)}, x.dtype(loc), shape, {}, {{"staticSizes", shape}}, loc});
  }
  const TensorImpl& impl = checked_data(x, op, loc);
  Tensor copy = make_dense(impl.sizes, impl.dtype, impl.device(), op, loc);
  copy_strided(*copy.impl(), impl, loc);
  if (records(x)) record_function("clone", {&x, 1}, copy, [](const Cotangents& c) { c.inputs[0] = c.outputs[0]; }, loc);
  return copy;
}

Tensor move_to(const Tensor& x, Device device, Loc loc) {
  if (checked(x, "to", loc).device() == device) return x;
  if (Trace* trace = Trace::current()) {
    const Shape shape = trace->stand_in(x, "to", loc).shape(loc);
    trace->settle("to", "the result", device, shape.size(), loc);
    return trace->record(
        {"reshape", {trace->read(x, "to", loc)}, x.dtype(loc), shape, {}, {{"staticSizes", shape}}, loc, {}, device});
  }
  const TensorImpl& impl = checked_data(x, "to", loc);
  const Tensor moved = make_dense(impl.sizes, impl.dtype, device, "to", loc);
  with_place(loc, [&] { copy_strided(*moved.impl(), impl, loc); });
  const auto back = [from = impl.device(), loc](const Cotangents& c) {
    c.inputs[0] = move_to(c.outputs[0], from, loc);
  };
  if (records(x)) record_function("to", {&x, 1}, moved, back, loc);
  return moved;
}

Tensor on_host(const Tensor& x, Loc loc) {
  const RecordingScope scope(false);
  return move_to(x, Device(), loc);
}

Tensor convert_stored(const Tensor& x, DType dtype, Loc loc) {
  const RecordingScope scope(false);
  const TensorImpl& given = checked_data(x, "to", loc);
  check_dtype(given.dtype, "to", loc);
  Tensor source = move_to(x, Device(), loc);
  if (!source.impl()->dense) source = copy_dense(source, "to", loc);
  const Tensor result = make_dense(given.sizes, dtype, Device(), "to", loc);
  const TensorImpl &from = *source.impl(), &to = *result.impl();
  convert_elements(from.data(), from.dtype, to.data(), dtype, source.numel(loc).number());
  return move_to(result, given.device(), loc);
}

void copy_elements(const Tensor& target, const Tensor& source, const char* op, Loc loc) {
  TensorImpl& to = checked_data(target, op, loc);
  const TensorImpl& from = checked_data(source, op, loc);
  check_writable(to, op, loc);
  assert(to.sizes == from.sizes && to.dtype == from.dtype);
  if (to.storage == from.storage && to.offset == from.offset && to.strides == from.strides) return;
  const bool may_overlap = to.storage == from.storage || to.storage->is_external() || from.storage->is_external();
  if (may_overlap)
    copy_strided(to, *copy_dense(source, op, loc).impl(), loc);
  else
    copy_strided(to, from, loc);
  to.storage->bump_version();
}

void fill(const Tensor& target, const Scalar& value, const char* op, Loc loc) {
  check_fits(value, target.dtype(loc), op, loc);
  if (Trace::current()) return assign(target, record_constant(value, target.dtype(loc), loc), op, loc);
  TensorImpl& to = checked_data(target, op, loc);
  check_in_place(target, op, loc);
  const std::vector<std::byte> bytes = scalar_bytes(value, to.dtype);
  TensorImpl element;
  element.dtype = to.dtype;
  element.storage = runtime::Storage::external(const_cast<std::byte*>(bytes.data()), bytes.size());
  element.sizes = to.sizes;
  for (size_t axis = 0; axis < to.sizes.size(); ++axis) element.strides.push_back(0);
  check_writable(to, op, loc);
  copy_strided(to, element, loc);
  to.storage->bump_version();
  record_write(target, {}, op, loc);
}

void assign(const Tensor& target, const Tensor& value, const char* op, Loc loc) {
  const DType dtype = target.dtype(loc);
  const Shape shape = target.shape(loc), given = value.shape(loc);
  if (given.size() > shape.size()) fail(loc, op, ": ", given, " does not broadcast to ", shape);
  check_in_place(target, op, loc);
  Tensor source = value.to(dtype, loc);
  if (source.device(loc) != target.device(loc) && (!goes_anywhere(*source.impl()) || records(source)))
    source = source.to(target.device(loc), loc);
  source = expand_to(source, shape, op, loc);
  if (Trace* trace = Trace::current()) {
    check_writable(*target.impl(), op, loc);
    return trace->write(target, source, op, loc);
  }
  copy_elements(target, source, op, loc);
  record_write(target, source, op, loc);
}

} // namespace ogee::detail
