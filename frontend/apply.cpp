// How an element-wise operation runs: in a trace as recorded operations, otherwise as one kernel over the operands'
// common loops, whatever they are views of.
#include "frontend/copy.h"
#include "frontend/failure.h"
#include "frontend/kernel.h"
#include "frontend/placement.h"
#include "frontend/pointwise.h"
#include "frontend/promote.h"
#include "frontend/record.h"
#include "frontend/rule.h"
#include "frontend/trace.h"
#include "frontend/views.h"
#include "ir/shapes.h"

#include <algorithm>

namespace ogee::detail {

namespace {

constexpr size_t kMaxOperands = 4;

/// The dtype an operation computes in and the dtype it gives.
struct Types {
  DType compute, result;
};

/// Error for a number that the integers computed in cannot hold.
void check_numbers(const PointwiseOp& op, std::span<const Operand> operands, DType compute, Loc loc) {
  if (!runtime::is_integer(compute)) return;
  for (const Operand& operand : operands)
    if (!operand.tensor()) check_fits(operand.scalar(), compute, op.name, loc);
}

/// A comparison with a number beyond the tensor's integers is one of wider integers.
DType comparison_type(const PointwiseOp& op, std::span<const Operand> operands, DType compute, Loc loc) {
  if (!runtime::is_integer(compute)) return compute;
  for (const Operand& operand : operands)
    if (!operand.tensor() && !operand.scalar().fits(compute)) compute = DType::i64;
  check_numbers(op, operands, compute, loc);
  return compute;
}

Types types_of(const PointwiseOp& op, std::span<const Operand> operands, Loc loc) {
  if (op.rule == Rule::logical) return {DType::boolean, DType::boolean};
  Promotion promotion;
  const size_t first = op.rule == Rule::selection ? 1 : 0;
  for (const Operand& operand : operands.subspan(first)) {
    if (const Tensor* x = operand.tensor())
      promotion.tensor(checked(*x, op.name, loc).dtype, x->impl()->rank());
    else
      promotion.number(operand.scalar());
  }
  DType compute = promotion.result();
  switch (op.rule) {
  case Rule::floating:
    if (!runtime::is_floating(compute)) compute = get_default_dtype();
    break;
  case Rule::numeric:
    if (compute == DType::boolean)
      fail(loc, op.name, ": not defined for bool; hint: logical_not, logical_xor or to(i64)");
    break;
  case Rule::integral:
    if (runtime::is_floating(compute)) fail(loc, op.name, ": needs integers or bool, not ", runtime::name(compute));
    break;
  case Rule::comparison: return {comparison_type(op, operands, compute, loc), DType::boolean};
  case Rule::selection:
    if (const Tensor* condition = operands[0].tensor(); condition && condition->dtype(loc) != DType::boolean)
      fail(loc, op.name, ": the condition is ", runtime::name(condition->dtype(loc)), ", needs bool");
    break;
  case Rule::arithmetic:
  case Rule::logical: break;
  }
  check_numbers(op, operands, compute, loc);
  return {compute, compute};
}

DType operand_type(const PointwiseOp& op, size_t index, DType compute) {
  return op.rule == Rule::selection && index == 0 ? DType::boolean : compute;
}

/// Where the operation runs. Error for operands on different devices.
Device device_of(const PointwiseOp& op, std::span<const Operand> operands, Loc loc) {
  Placement placement(op.name, loc);
  for (size_t i = 0; i < operands.size(); ++i)
    if (operands[i].tensor()) placement.add(*operands[i].tensor(), op.operands[i]);
  return placement.device();
}

// ---- in a trace
// --------------------------------------------------------------------------------------------------------

Tensor apply_traced(const PointwiseOp& op, std::span<const Operand> operands, Loc loc) {
  Trace& trace = *Trace::current();
  const Device device = device_of(op, operands, loc);
  const Types types = types_of(op, operands, loc);
  Shape shape;
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < operands.size(); ++i) {
    const DType dtype = operand_type(op, i, types.compute);
    const Tensor* x = operands[i].tensor();
    tensors.push_back(x ? move_to(record_convert(trace.stand_in(*x, op.name, loc), dtype, loc), device, loc)
                        : record_constant(operands[i].scalar(), dtype, loc, device));
    shape = unwrap(ir::broadcastTogether(op.name, shape, tensors.back().shape(loc)), loc);
  }
  for (Tensor& tensor : tensors) tensor = expand_to(tensor, shape, op.name, loc);
  const Tensor result = op.build(tensors, loc);
  // Functions that change nothing (floor of integers) give a copy, as they do eagerly.
  return std::ranges::any_of(tensors, [&](const Tensor& x) { return x.is(result); }) ? copy_dense(result, op.name, loc)
                                                                                     : result;
}

// ---- eagerly: the loops
// --------------------------------------------------------------------------------------------------

/// The operands of one call over common sizes: axes that continue each other in all operands are one.
struct Loops {
  const TensorImpl* tensors[kMaxOperands]; ///< null for what kernels take by value
  SizeList shape;                          ///< of the result, before joining
  SizeList sizes;                          ///< of the loops
  SizeList strides[kMaxOperands];          ///< per operand
  StrideClass classes[kMaxOperands];
  bool dense[kMaxOperands]; ///< row-major over the loops
  int64_t numel = 1;
};

/// All tensors have one shape and are dense (numbers aside): a single loop.
bool find_flat_loop(std::span<const Operand> operands, Loops& loops) {
  const TensorImpl* first = nullptr;
  for (size_t i = 0; i < operands.size(); ++i) {
    const TensorImpl* const x = loops.tensors[i];
    if (!x) continue;
    if (!x->dense || (first && x->sizes != first->sizes)) return false;
    first = x;
  }
  loops.shape = first->sizes;
  for (int64_t size : loops.shape) loops.numel *= size;
  loops.sizes.push_back(loops.numel);
  for (size_t i = 0; i < operands.size(); ++i) {
    const bool tensor = loops.tensors[i] != nullptr;
    loops.classes[i] = tensor ? StrideClass::one : StrideClass::scalar;
    loops.dense[i] = true;
    if (tensor) loops.strides[i].push_back(1);
  }
  return true;
}

void broadcast_shape(const PointwiseOp& op, std::span<const Operand> operands, Loops& loops, Loc loc) {
  for (size_t i = 0; i < operands.size(); ++i) {
    if (!loops.tensors[i]) continue;
    const SizeList& sizes = loops.tensors[i]->sizes;
    const SizeList before = loops.shape;
    while (loops.shape.size() < sizes.size()) loops.shape.insert(0, 1);
    const size_t shift = loops.shape.size() - sizes.size();
    for (size_t axis = 0; axis < sizes.size(); ++axis) {
      int64_t& size = loops.shape[axis + shift];
      if (size == 1)
        size = sizes[axis];
      else if (sizes[axis] != 1 && sizes[axis] != size)
        unwrap(ir::broadcastTogether(op.name, Shape(std::span<const int64_t>(before)), operands[i].tensor()->shape()),
               loc);
    }
  }
  for (int64_t size : loops.shape) loops.numel *= size;
}

/// Strides of an operand over the axes of the result, 0 where it is repeated.
void broadcast_strides(const TensorImpl& x, const SizeList& shape, SizeList& strides) {
  const size_t shift = shape.size() - x.sizes.size();
  for (size_t axis = 0; axis < shape.size(); ++axis)
    strides.push_back(axis < shift || x.sizes[axis - shift] == 1 ? 0 : x.strides[axis - shift]);
}

/// Drops axes of size 1 and joins neighbours (the result is dense: it allows every join).
void join_axes(Loops& loops, size_t operands) {
  size_t kept = 0;
  SizeList& sizes = loops.sizes;
  for (size_t axis = 0; axis < loops.shape.size(); ++axis) {
    const int64_t size = loops.shape[axis];
    if (size == 1) continue;
    bool joins = kept > 0;
    for (size_t i = 0; i < operands && joins; ++i)
      joins = loops.strides[i].empty() || loops.strides[i][kept - 1] == loops.strides[i][axis] * size;
    if (!joins) {
      ++kept;
      sizes.push_back(1);
    }
    sizes[kept - 1] *= size;
    for (size_t i = 0; i < operands; ++i)
      if (!loops.strides[i].empty()) loops.strides[i][kept - 1] = loops.strides[i][axis];
  }
  for (size_t i = 0; i < operands; ++i)
    while (loops.strides[i].size() > kept) loops.strides[i].erase(kept);
}

void classify(Loops& loops, std::span<const Operand> operands) {
  if (loops.sizes.empty()) { // one element: a loop of length 1, so that some operand has the loop's shape
    loops.sizes.push_back(1);
    for (size_t i = 0; i < operands.size(); ++i)
      if (loops.tensors[i]) loops.strides[i].push_back(1);
  }
  for (size_t i = 0; i < operands.size(); ++i) {
    const SizeList& strides = loops.strides[i];
    const bool one_element = std::ranges::all_of(strides, [](int64_t stride) { return stride == 0; });
    loops.classes[i] = one_element           ? StrideClass::scalar
                       : strides.back() == 0 ? StrideClass::zero
                       : strides.back() == 1 ? StrideClass::one
                                             : StrideClass::other;
    loops.dense[i] = strides.size() == 1 && strides[0] == 1;
  }
  // The kernel reads the sizes of its loops from an operand: where all are a single element, the first tensor has them.
  const auto classes = std::span(loops.classes, operands.size());
  if (!std::ranges::all_of(classes, [](StrideClass c) { return c == StrideClass::scalar; })) return;
  const auto tensors = std::span(loops.tensors, operands.size());
  const auto tensor = std::ranges::find_if(tensors, [](const TensorImpl* x) { return x; });
  loops.classes[tensor - tensors.begin()] = StrideClass::zero;
}

/// Where the call runs, and the tensors that its loops walk over: on another device not those on the CPU.
Device find_tensors(const PointwiseOp& op, std::span<const Operand> operands, Loops& loops, Loc loc) {
  bool on_cpu = true;
  for (size_t i = 0; i < operands.size(); ++i) {
    loops.tensors[i] = operands[i].tensor() ? operands[i].tensor()->impl() : nullptr;
    if (!loops.tensors[i]) continue;
    if (loops.tensors[i]->symbolic) [[unlikely]]
      checked_data(*operands[i].tensor(), op.name, loc);
    on_cpu = on_cpu && loops.tensors[i]->storage->device().is_cpu();
  }
  if (on_cpu) [[likely]]
    return Device();
  const Device device = device_of(op, operands, loc);
  for (size_t i = 0; i < operands.size(); ++i)
    if (loops.tensors[i] && loops.tensors[i]->device() != device) loops.tensors[i] = nullptr;
  return device;
}

void find_loops(const PointwiseOp& op, std::span<const Operand> operands, Loops& loops, Loc loc) {
  if (find_flat_loop(operands, loops)) return;
  broadcast_shape(op, operands, loops, loc);
  for (size_t i = 0; i < operands.size(); ++i)
    if (loops.tensors[i]) broadcast_strides(*loops.tensors[i], loops.shape, loops.strides[i]);
  join_axes(loops, operands.size());
  classify(loops, operands);
}

// ---- eagerly: the call
// ---------------------------------------------------------------------------------------------------

DType own_type(const Operand& operand, DType computed) {
  return operand.tensor() ? operand.tensor()->impl()->dtype : computed;
}

/// The operation on tensors converted to what it computes in and repeated to the shape of the result.
Tensor build_on(const PointwiseOp& op, std::vector<Tensor> tensors, const Shape& dims, DType compute, Loc loc) {
  for (size_t i = 0; i < tensors.size(); ++i)
    tensors[i] = expand_to(record_convert(tensors[i], operand_type(op, i, compute), loc), dims, op.name, loc);
  return op.build(tensors, loc);
}

/// The graph of a kernel: operands converted and repeated, then the operation.
std::vector<Tensor> record_kernel(const PointwiseOp& op, std::span<const Operand> operands, const Loops& loops,
                                  Types types, bool has_host, Loc loc) {
  const Shape dims = kernel_dims(loops.sizes.size());
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < operands.size(); ++i) {
    const DType dtype = operand_type(op, i, types.compute), own = own_type(operands[i], dtype);
    check_computes(own, op.name, "an operand", loc);
    tensors.push_back(
        kernel_argument(i, own, dims, loops.classes[i], loops.dense[i], loc, has_host && !loops.tensors[i]));
  }
  return {build_on(op, std::move(tensors), dims, types.compute, loc)};
}

