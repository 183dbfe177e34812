// The tape: what eager operations leave behind so that gradients can run backward through them. A node per operation
// that some tensor with a gradient went into; tensors hold the node that made them. Private to the front end.
#pragma once

#include "frontend/autograd.h"
#include "frontend/tensor_impl.h"
#include "frontend/trace.h"
#include "runtime/ref.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ogee::detail {

class Node;
using NodeRef = runtime::Ref<Node>;

/// A leaf as the tape holds it: no variable of the user's, so that a compiled function sees when those are rebound.
class HeldLeaf {
public:
  HeldLeaf() = default;
  explicit HeldLeaf(Tensor tensor) : tensor_(std::move(tensor)) { tensor_.impl()->holds.fetch_add(1); }
  HeldLeaf(const HeldLeaf& other) : tensor_(other.tensor_) {
    if (tensor_.defined()) tensor_.impl()->holds.fetch_add(1);
  }
  HeldLeaf(HeldLeaf&& other) noexcept : tensor_(std::move(other.tensor_)) {}
  HeldLeaf& operator=(HeldLeaf other) noexcept {
    std::swap(tensor_, other.tensor_);
    return *this;
  }
  ~HeldLeaf() {
    if (tensor_.defined()) tensor_.impl()->holds.fetch_sub(1);
  }

  bool defined() const noexcept { return tensor_.defined(); }
  const Tensor& tensor() const noexcept { return tensor_; }

private:
  Tensor tensor_;
};

/// Where a cotangent goes: to an output of a node, into the gradient of a leaf, or nowhere.
struct Edge {
  NodeRef node;
  uint32_t output = 0;
  HeldLeaf leaf;
};

/// The cotangents of a node's outputs, undefined where there is none, and what the node makes of them per edge.
struct Cotangents {
  std::span<const Tensor> outputs;
  std::span<Tensor> inputs;
};

using Hook = std::function<Tensor(const Tensor& gradient)>;

/// A hook on one output of a node, or on a leaf.
struct PlacedHook {
  uint32_t output = 0;
  uint64_t id = 0;
  Hook hook;
};

/// An operation on the tape, shared by counting. Chains of nodes of any length go without recursion.
class Node {
public:
  /// `name` is that of the operation: "add".
  Node(const char* name, Loc loc, uint32_t outputs);
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void retain() const noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
  void release() const noexcept {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) dispose();
  }

  /// Gives the cotangents of the inputs whose edges lead somewhere. While it runs, operations are recorded if the
  /// gradients are to be differentiated in turn.
  virtual void run(const Cotangents& cotangents) = 0;
  /// Drops what was saved: it cannot run any more.
  virtual void drop_saved() noexcept = 0;

  const char* name() const noexcept { return name_; }
  Loc loc() const noexcept { return loc_; }
  uint64_t sequence() const noexcept { return sequence_; }
  uint32_t outputs() const noexcept { return outputs_; }

  std::vector<Edge> edges;
  std::vector<PlacedHook> hooks; ///< in the order in which they were registered
  bool dropped = false;          ///< what was saved

private:
  void dispose() const noexcept;

  mutable std::atomic<uint32_t> owners_{0};
  const char* name_;
  const Loc loc_;
  const uint64_t sequence_; ///< later operations have larger ones
  const uint32_t outputs_;
};

/// A node that computes with eager operations, as views do.
class FunctionNode final : public Node {
public:
  using Function = std::function<void(const Cotangents&)>;
  FunctionNode(const char* name, Loc loc, uint32_t outputs, Function function)
      : Node(name, loc, outputs), function_(std::move(function)) {}
  void run(const Cotangents& cotangents) override { function_(cotangents); }
  void drop_saved() noexcept override {} // sizes and axes are all that functions hold

private:
  Function function_;
};

/// How a view came from another tensor.
struct ViewOrigin {
  Tensor base; ///< no view itself
  Tensor parent;
  ViewStep step;
  bool recorded = true; ///< gradients flow through it
};

/// What a tensor knows about gradients.
struct Autograd {
  bool requires_grad = false; ///< of a leaf
  NodeRef node;               ///< that made it
  uint32_t output = 0;
  Tensor grad;
  std::shared_ptr<Tensor> retained;   ///< the gradient of a tensor that is no leaf, once asked for
  std::vector<PlacedHook> hooks;      ///< of a leaf
  std::unique_ptr<ViewOrigin> origin; ///< of a view
  std::atomic<uint64_t> history = 0;  ///< of a base: how often it was changed in place by recorded operations; of a
                                      ///< view: when it was last derived
  bool consumed = false;              ///< a compiled function has made the gradient and kept it
};

/// Whether eager operations of this thread are recorded.
bool is_recording() noexcept;

/// Switches recording for its lifetime.
using RecordingScope = GradModeScope;

/// The autograd data of a tensor, made where there is none.
Autograd& autograd_of(TensorImpl& impl);

/// Brings a view up to date with its base.
void refresh(const Tensor& x, Autograd& autograd);

/// Whether gradients flow through a tensor with elements.
inline bool has_gradient(const Tensor& x) {
  if (!x.impl() || !x.impl()->autograd) return false;
  Autograd& autograd = *x.impl()->autograd;
  if (autograd.origin) [[unlikely]]
    refresh(x, autograd);
  return autograd.node || autograd.requires_grad;
}
/// Whether an operation on x goes onto the tape.
inline bool records(const Tensor& x) { return has_gradient(x) && is_recording(); }

/// Where the cotangent of x goes.
Edge edge_of(const Tensor& x);

/// Makes `result` output `output` of a node.
void set_history(const Tensor& result, NodeRef node, uint32_t output);

/// Puts an operation of eager operations onto the tape: `function` gives the cotangents of `inputs` from that of
/// `result`.
void record_function(const char* name, std::span<const Tensor> inputs, const Tensor& result,
                     FunctionNode::Function function, Loc loc);

/// Remembers that `view` is a view of `parent` by `step`, and puts that onto the tape where gradients flow.
void record_view(const Tensor& parent, ViewStep step, const Tensor& view);

[[noreturn]] void fail_leaf_in_place(const char* op, Loc loc);
/// Error where an operation must not change `target` in place: it is a leaf with a gradient, or a view of one.
void check_in_place(const Tensor& target, const char* op, Loc loc);
/// After the elements of `target` have become those of `value` (undefined: of a number): its history is that of value.
void record_write(const Tensor& target, const Tensor& value, const char* op, Loc loc);

/// The name of a node for people: "add" -> "AddBackward".
std::string backward_name(const char* op);

} // namespace ogee::detail
