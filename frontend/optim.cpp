// Optimizers by in-place operations outside of the tape.
#include "frontend/optim.h"

#include "frontend/autograd.h"
#include "frontend/creation.h"
#include "frontend/failure.h"
#include "frontend/operators.h"
#include "frontend/tensor_impl.h"

#include <algorithm>

namespace ogee::optim {

using detail::fail;

namespace {

/// A number as a tensor, in full precision: it takes the dtype of the tensor that it is multiplied with.
Tensor number(double value, std::string_view name, Loc loc) {
  Tensor x = tensor(value, {f64, Device()}, loc);
  x.set_name(name, loc);
  x.impl()->optimizer_state = true;
  return x;
}

} // namespace

SGD::SGD(std::vector<Tensor> parameters, const SGDOptions& options, Loc loc)
    : parameters_(std::move(parameters)), lr_(number(options.lr, "lr", loc)), nesterov_(options.nesterov) {
  if (!(options.lr >= 0)) fail(loc, "SGD: lr is ", Scalar(options.lr), ", needs at least 0");
  if (!(options.momentum >= 0)) fail(loc, "SGD: momentum is ", Scalar(options.momentum), ", needs at least 0");
  if (!(options.weight_decay >= 0))
    fail(loc, "SGD: weight_decay is ", Scalar(options.weight_decay), ", needs at least 0");
  if (nesterov_ && options.momentum == 0) fail(loc, "SGD: nesterov needs a momentum");
  if (parameters_.empty()) fail(loc, "SGD: there are no parameters");
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].requires_grad(loc) || !parameters_[i].is_leaf(loc))
      fail(loc, "SGD: parameter ", i, " is no leaf that requires a gradient; hint: requires_grad_()");
    const auto first = std::ranges::find_if(parameters_, [&](const Tensor& other) { return other.is(parameters_[i]); });
    if (const auto place = static_cast<size_t>(first - parameters_.begin()); place < i)
      fail(loc, "SGD: parameter ", i, " is the same tensor as parameter ", place);
  }
  if (options.weight_decay != 0) weight_decay_ = number(options.weight_decay, "weight_decay", loc);
  if (options.momentum == 0) return;
  momentum_ = number(options.momentum, "momentum", loc);
  for (const Tensor& parameter : parameters_) {
    velocities_.push_back(zeros_like(parameter, {}, loc));
    velocities_.back().impl()->optimizer_state = true;
    if (!parameter.name().empty()) velocities_.back().set_name(parameter.name() + ".velocity", loc);
  }
}

void SGD::zero_grad(Loc loc) {
  for (const Tensor& parameter : parameters_) parameter.set_grad({}, loc);
}

void SGD::set_lr(double lr, Loc loc) {
  if (!(lr >= 0)) fail(loc, "set_lr: lr is ", Scalar(lr), ", needs at least 0");
  lr_.fill_(lr, loc);
}

void SGD::step(Loc loc) {
  const NoGradGuard off;
  for (size_t i = 0; i < parameters_.size(); ++i)
    step(parameters_[i], velocities_.empty() ? nullptr : &velocities_[i], loc);
}

void SGD::step(Tensor& parameter, Tensor* velocity, Loc loc) {
  Tensor gradient = parameter.grad(loc);
  if (!gradient.defined()) return;
  if (weight_decay_.defined()) gradient = add(gradient, mul(weight_decay_, parameter, loc), loc);
  if (velocity) {
    velocity->mul_(momentum_, loc).add_(gradient, loc);
    gradient = nesterov_ ? add(gradient, mul(momentum_, *velocity, loc), loc) : *velocity;
  }
  parameter.sub_(mul(lr_, gradient, loc), loc);
}

} // namespace ogee::optim