/// Whether a kernel may write its dense result over `into` while it reads the operands.
bool can_overwrite(const TensorImpl& into, std::span<const Operand> operands, const Loops& loops, DType result) {
  if (!into.dense || into.dtype != result || into.sizes != loops.shape) return false;
  for (const Operand& operand : operands) {
    if (!operand.tensor()) continue;
    const TensorImpl& x = *operand.tensor()->impl();
    const bool same_elements = x.offset == into.offset && x.dense && x.sizes == into.sizes && x.dtype == into.dtype;
    if (x.storage == into.storage && !same_elements) return false;
    if (x.storage != into.storage && (x.storage->is_external() || into.storage->is_external())) return false;
  }
  return true;
}

[[noreturn]] void fail_elsewhere(const PointwiseOp& op, Device result, const Tensor& into, Loc loc) {
  const std::string name = into.impl()->name.empty() ? "x" : into.impl()->name;
  fail(loc, op.name, ": the result is on ", result, ", ", name, " on ", into.device(loc), "; hint: ", name, ".to(\"",
       result, "\")");
}

Tensor apply_eager(const PointwiseOp& op, std::span<const Operand> operands, Types types, Loc loc, const Tensor* into) {
  Loops loops;
  const Device device = find_tensors(op, operands, loops, loc);
  if (into && into->impl()->device() != device) fail_elsewhere(op, device, *into, loc);
  find_loops(op, operands, loops, loc);

  const bool has_host = !device.is_cpu(); // whose numbers are in another memory
  KernelKey key{&op,
                device_word(device),
                0,
                static_cast<uint8_t>(loops.sizes.size()),
                static_cast<uint8_t>(operands.size()),
                static_cast<uint8_t>(types.compute),
                static_cast<uint8_t>(types.result)};
  runtime::TensorArg args[kMaxOperands];
  alignas(8) std::byte numbers[kMaxOperands][8];
  for (size_t i = 0; i < operands.size(); ++i) {
    const DType dtype = operand_type(op, i, types.compute);
    const bool scalar = loops.classes[i] == StrideClass::scalar;
    args[i] = {numbers[i], loops.sizes.data(), loops.strides[i].data(),
               static_cast<uint32_t>(scalar ? 0 : loops.sizes.size()), own_type(operands[i], dtype)};
    if (operands[i].tensor())
      args[i].data = operands[i].tensor()->impl()->data();
    else
      write_scalar(operands[i].scalar(), dtype, numbers[i]);
    key.operand[i] = static_cast<uint8_t>(static_cast<unsigned>(args[i].dtype) +
                                          16 * static_cast<unsigned>(loops.classes[i]) + 128 * loops.dense[i]);
  }
  if (has_host) [[unlikely]]
    for (size_t i = 0; i < operands.size(); ++i)
      if (!loops.tensors[i]) key.operand[i] |= KernelKey::kHost;
  // In NaN mode a kernel is several, of which later ones read the operands again.
  const bool overwrite = into && !is_anomaly_enabled() && can_overwrite(*into->impl(), operands, loops, types.result);
  Tensor result = overwrite ? *into : make_dense(loops.shape, types.result, device, op.name, loc);
  if (loops.numel > 0) {
    const runtime::Executable& kernel =
        find_kernel(key, op.name, [&] { return record_kernel(op, operands, loops, types, has_host, loc); }, loc);
    void* memory = result.impl()->data();
    run_kernel(kernel, {args, operands.size()}, {&memory, 1}, loc);
  }
  if (overwrite)
    result.impl()->storage->bump_version();
  else if (into)
    assign(*into, result, op.name, loc);
  return into ? *into : result;
}

