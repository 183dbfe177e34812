// Gradients of eager code: what switches recording on and off, and gradients without `.grad`. Tensors have the rest
// (`requires_grad_`, `backward`, `grad` …).
#pragma once

#include "frontend/tensor.h"

#include <iosfwd>
#include <span>
#include <string>
#include <vector>

namespace ogee {

/// Whether operations of this thread are recorded for gradients; true at first.
bool is_grad_enabled() noexcept;

namespace detail {
/// While it lives, operations of this thread are recorded, or not.
class GradModeScope {
public:
  explicit GradModeScope(bool on);
  ~GradModeScope();
  GradModeScope(const GradModeScope&) = delete;
  GradModeScope& operator=(const GradModeScope&) = delete;

private:
  const bool before_;
};
} // namespace detail

/// While it lives, operations of this thread are not recorded: their results have no gradient.
struct NoGradGuard : detail::GradModeScope {
  NoGradGuard() : GradModeScope(false) {}
};

/// While it lives, operations of this thread are recorded, also within a NoGradGuard.
struct EnableGradGuard : detail::GradModeScope {
  EnableGradGuard() : GradModeScope(true) {}
};

namespace autograd {

/// How gradients are computed.
struct Options {
  /// Keeps what was saved, so that gradients can run through the same operations again; as create_graph where not said.
  std::optional<bool> retain_graph;
  /// Records the computation of the gradients, so that they can be differentiated in turn.
  bool create_graph = false;
  /// Gives an undefined tensor for an input that no output depends on; else that is an Error.
  bool allow_unused = false;
};

/// The gradients of the sum of `outputs`, each weighted by its seed (none given: outputs of one element, weight 1),
/// with respect to `inputs`; `.grad` stays as it is. Error for outputs and inputs that do not require gradients.
std::vector<Tensor> grad(std::span<const Tensor> outputs, std::span<const Tensor> inputs,
                         std::span<const Tensor> seeds = {}, const Options& options = {}, Loc loc = Loc::current());
std::vector<Tensor> grad(std::initializer_list<Tensor> outputs, std::initializer_list<Tensor> inputs,
                         std::initializer_list<Tensor> seeds = {}, const Options& options = {},
                         Loc loc = Loc::current());

} // namespace autograd
} // namespace ogee
