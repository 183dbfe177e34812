// Builds a program's value table: every Dim that codegen asks for becomes a slot, equal values one slot.
#pragma once

#include "runtime/dim.h"
#include "runtime/program.h"

#include <tuple>
#include <unordered_map>

namespace ogee::runtime {

class SizeTable {
public:
  /// Says where a symbol's value comes from; the first source of a name stays. Before any `slot` of a Dim that contains
  /// it.
  void bind(const DimSymbol& symbol, SymbolSource source);
  /// Whether a symbol of this name was bound.
  bool is_bound(const std::string& name) const { return symbols_.contains(name); }

  /// The slot of a valid Dim whose symbols are bound; emits the steps that compute it.
  Slot slot(const Dim& dim);
  /// The slot of a op b; constants fold.
  Slot apply(SizeOp op, Slot a, Slot b);
  /// A slot that launches set while they run: the induction value of a ForEntry, which Dims call `name` (a name that no
  /// other symbol has). What is derived from it before `end_loop` is in the entry's steps, all else is computed outside
  /// of the loop.
  Slot begin_loop(const std::string& name = {});
  std::vector<SizeStep> end_loop();

  /// The number in a slot if it is a constant.
  std::optional<int64_t> constant(Slot slot) const;

  /// The table so far.
  const ValueTable& table() const noexcept { return table_; }
  ValueTable take() && { return std::move(table_); }

private:
  struct StepKey {
    SizeOp op;
    Slot a, b;
    friend bool operator==(const StepKey&, const StepKey&) = default;
  };
  struct StepHasher {
    size_t operator()(const StepKey& key) const noexcept {
      return (size_t(key.a) * 0x9e3779b97f4a7c15u) ^ (size_t(key.b) * 0xc2b2ae3d27d4eb4fu) ^ size_t(key.op);
    }
  };
  struct Loop {
    std::vector<SizeStep> steps;
    std::vector<StepKey> keys; ///< known only inside the loop
  };
  size_t depth_of(Slot slot) const;
  Slot number(int64_t value);
  Slot new_slot();

  ValueTable table_;
  std::unordered_map<int64_t, Slot> numbers_;
  std::unordered_map<Slot, int64_t> constants_;
  std::unordered_map<std::string, Slot> symbols_;
  std::unordered_map<Slot, size_t> depths_; ///< in how many loops a slot changes; none: it does not
  std::unordered_map<StepKey, Slot, StepHasher> steps_;
  std::vector<Loop> loops_;
};

} // namespace ogee::runtime