// ---- eagerly: the tape
// ---------------------------------------------------------------------------------------------------

bool records(std::span<const Operand> operands) {
  return std::ranges::any_of(operands, [](const Operand& x) { return x.tensor() && has_gradient(*x.tensor()); }) &&
         is_recording();
}

/// The axes of the result over which an operand is repeated that has them with size 1; bit per axis of the operand.
uint32_t repeated_axes(const SizeList& sizes, const SizeList& result) {
  uint32_t repeated = 0;
  const size_t shift = result.size() - sizes.size();
  for (size_t axis = 0; axis < sizes.size(); ++axis)
    repeated |= static_cast<uint32_t>(sizes[axis] != result[axis + shift]) << axis;
  return repeated;
}

/// An operand's shape in the graph of a rule: the last of the result's dims, or 1 where it is repeated.
Shape operand_shape(size_t rank, uint32_t repeated, const Shape& dims) {
  Shape shape;
  for (size_t axis = 0; axis < rank; ++axis)
    shape.push_back(repeated >> axis & 1 ? Dim(1) : dims[dims.size() - rank + axis]);
  return shape;
}

void record_tape(const PointwiseOp& op, std::span<const Operand> operands, Types types, const Tensor& result, Loc loc) {
  if (!runtime::is_floating(types.result)) return;
  const SizeList& sizes = result.impl()->sizes;
  RuleKey key{&op};
  key.push(static_cast<uint64_t>(types.compute) | static_cast<uint64_t>(sizes.size()) << 8);
  std::vector<RuleArgument> arguments;
  for (size_t i = 0; i < operands.size(); ++i) {
    const DType dtype = own_type(operands[i], operand_type(op, i, types.compute));
    const Tensor* x = operands[i].tensor();
    if (x)
      arguments.emplace_back(*x);
    else
      arguments.emplace_back(operands[i].scalar(), dtype);
    const uint64_t rank = x ? x->impl()->sizes.size() : 0, repeated = x ? repeated_axes(x->impl()->sizes, sizes) : 0;
    key.push(static_cast<uint64_t>(dtype) | rank << 8 | repeated << 16);
  }
  const auto body = [&]() -> std::vector<Tensor> {
    const Shape dims = kernel_dims(sizes.size(), 0);
    std::vector<Tensor> tensors;
    for (size_t i = 0; i < operands.size(); ++i) {
      const uint64_t word = key.words[1 + i];
      const Shape shape = operand_shape(word >> 8 & 0xff, static_cast<uint32_t>(word >> 16), dims);
      tensors.push_back(rule_argument(i, static_cast<DType>(word & 0xff), shape,
                                      operands[i].tensor() && is_transposed(*operands[i].tensor()->impl())));
    }
    return {build_on(op, std::move(tensors), dims, types.compute, Loc())};
  };
  record_rule(key, op.name, arguments, {&result, 1}, std::cref(body), loc);
}

