// The builder of value tables: hash-consing, constant folding, and steps for expressions.
#include "runtime/size_table.h"

#include "runtime/size_steps.h"

#include <algorithm>

namespace ogee::runtime {

Slot SizeTable::new_slot() {
  table_.initial.push_back(0);
  return static_cast<Slot>(table_.initial.size() - 1);
}

Slot SizeTable::number(int64_t value) {
  const auto [found, is_new] = numbers_.try_emplace(value, 0);
  if (!is_new) return found->second;
  const Slot slot = new_slot();
  table_.initial[slot] = value;
  constants_[slot] = value;
  return found->second = slot;
}

void SizeTable::bind(const DimSymbol& symbol, SymbolSource source) {
  const auto [found, is_new] = symbols_.try_emplace(symbol.name, 0);
  if (!is_new) return;
  found->second = new_slot();
  table_.symbols.push_back({symbol.name, found->second, source, symbol.range.lo, symbol.range.hi});
}

std::optional<int64_t> SizeTable::constant(Slot slot) const {
  const auto found = constants_.find(slot);
  return found == constants_.end() ? std::nullopt : std::optional(found->second);
}

Slot SizeTable::slot(const Dim& dim) {
  struct Emitter {
    SizeTable& table;
    Slot number(int64_t value) { return table.number(value); }
    Slot symbol(const DimSymbol& symbol) {
      const auto found = table.symbols_.find(symbol.name);
      assert(found != table.symbols_.end() && "a symbol without a source");
      return found->second;
    }
    Slot apply(DimOp op, Slot a, Slot b) { return table.apply(static_cast<SizeOp>(op), a, b); }
  };
  Emitter emitter{*this};
  return fold<Slot>(dim, emitter);
}

Slot SizeTable::apply(SizeOp op, Slot a, Slot b) {
  const std::optional<int64_t> x = constant(a), y = constant(b);
  if (x && y)
    if (const Checked value = evaluate(op, *x, *y); value.valid()) return number(value.value());
  const bool commutes =
      op != SizeOp::sub && op != SizeOp::floordiv && op != SizeOp::mod && op != SizeOp::ceildiv && op != SizeOp::lt;
  if (commutes && a > b) std::swap(a, b);
  const StepKey key{op, a, b};
  const auto [found, is_new] = steps_.try_emplace(key, 0);
  if (!is_new) return found->second;
  const Slot out = new_slot();
  const size_t depth = std::min(std::max(depth_of(a), depth_of(b)), loops_.size());
  if (depth > 0) {
    depths_[out] = depth;
    loops_[depth - 1].keys.push_back(key);
  }
  (depth > 0 ? loops_[depth - 1].steps : table_.steps).push_back({op, a, b, out});
  return found->second = out;
}

size_t SizeTable::depth_of(Slot slot) const {
  const auto found = depths_.find(slot);
  return found == depths_.end() ? 0 : found->second;
}

Slot SizeTable::begin_loop(const std::string& name) {
  loops_.emplace_back();
  const Slot slot = new_slot();
  depths_[slot] = loops_.size();
  if (!name.empty()) symbols_[name] = slot;
  return slot;
}

std::vector<SizeStep> SizeTable::end_loop() {
  assert(!loops_.empty());
  Loop loop = std::move(loops_.back());
  loops_.pop_back();
  for (const StepKey& key : loop.keys) steps_.erase(key);
  return std::move(loop.steps);
}

} // namespace ogee::runtime
