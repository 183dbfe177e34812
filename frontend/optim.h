// Optimizers: they change parameters in place from what `backward()` has collected. Their numbers and state are
// tensors, so that a compiled training step updates them and a new learning rate compiles nothing.
#pragma once

#include "frontend/tensor.h"

#include <vector>

namespace ogee::optim {

struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0;
  double weight_decay = 0; ///< adds this times the parameter to its gradient
  bool nesterov = false;   ///< needs a momentum
};

/// Stochastic gradient descent: v = momentum * v + g, p = p - lr * v, where v starts as 0 (Sutskever et al. 2013, "On
/// the importance of initialization and momentum in deep learning", with the learning rate outside of v as in PyTorch).
class SGD {
public:
  /// Error for no parameters, for one that is no leaf of floats that requires a gradient or that is given twice, and
  /// for options out of range.
  SGD(std::vector<Tensor> parameters, const SGDOptions& options = {}, Loc loc = Loc::current());

  /// Forgets the gradients of all parameters.
  void zero_grad(Loc loc = Loc::current());
  /// Changes every parameter that has a gradient.
  void step(Loc loc = Loc::current());

  /// Error in a trace.
  double lr(Loc loc = Loc::current()) const { return lr_.item(loc); }
  void set_lr(double lr, Loc loc = Loc::current());

  const std::vector<Tensor>& parameters() const { return parameters_; }
  /// One tensor per parameter; none without momentum.
  const std::vector<Tensor>& velocities() const { return velocities_; }

private:
  void step(Tensor& parameter, Tensor* velocity, Loc loc);

  std::vector<Tensor> parameters_, velocities_;
  Tensor lr_, momentum_, weight_decay_; ///< undefined where they change nothing
  bool nesterov_;
};

} // namespace ogee::optim