/// The operation on the tape if a gradient flows into it.
Tensor apply_recorded(const PointwiseOp& op, std::span<const Operand> operands, Types types, Loc loc) {
  Tensor result = apply_eager(op, operands, types, loc, nullptr);
  if (records(operands)) record_tape(op, operands, types, result, loc);
  return result;
}

/// In-place operations keep shape and dtype of what they write to.
void check_into(const PointwiseOp& op, std::span<const Operand> operands, const Tensor& into, Loc loc) {
  const DType result = types_of(op, operands, loc).result, dtype = into.dtype(loc);
  auto kind = [](DType d) { return d == DType::boolean ? 0 : runtime::is_floating(d) ? 2 : 1; };
  if (kind(result) > kind(dtype))
    fail(loc, op.name, "_: the result is ", runtime::name(result), ", which does not fit into ", runtime::name(dtype));
}

/// Errors name the function as it was called: "add_".
[[noreturn]] void fail_in_place(const PointwiseOp& op, const runtime::Error& error) {
  std::string message = error.what();
  const std::string name = op.name;
  if (message.starts_with(name + ":")) message.insert(name.size(), "_");
  throw runtime::Error(error.code(), message);
}

Tensor apply_into(const PointwiseOp& op, std::span<const Operand> operands, const Tensor& into, Loc loc) {
  try {
    check_into(op, operands, into, loc);
    if (Trace::current()) {
      if (const Device device = device_of(op, operands, loc); device != into.device(loc))
        fail_elsewhere(op, device, into, loc);
      return assign(into, apply_traced(op, operands, loc), op.name, loc), into;
    }
    const Types types = types_of(op, operands, loc);
    if (!records(operands) && !detail::records(into)) return apply_eager(op, operands, types, loc, &into);
    check_in_place(into, op.name, loc);
    const OverwriteScope scope(into);
    assign(into, apply_recorded(op, operands, types, loc), op.name, loc);
    return into;
  } catch (const runtime::Error& error) { fail_in_place(op, error); }
}

} // namespace

