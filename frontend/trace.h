// A trace: the recording of a function as a graph, on one thread. Tensors made while it is current have no elements;
// in-place writes become new values, tensors from outside become captured arguments.
#pragma once

#include "frontend/graph_builder.h"
#include "frontend/tensor_impl.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace ogee {

namespace detail {

/// One step from a tensor to a view of it.
struct ViewStep {
  enum class Kind : uint8_t { reshape, transpose, broadcast, slice };
  Kind kind = Kind::reshape;
  Shape shape;               ///< of the view
  std::vector<int64_t> axes; ///< transpose: the permutation; broadcast: the axis of the view for each of the operand's
  Shape offsets, strides;    ///< slice
  Loc loc;
};

/// A tensor from outside that the function uses.
struct Capture {
  Tensor tensor;
  Loc first_use;
  /// When it was captured: whether a gradient flows through it, from where, and its hooks.
  bool requires_grad = false, is_leaf = true;
  uint64_t hooks = 0;

  Capture(Tensor tensor, Loc first_use);
  /// Whether what was seen of its gradient still holds.
  bool is_unchanged() const;
};

/// Memory that exists before the call: an argument or a captured tensor.
struct Place {
  enum class Kind : uint8_t { none, argument, capture };
  Kind kind = Kind::none;
  size_t index = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

/// What a result of the function is: a result of the graph, or a place, or a view of one of these.
struct ResultSource {
  Place place;
  Device device;               ///< the graph's results are all on one, this one may be a number on the CPU
  std::vector<ViewStep> steps; ///< from the place, or the result of the graph, to the result
  size_t graph_result = 0;     ///< when place is none
};

/// The value that a place has at the end of the function.
struct FinalWrite {
  Place place;
  size_t graph_result = 0;
  bool recorded = false; ///< written where operations are recorded: its history changes, too
};

/// What becomes of the gradient of an argument or captured tensor.
struct FinalGrad {
  Place place;
  std::optional<size_t> graph_result; ///< that it is replaced by if `cleared`, else to be added
  bool cleared = false;               ///< what was there before the call is forgotten
  bool expects_none = false;          ///< the trace has seen that nothing was there
  bool consumed = false;              ///< made and read within the function: it is not given out
};

/// A piece of host state that the trace has read.
struct Guard {
  std::shared_ptr<StateCell> cell;
  uint64_t bits = 0;
};

/// A tensor from around a region that the region reads or writes.
struct RegionUse {
  ValueId outer = 0;    ///< its value before
  uint32_t version = 0; ///< of its base, before
  ValueId local = 0;    ///< that value in the region
  ValueId last = 0;     ///< in the region, at its end
  bool is_written() const { return last != local; }
};

/// A tensor that goes into a region or comes out.
struct RegionTensor {
  ValueId value = 0;
  DType dtype = DType::f32;
  Shape shape;
  Device device;
  Loc loc;
};

/// A region that has been recorded.
struct TracedRegion {
  std::shared_ptr<RecordedRegion> region;
  std::vector<RegionTensor> arguments, results;
  std::map<uint32_t, RegionUse> uses; ///< by base
};

/// The function of a region: from stand-ins to tensors.
using RegionBody = std::function<std::vector<Tensor>(std::span<const Tensor>)>;

/// How a graph meets tensors: what it takes besides the user's arguments (the generator's key and draw number if it
/// draws, then the captured tensors), and what becomes of its results.
struct Interface {
  std::vector<Capture> captures;
  std::vector<ResultSource> results;
  std::vector<FinalWrite> writes;
  std::vector<FinalGrad> grads;
  std::vector<Device> arguments; ///< where those of the user are
  uint64_t draws = 0;
  std::optional<size_t> next_draw; ///< the result that says how many draws there have been, where only a run knows
};

/// A finished trace.
struct Recording {
  Graph graph;
  Interface interface;
  std::vector<Guard> guards;
  /// The arguments of the graph that gradients flow into when it is called on the tape; none where it is not recorded.
  std::vector<unsigned> wrt;
  std::string no_gradient; ///< why there are none although they are wanted
};

} // namespace detail

class Trace : public std::enable_shared_from_this<Trace> {
public:
  /// The trace of this thread, null outside of any.
  static Trace* current() noexcept { return current_; }

