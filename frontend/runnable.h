// A compiled graph with what it needs to be called on tensors. Private to the front end.
#pragma once

#include "frontend/compile.h"
#include "frontend/compiled_node.h"
#include "frontend/trace.h"
#include "runtime/executable.h"
#include "runtime/runtime.h"

#include <mutex>
#include <span>

namespace ogee::detail {

class Runnable {
public:
  /// Compiles the graph for this machine. `copy_strided`: it takes dense row-major tensors only, others are copied for
  /// it.
  /// `writing` is held by calls that write to arguments or captured tensors.
  Runnable(Interface interface, const Graph& graph, Loc loc, bool copy_strided = false,
           std::shared_ptr<std::mutex> writing = std::make_shared<std::mutex>());

  /// Runs it on the user's arguments: results, then in-place writes to arguments and captured tensors. The call goes
  /// onto `tape`, if given. Thread-safe.
  void run(std::span<const Tensor* const> arguments, ResultList& results, Loc loc, CompiledTape* tape = nullptr);
  const Interface& interface() const { return interface_; }

private:
  void record(CompiledTape& tape, std::span<const Tensor* const> arguments, const runtime::GeneratorState& random,
              std::span<const Tensor> results, Loc loc) const;
  const Tensor& at(const Place& place, std::span<const Tensor* const> arguments) const;
  void check_captures(Loc loc) const;
  void check_writes(std::span<const Tensor* const> arguments, Loc loc) const;

  Interface interface_;
  const Device device_;
  const std::unique_ptr<const runtime::Executable> executable_;
  const bool copy_strided_;
  std::vector<uint32_t> writes_of_; ///< per result of the graph: the number of its write, or kNoWrite
  static constexpr uint32_t kNoWrite = UINT32_MAX;
  const std::shared_ptr<std::mutex> writing_;
};

} // namespace ogee::detail
