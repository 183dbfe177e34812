// How an operation along axes runs: in a trace as recorded operations, otherwise as one kernel over as few axes as the
// operand's strides allow, kept and reduced ones.
#include "frontend/rowwise.h"

#include "codegen/chunks.h"
#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/kernel.h"
#include "frontend/record.h"
#include "frontend/rule.h"
#include "frontend/trace.h"
#include "frontend/views.h"

#include <algorithm>
#include <bit>

namespace ogee::detail {

namespace {

constexpr size_t kMaxNumbers = 4, kMaxResults = 2;

/// The shape with the axes of size 1, or without them.
SizeList reduced_sizes(const SizeList& sizes, const std::vector<int64_t>& axes, bool keepdim) {
  SizeList result;
  for (size_t axis = 0; axis < sizes.size(); ++axis) {
    const bool reduced = std::ranges::binary_search(axes, static_cast<int64_t>(axis));
    if (!reduced || keepdim) result.push_back(reduced ? 1 : sizes[axis]);
  }
  return result;
}

/// The operand's axes, neighbours of one kind joined where memory allows.
struct Loops {
  SizeList sizes, strides;
  uint32_t reduced = 0; ///< bit per axis
  bool dense = false;

  Loops(const TensorImpl& x, const std::vector<int64_t>& axes) {
    for (size_t axis = 0; axis < x.sizes.size(); ++axis)
      add(x.sizes[axis], x.strides[axis], std::ranges::binary_search(axes, static_cast<int64_t>(axis)));
    if (reduced == 0) add_axis(1, 1, true); // a reduction of single elements
    dense = runtime::is_row_major(sizes, strides);
  }