  /// What the graph is for.
  enum class Use : uint8_t {
    call,  ///< calls on tensors, which make results that are arguments, or views of them, from the handles of the call
    graph, ///< a graph that stands for itself: every result of the function is one of its results
    kernel ///< an eager kernel: as a graph, and its arguments need no checks
  };
  /// `device` is that of a kernel; others run where the tensors are that they meet.
  explicit Trace(const std::string& name, Use use, Device device = {})
      : builder_(name, use == Use::kernel), use_(use), device_(device) {}

  /// Makes a trace current while it lives.
  class Recorder {
  public:
    explicit Recorder(std::shared_ptr<Trace> trace);
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

  private:
    std::shared_ptr<Trace> trace_;
    Trace* outer_;
  };

  /// The stand-in of the next argument; `outer` is what it stands for, if that is known.
  Tensor argument(const detail::GraphArgument& given, Loc loc, const Tensor& outer = {});
  /// A number that the caller of the graph gives: a symbol.
  Dim index_argument(const std::string& name, Loc loc);

  /// Where the function runs, as far as that is known.
  Device device() const noexcept { return device_; }
  /// Says that `what`, of that rank, is on a device: a traced function runs on one device. Error, which names what was
  /// there before, for another one. CPU tensors of rank 0 go anywhere.
  void settle(const char* op, const std::string& what, Device device, size_t rank, Loc loc);

  /// The stand-in of a tensor in this trace: itself, or the captured one. Errors for specs and for tensors of a trace
  /// that has ended.
  Tensor stand_in(const Tensor& x, const char* op, Loc loc);
  /// The present value of a tensor.
  detail::ValueId read(const Tensor& x, const char* op, Loc loc);
  /// Adds an op; its result is a new tensor.
  Tensor record(detail::OpCall call);
  /// A view of `x`, which may be any tensor; `strides` are what it would have in memory.
  Tensor view(const Tensor& x, const char* op, detail::ViewStep step, const Shape& strides);
  /// Gives `x` (and so all that shares its memory) the value of `value`, which has the same shape and dtype.
  void write(const Tensor& x, const Tensor& value, const char* op, Loc loc);

  // Regions (trace_regions.cpp)

  /// Records `body` as a region with arguments of these dtypes and shapes.
  detail::TracedRegion record_region(std::span<const detail::RegionTensor> arguments, const detail::RegionBody& body,
                                     const char* op, Loc loc);
  /// Adds an op that runs regions which start from `operands`, by segment; the first `carried` arguments of each region
  /// are carried. What the regions write is carried too (or given, by a cond), and then has its new value.
  std::vector<Tensor> add_control(const char* name, std::vector<std::vector<detail::ValueId>> operands, size_t carried,
                                  std::vector<detail::TracedRegion> regions,
                                  std::span<const detail::ControlCall::Result> results,
                                  std::optional<int64_t> max_trips, Loc loc);
  /// `value` with a gradient of its own: `backward` gives the cotangents of the floats among `inputs` from them, the
  /// value and its cotangent.
  Tensor custom_vjp(std::span<const Tensor> inputs, const Tensor& value, const detail::RegionBody& backward, Loc loc);
  /// The line of a tensor of this trace.
  detail::RegionTensor describe(const Tensor& x, const char* op, Loc loc);
  /// Whether the region draws random numbers or writes to tensors from around it: what a test must not do.
  static bool has_effects(const detail::TracedRegion& region);

  /// The cotangents of `inputs` given those of `outputs`, undefined where no output depends on an input. No gradient
  /// flows through them unless `recorded`.
  std::vector<Tensor> gradients(std::span<const Tensor> outputs, std::span<const Tensor> cotangents,
                                std::span<const Tensor> inputs, detail::Tape tape, bool recorded, Loc loc);

  // ---- gradients, as tensors outside of a trace have them (trace_grad.cpp) ----
  bool requires_grad(const Tensor& x, Loc loc);
  bool is_leaf(const Tensor& x, Loc loc);
  void require_grad(const Tensor& x, Loc loc);
  void retain_grad(const Tensor& x, Loc loc);
  /// A view that no gradient flows through; what is written to it changes elements alone.
  Tensor detach(const Tensor& x, Loc loc);
  void backward(const Tensor& output, const Tensor& seed, bool retain_graph, bool create_graph, Loc loc);
  Tensor grad(const Tensor& x, Loc loc);
  void set_grad(const Tensor& x, const Tensor& gradient, Loc loc);