Tensor apply(const PointwiseOp& op, std::initializer_list<Operand> list, Loc loc, const Tensor* into) {
  const std::span<const Operand> operands(list.begin(), list.size());
  for (const Operand& operand : operands)
    if (operand.tensor()) checked(*operand.tensor(), op.name, loc);
  if (into) return apply_into(op, operands, *into, loc);
  if (!Trace::current()) return apply_recorded(op, operands, types_of(op, operands, loc), loc);
  return apply_traced(op, operands, loc);
}

namespace {
/// Only converts: the operand to the dtype computed in.
constexpr PointwiseOp kConvert{"to", Rule::arithmetic, [](std::span<const Tensor> x, Loc) { return x[0]; }};
} // namespace

Tensor convert(const Tensor& x, DType dtype, Loc loc) {
  if (checked(x, "to", loc).dtype == dtype) return x;
  check_dtype(dtype, "to", loc);
  if (Trace::current()) {
    check_computes(x.dtype(loc), "to", "the operand", loc);
    check_computes(dtype, "to", "the result", loc);
    return record_convert(x, dtype, loc);
  }
  if (!computes(dtype) || !computes(x.dtype(loc))) return convert_stored(x, dtype, loc);
  const Operand operand(x, loc);
  return apply_recorded(kConvert, {&operand, 1}, {dtype, dtype}, loc);
}

} // namespace ogee::detail
