// The parts of transforms that do not depend on the function's type: all run inside a trace.
#include "frontend/transforms.h"

#include "frontend/failure.h"
#include "frontend/tensor_impl.h"
#include "frontend/trace.h"

namespace ogee::detail {

namespace {

Tensor reshaped(const Tensor& x, Loc loc) {
  OpCall call{"reshape", {Trace::current()->read(x, "reshape", loc)}, x.dtype(loc), x.shape(loc), {}, {}, loc};
  call.mixed = {{"staticSizes", x.shape(loc)}};
  return Trace::current()->record(std::move(call));
}

} // namespace

CheckpointScope::CheckpointScope() : before_(Trace::current()->set_checkpoint(true)) {}
CheckpointScope::~CheckpointScope() { Trace::current()->set_checkpoint(before_); }

Tensor with_vjp(std::span<const Tensor> inputs, const Tensor& value,
                const std::function<std::vector<Tensor>(std::span<const Tensor>)>& backward, Loc loc) {
  if (!value.is_floating_point(loc))
    fail(loc, "custom_vjp: only floats have gradients, not ", runtime::name(value.dtype(loc)), " ", value.shape(loc));
  return Trace::current()->custom_vjp(inputs, value, backward, loc);
}

std::vector<Tensor> pull_back(const char* function, std::span<const Tensor> outputs, std::span<const Tensor> cotangents,
                              std::span<const Tensor> inputs, Loc loc) {
  for (size_t i = 0; i < outputs.size(); ++i)
    if (!same(outputs[i].shape(loc), cotangents[i].shape(loc)) || outputs[i].dtype(loc) != cotangents[i].dtype(loc))
      fail(loc, function, ": the cotangent or tangent is ", runtime::name(cotangents[i].dtype(loc)), " ",
           cotangents[i].shape(loc), ", needs ", runtime::name(outputs[i].dtype(loc)), " ", outputs[i].shape(loc));
  std::vector<Tensor> gradients =
      Trace::current()->gradients(outputs, cotangents, inputs, Tape::apart, /*recorded=*/true, loc);
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!gradients[i].defined()) gradients[i] = zeros_like(inputs[i], {}, loc);
  return gradients;
}

Tensor apart(const char* function, const Tensor& x, Loc loc) {
  if (!x.is_floating_point(loc))
    fail(loc, function, ": only floats have gradients, not ", runtime::name(x.dtype(loc)), " ", x.shape(loc));
  Tensor own = reshaped(x, loc);
  Trace::current()->watch(own, loc);
  return own;
}

void check_single(const char* function, const Tensor& y, Loc loc) {
  if (!y.is_floating_point(loc) || !same(y.numel(loc), Dim(1)))
    fail(loc, function, ": the function gives ", runtime::name(y.dtype(loc)), " ", y.shape(loc),
         ", needs one float; hint: sum(), or jacrev for a Jacobian");
}

int64_t known_numel(const char* function, const Tensor& x, Loc loc) {
  const Dim count = x.numel(loc);
  if (!count.is_number()) fail(loc, function, ": the shape ", x.shape(loc), " is known at run time only");
  return count.number();
}

Tensor unit_like(const char* function, const Tensor& x, int64_t i, Loc loc) {
  const Tensor positions = arange(known_numel(function, x, loc), x.device(loc), loc);
  return to(eq(positions, i, loc), x.dtype(loc), loc).reshape(x.shape(loc), loc);
}

Tensor join_jacobian(const std::vector<Tensor>& parts, const Tensor& y, const Tensor& x, int64_t axis, Loc loc) {
  Shape shape = y.shape(loc);
  for (const Dim& dim : x.shape(loc)) shape.push_back(dim);
  if (parts.empty()) return zeros(shape, {x.dtype(loc), x.device(loc)}, loc);
  return stack(parts, axis, loc).reshape(shape, loc);
}

} // namespace ogee::detail
