// Copies on and between devices: whole ranges of memory where elements lie alike, else a keyed kernel that reads one
// tensor and writes into the other as both lie.
#include "frontend/copy_device.h"

#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/kernel.h"
#include "frontend/trace.h"
#include "frontend/views.h"
#include "runtime/copy.h"
#include "runtime/cuda/memory.h"

#include <algorithm>
#include <cstring>

namespace ogee::detail {

namespace {

/// Axes of two tensors, in elements: those of size 1 dropped, those that continue each other in both joined.
struct Axes2 {
  SizeList sizes, to, from;

  Axes2(const TensorImpl& target, const TensorImpl& source) {
    for (size_t axis = 0; axis < target.sizes.size(); ++axis)
      add(target.sizes[axis], target.strides[axis], source.strides[axis]);
  }
  void add(int64_t size, int64_t to_stride, int64_t from_stride) {
    if (size == 1) return;
    if (!sizes.empty() && to.back() == size * to_stride && from.back() == size * from_stride) {
      sizes.back() *= size;
      to.back() = to_stride;
      from.back() = from_stride;
      return;
    }
    sizes.push_back(size);
    to.push_back(to_stride);
    from.push_back(from_stride);
  }
  /// One run of memory in the target.
  bool fills_run() const { return sizes.empty() || (sizes.size() == 1 && to[0] == 1); }
  /// The same in both.
  bool is_run() const { return fills_run() && (sizes.empty() || from[0] == 1); }
  /// One element everywhere.
  bool repeats() const {
    return std::ranges::all_of(from, [](int64_t stride) { return stride == 0; });
  }
  int64_t count() const {
    int64_t count = 1;
    for (int64_t size : sizes) count *= size;
    return count;
  }
};

/// Bits are moved, whatever they mean.
DType bits_of(DType dtype) {
  switch (runtime::item_size(dtype)) {
  case 1: return DType::i8;
  case 2: return DType::bf16;
  case 4: return DType::i32;
  default: return DType::i64;
  }
}

StrideClass class_of(const SizeList& strides) {
  return strides.back() == 0 ? StrideClass::zero : strides.back() == 1 ? StrideClass::one : StrideClass::other;
}

size_t offset_bytes(const TensorImpl& x) { return static_cast<size_t>(x.offset) * runtime::item_size(x.dtype); }

constexpr char kCopy = 0; // its address stands for the operation in keys

/// One operand of the kernel.
struct Side {
  StrideClass innermost;
  bool dense, host = false;

  uint8_t word(DType dtype) const {
    return static_cast<uint8_t>(static_cast<unsigned>(dtype) + 16 * static_cast<unsigned>(innermost) + 128 * dense +
                                (host ? KernelKey::kHost : 0));
  }
};

/// The graph: the second argument, whatever its strides, gets the elements of the first one.
std::vector<Tensor> record_copy(DType dtype, size_t rank, const Side& from, const Side& to, Loc loc) {
  const Shape dims = kernel_dims(rank);
  const Tensor source = kernel_argument(0, dtype, dims, from.innermost, from.dense, loc, from.host);
  const Tensor target = kernel_argument(1, dtype, dims, to.innermost, to.dense, loc);
  Trace::current()->write(target, expand_to(source, dims, "copy", loc), "copy", loc);
  return {};
}

void run_copy(const TensorImpl& to, const TensorImpl& from, const Axes2& axes, Loc loc) {
  const DType dtype = bits_of(to.dtype);
  const size_t rank = axes.sizes.size();
  const auto is_dense = [&](const SizeList& strides) { return rank == 1 && strides[0] == 1; };
  const bool repeats = axes.repeats();
  const Side source{repeats ? StrideClass::scalar : class_of(axes.from), is_dense(axes.from), from.device().is_cpu()};
  const Side target{class_of(axes.to), is_dense(axes.to)};
  KernelKey key{&kCopy,
                device_word(to.device()),
                0,
                static_cast<uint8_t>(rank),
                2,
                static_cast<uint8_t>(dtype),
                static_cast<uint8_t>(dtype)};
  key.operand[0] = source.word(dtype);
  key.operand[1] = target.word(dtype);
  const auto count = static_cast<uint32_t>(rank);
  const runtime::TensorArg args[] = {
      {from.data(), axes.sizes.data(), axes.from.data(), repeats ? 0 : count, dtype},
      {to.data(), axes.sizes.data(), axes.to.data(), count, dtype},
  };
  const auto body = [&] { return record_copy(dtype, rank, source, target, loc); };
  run_kernel(find_kernel(key, "copy", body, loc), args, {}, loc);
}

/// Every element of `to` becomes the one of the host at `element`.
void fill(const TensorImpl& to, const TensorImpl& element, const Axes2& axes, Loc loc) {
  const size_t item = runtime::item_size(to.dtype);
  if (!axes.fills_run() && item > 1) return run_copy(to, element, axes, loc);
  if (!axes.fills_run()) { // the dialect's ops do not take bytes
    const Tensor filled = make_dense(to.sizes, to.dtype, to.device());
    copy_through_devices(*filled.impl(), element, loc);
    return copy_through_devices(to, *filled.impl(), loc);
  }
  uint64_t pattern = 0;
  std::memcpy(&pattern, element.data(), item);
  runtime::cuda::fill(runtime::cuda::Gpu::get(to.device().index()), to.data(),
                      axes.count() * static_cast<int64_t>(item), pattern, static_cast<unsigned>(item));
}

/// A dense copy in the memory of its own device.
Tensor densely(const TensorImpl& x, Loc loc) {
  Tensor copy = make_dense(x.sizes, x.dtype, x.device());
  copy_elements(copy, make_view(x, x.offset, x.sizes, x.strides), "copy", loc);
  return copy;
}

} // namespace

void copy_through_devices(const TensorImpl& to, const TensorImpl& from, Loc loc) {
  if (std::ranges::find(to.sizes, 0) != to.sizes.end()) return;
  const Axes2 axes(to, from);
  const auto move_run = [&] {
    const size_t bytes = static_cast<size_t>(axes.count()) * runtime::item_size(to.dtype);
    runtime::copy_bytes(*to.storage, offset_bytes(to), *from.storage, offset_bytes(from), bytes);
  };
  if (axes.is_run()) return with_place(loc, move_run);
  if (to.device() == from.device()) return run_copy(to, from, axes, loc);
  if (from.device().is_cpu() && axes.repeats()) return with_place(loc, [&] { fill(to, from, axes, loc); });
  const Tensor source = densely(from, loc);
  if (to.dense) return copy_through_devices(to, *source.impl(), loc);
  Tensor landed = make_dense(to.sizes, to.dtype, to.device());
  copy_through_devices(*landed.impl(), *source.impl(), loc);
  copy_elements(make_view(to, to.offset, to.sizes, to.strides), landed, "copy", loc);
}

} // namespace ogee::detail
