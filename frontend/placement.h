// The device on which an operation runs: the one place that compares the devices of operands, eagerly and in a trace.
#pragma once

#include "frontend/tensor_impl.h"

namespace ogee::detail {

/// Whether a tensor goes with tensors of every device: a CPU tensor of rank 0. Kernels take its element by value.
inline bool goes_anywhere(const TensorImpl& x) { return x.rank() == 0 && x.device().is_cpu(); }

/// Collects the operands of one call.
class Placement {
public:
  Placement(const char* op, Loc loc) : op_(op), loc_(loc) {}

  /// One more operand, which is defined. Error, which names both, where it is on another device than one before.
  void add(const Tensor& x, const char* name) {
    const TensorImpl& impl = *x.impl();
    if (goes_anywhere(impl)) return;
    if (!first_) {
      first_ = &impl;
      first_name_ = name;
      device_ = impl.device();
    } else if (impl.device() != device_) [[unlikely]] {
      fail_apart(impl, name);
    }
  }
  /// Whether all so far go anywhere.
  bool is_empty() const { return !first_; }
  /// Where the call runs and its results are: the CPU where all operands go anywhere.
  Device device() const { return device_; }

private:
  [[noreturn]] void fail_apart(const TensorImpl& other, const char* name) const;

  const char* const op_;
  const Loc loc_;
  const TensorImpl* first_ = nullptr;
  const char* first_name_ = nullptr;
  Device device_;
};

/// The device of a call with two tensors.
inline Device common_device(const char* op, const Tensor& x, const char* x_name, const Tensor& y, const char* y_name,
                            Loc loc) {
  Placement placement(op, loc);
  placement.add(x, x_name);
  placement.add(y, y_name);
  return placement.device();
}

/// Error where tensors that belong together are on different devices: "set_grad: the gradient is on cpu, needs cuda:0".
void check_device(const char* op, std::string_view what, const Tensor& x, Device wanted, Loc loc);

} // namespace ogee::detail