  /// A transform differentiates with respect to x.
  void watch(const Tensor& x, Loc loc);
  /// Whether what is recorded from now on is computed again for gradients rather than kept; returns what was so before.
  bool set_checkpoint(bool on);

  /// Philox's key and the number of the next draw, as rank-0 i64 tensors.
  std::pair<Tensor, Tensor> draw(Loc loc);
  void guard(std::shared_ptr<detail::StateCell> cell, uint64_t bits);

  /// The line where the function first used a tensor from outside, if it has.
  std::optional<Loc> first_use(const Tensor& x) const;
  bool finished() const noexcept { return finished_; }
  /// A tensor of this trace has died.
  void forget(uint32_t view) noexcept { --views_[view].tensors; }
  /// The line that made a tensor of this trace that still lives; nothing where all have died.
  std::optional<Loc> survivor() const;
  /// Ends the trace with the function's results. Gradients that it has made and read are given out if `keep_grads`.
  detail::Recording finish(std::span<const Tensor> results, Loc loc, bool keep_grads = false);

private:
  struct Base {
    detail::ValueId value = 0;
    uint32_t version = 0;
    detail::Place place;
    DType dtype;
    Device device;
    uint32_t region = 0;           ///< in which it was made, 0: none
    size_t level = 0;              ///< the number of regions around that
    size_t depth = 0;              ///< the number of regions around its present value
    detail::ValueId first = value; ///< before it was changed in place
    /// How a gradient flows into it: not, into `.grad`, or to where it came from outside of the trace.
    enum class Origin : uint8_t { none, leaf, outside } origin = Origin::none;
    bool recorded_write = false; ///< changed in place where operations are recorded
  };
  /// The gradient of a leaf: until it is cleared or known to be absent, it adds to what is there at the call.
  struct LeafGrad {
    Tensor grad;
    bool cleared = false, expects_none = false, read = false;
  };
  struct OpenRegion {
    uint32_t id = 0;
    std::map<uint32_t, detail::RegionUse> uses;
    uint64_t draws_before = 0;
  };
  class RegionGuard;
  struct View {
    uint32_t base = 0;
    std::optional<uint32_t> parent; ///< none: the base itself
    detail::ViewStep step;          ///< from the parent
    Shape shape;
    std::optional<detail::ValueId> value;
    uint32_t version = 0;  ///< of the base, when `value` was made
    bool stopped = false;  ///< made where nothing is recorded for gradients
    bool detached = false; ///< by detach(): the same elements without history
    uint32_t region = 0;   ///< in which it was
    uint32_t tensors = 0;  ///< that live and show it
    Loc loc{};             ///< that made the first of them
  };

  void end();
  /// Adds an op; no gradient flows through it if `stopped`.
  detail::ValueId add(const detail::OpCall& call, bool stopped);
  detail::ValueId add(const detail::OpCall& call);
  void set_flow(detail::ValueId value, bool stopped);
  /// The device of an op's result.
  Device device_for(const detail::OpCall& call) const;
  /// Values of other devices than the CPU are told from those of rank 0 beside them.
  void note_device(detail::ValueId value, Device device) {
    if (!device.is_cpu()) on_device_.insert(value);
  }
  /// Whether a gradient flows through a value, that of a transform included.
  bool flows(detail::ValueId value) const { return differentiable_.contains(value) || watched_.contains(value); }
  /// Gradients flow through `value` as through `source`.
  void follow(detail::ValueId source, detail::ValueId value);
  /// The same value as one of its own.
  detail::ValueId copy(detail::ValueId value, DType dtype, const Shape& shape, Loc loc, bool stopped);
  void set_origin(uint32_t base, const Tensor& outer);
  bool is_detached(uint32_t view) const;
  /// Whether a view, or one that it is a view of, was made where nothing is recorded.
  bool is_stopped(uint32_t view) const;
  /// Makes a detached view, and the views of it, those of a base of its own.
  void rebase(uint32_t view);

