// Calls of a program on a GPU that run again as they were recorded. All that recorded launches name stays where it is:
// state, the arena, and a slot for each argument and result that calls give; one launch before fills the slots of
// arguments, one after empties those of results.
#pragma once

#include "runtime/cuda/graph.h"
#include "runtime/execution.h"

#include <list>

namespace ogee::runtime {

/// What a call has to share with the one that was recorded.
struct Executable::ReplayKey {
  uint64_t stream = 0; ///< runs on one stream come one after the other
  bool tf32 = false;
  std::vector<int64_t> symbols;
  std::vector<const void*> direct; ///< of arguments, then of results: the address if kernels use it, null of slots
  friend bool operator==(const ReplayKey&, const ReplayKey&) = default;

  ReplayKey(const Program& program, const Plan& plan, const Execution& call);
};

/// A straight run of the launch list.
struct RecordedRun {
  OwnedBlock workspace; ///< of its products: of no other run, which could replace it
  std::optional<cuda::Graph> graph;
  uint64_t launches = 0; ///< in it
  bool is_warm = false;  ///< it ran, so that all is there that launches need beside their memory: modules, algorithms
};

/// The memory and the graphs of one key.
class Executable::Replay {
public:
  /// Error(out_of_memory).
  Replay(const Program& program, const Plan& plan, const Execution& call, const ReplayKey& key);

  Execution& execution() noexcept { return *execution_; }
  RecordedRun& run(uint32_t number) noexcept { return runs_[number]; }
  /// Something cannot be recorded.
  void refuse() noexcept { refused_ = true; }
  bool is_refused() const noexcept { return refused_; }
  /// Copies what a call gives to the slots, and its results from there.
  void begin(const Execution& call);
  void end() const { code_.transfer(out_); }

private:
  /// A buffer with its slot.
  struct SlotCopy {
    uint32_t buffer = 0;
    cuda::Transfer transfer;
  };

  void place_slots();

  const cuda::ProgramCode& code_;
  std::unique_ptr<Execution> execution_;
  OwnedBlock slots_;
  std::vector<SlotCopy> numbers_, arguments_, results_; ///< the first of the host
  std::vector<cuda::Transfer> in_, out_;                ///< of the call
  std::vector<RecordedRun> runs_;
  bool refused_ = false;
};

/// The replays of a program, those used last first. Thread-safe.
class Executable::Replays {
public:
  struct Entry {
    ReplayKey key;
    std::unique_ptr<Replay> replay = nullptr; ///< null: calls like it came, and none was recorded
    bool busy = false, refused = false;
  };

  enum class After : uint8_t {
    keep,   ///< for the next call
    forget, ///< the next call begins anew
    refuse, ///< calls with this key are not to be recorded again
  };

  /// For a call: the entry of its key if there was one before and no other call is using it, else null. Its user says
  /// `end`.
  Entry* begin(ReplayKey key);
  void end(Entry& entry, After after) noexcept;
  /// Gives back the memory of all that are not in use.
  void reclaim() noexcept;

private:
  std::mutex mutex_;
  std::list<Entry> entries_;
};

} // namespace ogee::runtime
