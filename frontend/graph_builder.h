// Builds the graph of a function op by op. With graph.cpp the only part of the front end that knows MLIR; its header
// does not.
#pragma once

#include "frontend/graph.h"
#include "frontend/op_call.h"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace ogee::detail {

/// An argument of a graph.
struct GraphArgument {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;                  ///< numbers and symbols
  std::vector<int64_t> strides; ///< per dim the number 0 or 1, or -1: known at run time; empty: dense row-major
  const char* state = nullptr;  ///< "captured", "optimizer", "random"; null: given by each call
  Device device;                ///< that the tensor is on
  bool host = false;            ///< of rank 0: in a graph for another device its element is in the host's memory
};

/// A region that has been recorded, or is being.
struct RecordedRegion;

/// What a region of an op of control is made of.
struct ControlRegion {
  std::shared_ptr<RecordedRegion> region;
  std::vector<std::optional<ValueId>> arguments; ///< values in the region, in order; none: it does not read that one
  std::vector<std::optional<ValueId>> results;   ///< none: the argument of the same number as in `passed`
  std::vector<size_t> passed;                    ///< per result
};

/// An op that runs regions.
struct ControlCall {
  const char* name;
  std::vector<std::vector<ValueId>> operands; ///< by segment; the last one is captured
  std::vector<ControlRegion> regions;
  struct Result {
    DType dtype;
    Shape shape;
    Device device;
  };
  std::vector<Result> results;
  std::optional<int64_t> max_trips;
  Loc loc;
};

/// What differentiation means for what operations keep for it, as the tape has it outside of traces.
enum class Tape : uint8_t {
  apart, ///< nothing: it is no walk along the tape
  kept,
  dropped ///< it is the last one
};

class GraphBuilder {
public:
  /// An empty function called `name`. Trusted: its callers vouch for dtypes, ranks and sizes.
  explicit GraphBuilder(const std::string& name, bool trusted = false);
  ~GraphBuilder();
  GraphBuilder(const GraphBuilder&) = delete;
  GraphBuilder& operator=(const GraphBuilder&) = delete;

  /// One more argument: after those that are there, or with `position` of them before it.
  ValueId argument(const GraphArgument& argument, Loc loc, std::optional<size_t> position = {});
  /// One more argument of type index; a size by that name.
  Dim index_argument(const std::string& name, Loc loc);
  ValueId add(const OpCall& call);

  /// Starts a region: what is added from now on goes into it, until it is closed. Regions nest.
  void open_region();
  /// One more argument of the `level`-th of the open regions, counted from the outermost.
  ValueId region_argument(size_t level, DType dtype, const Shape& shape, Loc loc);
  /// The same of the dtype and shape of a value that comes from around it.
  ValueId region_argument(size_t level, ValueId like);
  std::shared_ptr<RecordedRegion> close_region();
  std::vector<ValueId> add_control(ControlCall call);

  /// The cotangents of `wrt` given those of `outputs`, none for a value that no output depends on. `detours` are values
  /// that are not differentiated: their cotangent is that of another one, if any. Error, with its line, for an op that
  /// has no gradient, or that had to keep something for it which an earlier call has dropped.
  std::vector<std::optional<ValueId>> differentiate(std::span<const ValueId> outputs,
                                                    std::span<const ValueId> cotangents, std::span<const ValueId> wrt,
                                                    const std::unordered_map<ValueId, std::optional<ValueId>>& detours,
                                                    Tape tape, Loc loc);
  /// Says in the graph that no gradient flows through a value.
  void stop_gradient(ValueId value);
  /// Whether the backward part computes what is added from now on again rather than keeping it.
  void set_checkpoint(bool on);
  /// Ends the function, for a device. The builder is of no use afterwards. `ends`: results that an argument has at the
  /// end, with that argument; `names` of results, each once.
  Graph finish(std::span<const ValueId> results, Device device, Loc loc,
               std::span<const std::pair<size_t, ValueId>> ends = {}, const std::map<size_t, std::string>& names = {});

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace ogee::detail