  LeafGrad& leaf_grad(uint32_t base);
  Tensor hooked(uint32_t base, const Tensor& gradient, Loc loc) const;
  void accumulate(uint32_t base, const Tensor& gradient, Loc loc);
  void say_gradients(detail::Recording& recording, std::span<const detail::ValueId> results);
  std::vector<detail::FinalGrad> final_grads(std::vector<detail::ValueId>& values, bool keep);
  Tensor make_tensor(uint32_t view, DType dtype, Shape strides, Loc loc);
  Tensor make_base(detail::ValueId value, detail::Place place, DType dtype, const Shape& shape, Device device, Loc loc,
                   bool outermost = false);
  uint32_t current_region() const { return regions_.empty() ? 0 : regions_.back().id; }
  /// The value of a base as one of the innermost region.
  detail::ValueId localize(uint32_t base);
  void set_value(uint32_t base, detail::ValueId value);
  void close_region(detail::TracedRegion& traced);
  detail::ValueId with_draws(detail::ValueId number, Loc loc);
  Tensor capture(const Tensor& x, const char* op, Loc loc);
  uint32_t add_view(uint32_t parent, detail::ViewStep step);
  std::optional<detail::ViewStep> slice_before_broadcast(uint32_t view, const detail::ViewStep& slice) const;
  detail::ValueId read(uint32_t view);
  void write(uint32_t view, detail::ValueId value, const char* op, Loc loc);
  detail::ValueId apply(const detail::ViewStep& step, detail::ValueId operand, DType dtype, bool stopped);
  detail::ValueId insert(const View& view, detail::ValueId parent, detail::ValueId value, const char* op, Loc loc);
  detail::ValueId constant_bool(bool value, Loc loc);
  std::vector<detail::ResultSource> result_sources(std::span<const Tensor> results,
                                                   std::vector<detail::ValueId>& values, Loc loc);
  std::map<size_t, std::string> result_names(std::span<const Tensor> results,
                                             std::span<const detail::ResultSource> sources) const;
  detail::ResultSource result_source(uint32_t view, bool as_view, std::vector<detail::ValueId>& values,
                                     std::unordered_map<uint32_t, size_t>& made);
  /// The tensor's name, or one like it that no argument has.
  std::string capture_name(const Tensor& x);

  static thread_local Trace* current_;

  detail::GraphBuilder builder_;
  const Use use_;
  Device device_;
  struct Settled {
    std::string what;
    Loc loc;
  };
  std::optional<Settled> settled_;                ///< what is on that device
  std::unordered_set<detail::ValueId> on_device_; ///< empty on the CPU
  std::vector<Base> bases_;
  std::vector<View> views_;
  std::vector<detail::Capture> captures_;
  std::vector<Tensor> capture_stand_ins_;
  std::unordered_map<const detail::TensorImpl*, size_t> capture_index_;
  size_t arguments_ = 0; ///< the user's
  size_t unnamed_captures_ = 0;
  std::unordered_set<std::string> names_{"random_key", "random_draw"}; ///< of arguments
  std::optional<std::pair<Tensor, Tensor>> random_;
  uint64_t draws_ = 0; ///< since the base of the draw number was written
  std::vector<OpenRegion> regions_;
  uint32_t region_count_ = 0;
  std::vector<detail::Guard> guards_;
  std::vector<bool> outer_grads_; ///< per argument: whether it has a gradient
  std::vector<Device> argument_devices_;
  std::vector<detail::ValueId> stopped_;               ///< values that a gradient would have flown through
  std::unordered_set<detail::ValueId> differentiable_; ///< what gradients flow through
  std::unordered_set<detail::ValueId> watched_;        ///< what those of transforms flow through
  std::unordered_map<detail::ValueId, std::optional<detail::ValueId>> detours_; ///< as in GraphBuilder
  std::map<uint32_t, LeafGrad> grads_;                                          ///< by base
  struct Retained {
    uint32_t view;
    detail::ValueId value;
    DType dtype;
    Tensor grad;
  };
  std::vector<Retained> retained_;
  bool checkpoint_ = false;
  bool finished_ = false;
};

} // namespace ogee
