// A trace: the recording of a function as a graph, on one thread. Tensors made while it is current have no elements;
// in-place writes become new values, tensors from outside become captured arguments.
#pragma once

#include "frontend/graph_builder.h"
#include "frontend/tensor_impl.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
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
  std::vector<ViewStep> steps; ///< from the place, or the result of the graph, to the result
  size_t graph_result = 0;     ///< when place is none
};

/// The value that a place has at the end of the function.
struct FinalWrite {
  Place place;
  size_t graph_result = 0;
};

/// A piece of host state that the trace has read.
struct Guard {
  std::shared_ptr<StateCell> cell;
  uint64_t bits = 0;
};

/// How a graph meets tensors: what it takes besides the user's arguments (the generator's key and draw number if it
/// draws, then the captured tensors), and what becomes of its results.
struct Interface {
  std::vector<Capture> captures;
  std::vector<ResultSource> results;
  std::vector<FinalWrite> writes;
  uint64_t draws = 0;
};

/// A finished trace.
struct Recording {
  Graph graph;
  Interface interface;
  std::vector<Guard> guards;
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
  explicit Trace(const std::string& name, Use use) : builder_(name, use == Use::kernel), use_(use) {}

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

  /// The stand-in of the next argument.
  Tensor argument(const detail::GraphArgument& argument, Loc loc);
  /// A number that the caller of the graph gives: a symbol.
  Dim index_argument(const std::string& name, Loc loc);

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

  /// The cotangents of `inputs` given those of `outputs`; zeros where no output depends on an input.
  std::vector<Tensor> gradients(std::span<const Tensor> outputs, std::span<const Tensor> cotangents,
                                std::span<const Tensor> inputs, Loc loc);
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
  /// Ends the trace with the function's results.
  detail::Recording finish(std::span<const Tensor> results, Loc loc);

private:
  struct Base {
    detail::ValueId value = 0;
    uint32_t version = 0;
    detail::Place place;
    DType dtype;
  };
  struct View {
    uint32_t base = 0;
    std::optional<uint32_t> parent; ///< none: the base itself
    detail::ViewStep step;          ///< from the parent
    Shape shape;
    std::optional<detail::ValueId> value;
    uint32_t version = 0; ///< of the base, when `value` was made
    uint32_t tensors = 0; ///< that live and show it
    Loc loc{};            ///< that made the first of them
  };

  void end();
  Tensor make_tensor(uint32_t view, DType dtype, Shape strides, Loc loc);
  Tensor make_base(detail::ValueId value, detail::Place place, DType dtype, const Shape& shape, Loc loc);
  Tensor capture(const Tensor& x, Loc loc);
  detail::ValueId read(uint32_t view);
  void write(uint32_t view, detail::ValueId value, const char* op, Loc loc);
  detail::ValueId apply(const detail::ViewStep& step, detail::ValueId operand, DType dtype);
  detail::ValueId insert(const View& view, detail::ValueId parent, detail::ValueId value, const char* op, Loc loc);
  detail::ValueId constant_bool(bool value, Loc loc);
  std::vector<detail::ResultSource> result_sources(std::span<const Tensor> results,
                                                   std::vector<detail::ValueId>& values, Loc loc);
  detail::ResultSource result_source(uint32_t view, bool as_view, std::vector<detail::ValueId>& values,
                                     std::unordered_map<uint32_t, size_t>& made);
  std::string capture_name(const Tensor& x) const;

  static thread_local Trace* current_;

  detail::GraphBuilder builder_;
  const Use use_;
  std::vector<Base> bases_;
  std::vector<View> views_;
  std::vector<detail::Capture> captures_;
  std::vector<Tensor> capture_stand_ins_;
  std::unordered_map<const detail::TensorImpl*, size_t> capture_index_;
  size_t arguments_ = 0; ///< the user's
  size_t unnamed_captures_ = 0;
  std::optional<std::pair<Tensor, Tensor>> random_;
  uint64_t draws_ = 0;
  std::vector<detail::Guard> guards_;
  bool finished_ = false;
};

} // namespace ogee
