// Random tensors: every function takes one number of the generator, whatever its size, in a trace as outside of it.
#include "frontend/copy.h"
#include "frontend/creation.h"
#include "frontend/failure.h"
#include "frontend/kernel.h"
#include "frontend/record.h"
#include "frontend/trace.h"
#include "ir/shapes.h"
#include "runtime/runtime.h"

namespace ogee {

using namespace detail;

namespace {

/// A distribution; its bounds, if any, are further i64 operands.
struct RandomOp {
  const char* name;
  const char* mnemonic;
};

constexpr RandomOp rand_op{"rand", "random_uniform"}, randn_op{"randn", "random_normal"},
    randint_op{"randint", "random_integers"};

/// The graph: one vector, whose length is an argument (the elements depend on their position alone). The generator is
/// the host's.
std::vector<Tensor> record_kernel(const RandomOp& op, DType dtype, size_t operands, Loc loc) {
  std::vector<Tensor> arguments;
  for (size_t i = 0; i < operands; ++i)
    arguments.push_back(kernel_argument(i, i64, {}, StrideClass::scalar, true, loc, /*host=*/true));
  const Dim count = Trace::current()->index_argument("count", loc);
  return {record_creation(op.mnemonic, arguments, dtype, {count}, Trace::current()->device(), loc)};
}

Tensor draw(const RandomOp& op, const Dims& dims, DType dtype, Device device, std::span<const int64_t> bounds,
            Loc loc) {
  const Shape shape = unwrap(ir::creationShape(op.name, dims.shape()), loc);
  if (Trace* trace = Trace::current()) {
    trace->settle(op.name, "the result", device, shape.size(), loc);
    const auto [key, number] = trace->draw(loc);
    std::vector<Tensor> operands{key, number};
    for (int64_t bound : bounds) operands.push_back(record_constant(bound, i64, loc));
    return record_creation(op.mnemonic, operands, dtype, shape, device, loc);
  }
  Tensor result = new_dense(shape, dtype, device, op.name, loc);
  const runtime::GeneratorState state = runtime::Runtime::get().generator().draw();
  const auto count = static_cast<int64_t>(result.numel());
  if (count == 0) return result;
  int64_t values[4] = {static_cast<int64_t>(state.key), static_cast<int64_t>(state.number)};
  runtime::TensorArg args[4];
  KernelKey key{&op,
                device_word(device),
                0,
                1,
                static_cast<uint8_t>(2 + bounds.size()),
                static_cast<uint8_t>(dtype),
                static_cast<uint8_t>(dtype)};
  for (size_t i = 0; i < 2 + bounds.size(); ++i) {
    if (i >= 2) values[i] = bounds[i - 2];
    args[i] = {&values[i], nullptr, nullptr, 0, i64};
    key.operand[i] = static_cast<uint8_t>(i64);
  }
  const runtime::Executable& kernel =
      find_kernel(key, op.name, [&] { return record_kernel(op, dtype, 2 + bounds.size(), loc); }, loc);
  void* memory = result.impl()->data();
  run_kernel(kernel, {args, 2 + bounds.size()}, {&memory, 1}, loc, {&count, 1});
  return result;
}

Device device_of(const Options& options) { return options.device.value_or(get_default_device()); }

DType real_type(const char* op, const Options& options, DType otherwise, Loc loc) {
  const DType dtype = options.dtype.value_or(otherwise);
  if (!runtime::is_floating(dtype)) fail(loc, op, ": needs a floating dtype, not ", runtime::name(dtype));
  check_dtype(dtype, op, loc);
  return dtype;
}

} // namespace

void manual_seed(uint64_t seed, Loc loc) {
  if (Trace::current())
    fail_with(ErrorCode::state, "manual_seed: not inside a compiled function; hint: call it before", loc);
  runtime::Runtime::get().generator().manual_seed(seed);
}

Tensor rand(const Dims& shape, const Options& options, Loc loc) {
  return draw(rand_op, shape, real_type("rand", options, get_default_dtype(), loc), device_of(options), {}, loc);
}
Tensor randn(const Dims& shape, const Options& options, Loc loc) {
  return draw(randn_op, shape, real_type("randn", options, get_default_dtype(), loc), device_of(options), {}, loc);
}
Tensor rand_like(const Tensor& x, const Options& options, Loc loc) {
  const DType dtype = real_type("rand_like", options, x.dtype(loc), loc);
  return draw(rand_op, x.shape(loc), dtype, options.device.value_or(x.device(loc)), {}, loc);
}
Tensor randn_like(const Tensor& x, const Options& options, Loc loc) {
  const DType dtype = real_type("randn_like", options, x.dtype(loc), loc);
  return draw(randn_op, x.shape(loc), dtype, options.device.value_or(x.device(loc)), {}, loc);
}

Tensor randint(int64_t low, int64_t high, const Dims& shape, const Options& options, Loc loc) {
  if (low >= high) fail(loc, "randint: no integer lies in [", low, ", ", high, ")");
  const DType dtype = options.dtype.value_or(i64);
  if (!Scalar(low).fits(dtype) || !Scalar(high - 1).fits(dtype))
    fail(loc, "randint: [", low, ", ", high, ") does not fit into ", runtime::name(dtype));
  const int64_t bounds[] = {low, high};
  const DType drawn = runtime::is_integer(dtype) && computes(dtype) ? dtype : i64;
  return draw(randint_op, shape, drawn, device_of(options), bounds, loc).to(dtype, loc);
}
Tensor randint(int64_t high, const Dims& shape, const Options& options, Loc loc) {
  return randint(0, high, shape, options, loc);
}

} // namespace ogee