  void add(int64_t size, int64_t stride, bool is_reduced) {
    if (size == 1) return;
    const size_t last = sizes.size() - 1;
    const bool joins = !sizes.empty() && bit(last) == is_reduced && strides[last] == stride * size;
    if (!joins) return add_axis(size, stride, is_reduced);
    sizes[last] *= size;
    strides[last] = stride;
  }
  void add_axis(int64_t size, int64_t stride, bool is_reduced) {
    reduced |= static_cast<uint32_t>(is_reduced) << sizes.size();
    sizes.push_back(size);
    strides.push_back(stride);
  }
  bool bit(size_t axis) const { return reduced >> axis & 1; }
  StrideClass innermost() const {
    const int64_t stride = strides.back();
    return stride == 0 ? StrideClass::zero : stride == 1 ? StrideClass::one : StrideClass::other;
  }
  std::vector<int64_t> axes() const {
    std::vector<int64_t> axes;
    for (size_t axis = 0; axis < sizes.size(); ++axis)
      if (bit(axis)) axes.push_back(static_cast<int64_t>(axis));
    return axes;
  }
};

std::vector<Tensor> build(const RowwiseCall& call, const Tensor& x, const std::vector<int64_t>& axes,
                          std::span<const Tensor> numbers, Loc loc) {
  std::vector<Tensor> results = call.op.build(record_convert(x, call.compute, loc), axes, numbers, loc);
  for (size_t i = 0; i < results.size(); ++i) results[i] = record_convert(results[i], call.results[i], loc);
  return results;
}

/// The call on all axes of x; reduced ones stay with size 1 where that is wanted.
std::vector<Tensor> build_on(const RowwiseCall& call, const Tensor& x, std::span<const Tensor> numbers, Loc loc) {
  std::vector<Tensor> results = build(call, x, call.axes, numbers, loc);
  if (!call.keepdim || call.op.keeps_shape) return results;
  Shape shape = x.shape(loc);
  for (int64_t axis : call.axes) shape[static_cast<size_t>(axis)] = 1;
  for (Tensor& result : results) result = reshape_to(result, shape, call.op.name, loc);
  return results;
}

std::vector<Tensor> apply_traced(const RowwiseCall& call, const Tensor& x, Loc loc) {
  const Tensor operand = Trace::current()->stand_in(x, call.op.name, loc);
  const Device device = operand.device(loc);
  std::vector<Tensor> numbers;
  for (const RowwiseNumber& number : call.numbers)
    numbers.push_back(number.traced.defined() ? move_to(record_convert(number.traced, call.compute, loc), device, loc)
                                              : record_constant(number.value, call.compute, loc, device));
  return build_on(call, operand, numbers, loc);
}

/// What a kernel knows of its sizes. They decide in how many launches it reduces, each of which is code: a kernel for
/// all sizes has them all, and takes three times as long to compile.
enum class SizeClass : uint8_t {
  any,
  one_chunk, ///< one launch
  chunks,    ///< two: what chunks reduce to, and that combined
  many_rows, ///< of several chunks each, and so many that they keep the processors busy: one launch again
};

/// The most that one chunk reduces.
int64_t chunk_size(const Loops& loops) {
  return loops.bit(loops.sizes.size() - 1) ? codegen::kChunkElements : codegen::kChunkRows;
}

SizeClass size_class(const Loops& loops) {
  if (!std::has_single_bit(loops.reduced)) return SizeClass::any;
  const auto reduced = static_cast<size_t>(std::countr_zero(loops.reduced));
  if (loops.sizes[reduced] <= chunk_size(loops)) return SizeClass::one_chunk;
  const bool rows = loops.sizes.size() == 2 && reduced == 1;
  return rows && loops.sizes[0] >= codegen::kBusyUnits ? SizeClass::many_rows : SizeClass::chunks;
}

/// Named sizes in the ranges of a class.
Shape classified_dims(const Loops& loops, SizeClass which) {
  Shape dims = kernel_dims(loops.sizes.size(), 0);
  if (which == SizeClass::any) return dims;
  Dim& reduced = dims[static_cast<size_t>(std::countr_zero(loops.reduced))];
  reduced = within_chunk(reduced, chunk_size(loops), which == SizeClass::one_chunk);
  if (which == SizeClass::many_rows) dims[0] = within_chunk(dims[0], codegen::kBusyUnits - 1, false);
  return dims;
}

std::vector<Tensor> record_kernel(const RowwiseCall& call, DType dtype, const Loops& loops, SizeClass which, Loc loc) {
  check_computes(dtype, call.op.name, "the operand", loc);
  const Tensor x = kernel_argument(0, dtype, classified_dims(loops, which), loops.innermost(), loops.dense, loc);
  std::vector<Tensor> numbers;
  for (size_t i = 0; i < call.numbers.size(); ++i)
    numbers.push_back(kernel_argument(1 + i, call.compute, {}, StrideClass::scalar, true, loc, /*host=*/true));
  return build(call, x, loops.axes(), numbers, loc);
}

std::vector<Tensor> apply_eager(const RowwiseCall& call, const Tensor& x, Loc loc) {
  const TensorImpl& impl = checked_data(x, call.op.name, loc);
  const SizeList sizes = call.op.keeps_shape ? impl.sizes : reduced_sizes(impl.sizes, call.axes, call.keepdim);
  std::vector<Tensor> results;
  void* memory[kMaxResults];
  for (size_t i = 0; i < call.results.size(); ++i) {
    results.push_back(make_dense(sizes, call.results[i], impl.device(), call.op.name, loc));
    memory[i] = results[i].impl()->data();
  }
  if (std::ranges::find(sizes, 0) != sizes.end()) return results;

  const Loops loops(impl, call.axes);
  const SizeClass which = size_class(loops);
  KernelKey key{&call.op,
                device_word(impl.device()),
                static_cast<uint32_t>(which),
                static_cast<uint8_t>(loops.sizes.size()),
                static_cast<uint8_t>(1 + call.numbers.size()),
                static_cast<uint8_t>(call.compute),
                static_cast<uint8_t>(call.results[0])};
  key.operand[0] = static_cast<uint8_t>(static_cast<unsigned>(impl.dtype) +
                                        16 * static_cast<unsigned>(loops.innermost()) + 128 * loops.dense);
  key.more = loops.reduced;
  runtime::TensorArg args[1 + kMaxNumbers];
  args[0] = {impl.data(), loops.sizes.data(), loops.strides.data(), static_cast<uint32_t>(loops.sizes.size()),
             impl.dtype};
  alignas(8) std::byte numbers[kMaxNumbers][8];
  for (size_t i = 0; i < call.numbers.size(); ++i) {
    write_scalar(call.numbers[i].value, call.compute, numbers[i]);
    args[1 + i] = {numbers[i], nullptr, nullptr, 0, call.compute};
  }
  const runtime::Executable& kernel =
      find_kernel(key, call.op.name, [&] { return record_kernel(call, impl.dtype, loops, which, loc); }, loc);
  run_kernel(kernel, {args, 1 + call.numbers.size()}, {memory, results.size()}, loc);
  return results;
}

void record_tape(const RowwiseCall& call, const Tensor& x, std::span<const Tensor> results, Loc loc) {
  const TensorImpl& impl = *x.impl();
  RuleKey key{&call.op};
  uint64_t axes = 0;
  for (int64_t axis : call.axes) axes |= uint64_t{1} << axis;
  key.push(static_cast<uint64_t>(impl.dtype) | static_cast<uint64_t>(call.compute) << 8 | impl.sizes.size() << 16 |
           static_cast<uint64_t>(call.keepdim) << 24 | static_cast<uint64_t>(call.results[0]) << 32);
  key.push(axes);
  // Gradients along one axis often reduce along it again.
  const bool single = call.axes.size() == 1;
  const size_t axis = single ? static_cast<size_t>(call.axes[0]) : 0;
  const int64_t chunk = axis + 1 == impl.sizes.size() ? codegen::kChunkElements : codegen::kChunkRows;
  const bool is_within = single && impl.sizes[axis] <= chunk;
  key.push(is_within);
  std::vector<RuleArgument> arguments{x};
  for (const RowwiseNumber& number : call.numbers) arguments.emplace_back(number.value, call.compute);
  const auto body = [&] {
    Shape dims = kernel_dims(impl.sizes.size(), 0);
    if (single) dims[axis] = within_chunk(dims[axis], chunk, is_within);
    const Tensor operand = rule_argument(0, impl.dtype, dims, is_transposed(impl));
    std::vector<Tensor> numbers;
    for (size_t i = 1; i < arguments.size(); ++i) numbers.push_back(rule_argument(i, call.compute, {}, false));
    return build_on(call, operand, numbers, Loc());
  };
  record_rule(key, call.op.name, arguments, results, std::cref(body), loc);
}

} // namespace

Dim within_chunk(const Dim& size, int64_t chunk, bool is_within) {
  const std::string& name = size.as_symbol()->name;
  return is_within ? Dim::symbol(name, 0, chunk) : Dim::symbol(name, chunk + 1);
}

Tensor spread(const Tensor& reduced, const std::vector<int64_t>& axes, const Tensor& x, Loc loc) {
  Shape shape = x.shape(loc);
  for (int64_t axis : axes) shape[static_cast<size_t>(axis)] = 1;
  return expand_to(reshape_to(reduced, shape, "keepdim", loc), x.shape(loc), "keepdim", loc);
}

std::vector<Tensor> apply(const RowwiseCall& call, const Tensor& x, Loc loc) {
  if (Trace::current()) return apply_traced(call, x, loc);
  std::vector<Tensor> results = apply_eager(call, x, loc);
  if (records(x)) record_tape(call, x, results, loc);
  return results;
}

} // namespace ogee::detail
