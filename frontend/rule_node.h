// What the nodes of the tape that run rules share. Private to the front end.
#pragma once

#include "frontend/creation.h"
#include "frontend/rule.h"

#include <span>
#include <vector>

namespace ogee::detail {

/// A tensor on the same elements without history: a node is to hold elements, not itself.
Tensor alias(const Tensor& x);
/// Such a tensor with the history that an edge leads to; the leaf itself, if it is one.
Tensor with_history(const Tensor& elements, const Edge& edge);

/// The elements of a tensor as they were when they were saved.
struct SavedTensor {
  explicit SavedTensor(const Tensor& x) : tensor(alias(x)), version(x.impl()->storage->version()) {}
  /// Error where it has been changed in place since.
  void check(const Node& node) const;

  Tensor tensor;
  uint64_t version;
};

/// Makes the cotangent of an output that has none.
struct ZeroLike {
  ZeroLike(const Tensor& output)
      : sizes(output.impl()->sizes), dtype(output.impl()->dtype), device(output.impl()->device()) {}
  Tensor make(Loc loc) const { return zeros(std::span<const int64_t>(sizes), {dtype, device}, loc); }

  SizeList sizes;
  DType dtype;
  Device device;
};

/// What a node that reads x is to hold when x is about to be changed in place: a copy with x's history, lying in memory
/// as x does. A leaf stays itself, since it cannot be changed where operations are recorded.
Tensor before_write(const Tensor& x);
/// The size of an axis of an argument as the rule takes it.
int64_t size_of(const Tensor& x, unsigned axis, bool transposed);
[[noreturn]] void fail_dropped(Loc loc);
/// Makes `results` the outputs of a node, those of floats.
void set_histories(std::span<const Tensor> results, const NodeRef& node);

/// Gradients on the devices of what they are gradients of: a number on the CPU goes with tensors of other devices.
void send_back(std::span<Tensor> gradients, std::span<const Device> devices, Loc loc);

/// Runs a rule on the tensors and sizes that it reads, in order, and leaves the gradients in `cotangents`. If
/// operations are recorded, so is this.
void run_rule(const TapeRule& rule, std::vector<Tensor> tensors, std::span<const int64_t> sizes,
              const Cotangents& cotangents, Loc loc);

} // namespace ogee::detail
