// Keys, slots, and which replays are kept.
#include "runtime/replay.h"

#include "runtime/runtime.h"

#include <algorithm>
#include <cstring>

namespace ogee::runtime {
namespace {

constexpr size_t kReplays = 8;                    ///< keys remembered per program
constexpr int64_t kMostCopied = int64_t(1) << 20; ///< larger arguments and results have to be where they were

} // namespace

Executable::ReplayKey::ReplayKey(const Program& program, const Plan& plan, const Execution& call)
    : stream(plan.code->gpu().stream().id()), tf32(Runtime::get().allows_tf32()), symbols(call.solution->symbols) {
  const auto add = [&](uint32_t buffer, bool is_state) {
    const bool copied = !is_state && call.solution->buffer_bytes[buffer] <= kMostCopied;
    direct.push_back(copied ? nullptr : call.pointers[buffer]);
  };
  for (const PlanArgument& argument : plan.arguments)
    if (!plan.is_host[argument.buffer]) add(argument.buffer, false);
  for (const ResultSpec& result : program.results)
    add(result.buffer, result.writes != kNoArgument && plan.is_bound(result.writes, call.pointers[result.buffer]));
}

// ---- Replay

Executable::Replay::Replay(const Program& program, const Plan& plan, const Execution& call, const ReplayKey& key)
    : code_(*plan.code), execution_(plan.make_execution()), runs_(plan.runs) {
  execution_->bind(call.solution);
  execution_->pointers = call.pointers;
  size_t direct = 0;
  const auto needs_slot = [&](uint32_t buffer) {
    return key.direct[direct++] == nullptr && call.solution->buffer_bytes[buffer] > 0;
  };
  for (uint32_t buffer = 0; buffer < program.buffers.size(); ++buffer)
    if (plan.is_host[buffer]) numbers_.push_back({buffer, {}});
  for (const PlanArgument& argument : plan.arguments)
    if (!plan.is_host[argument.buffer] && needs_slot(argument.buffer)) arguments_.push_back({argument.buffer, {}});
  for (const ResultSpec& result : program.results)
    if (needs_slot(result.buffer)) results_.push_back({result.buffer, {}});
  place_slots();
  execution_->provide_memory(program, plan);
  execution_->gather(plan);
}

void Executable::Replay::place_slots() {
  Execution& e = *execution_;
  const std::vector<int64_t>& bytes = e.solution->buffer_bytes;
  size_t total = 0;
  for (auto* const copies : {&numbers_, &arguments_, &results_})
    for (const SlotCopy& copy : *copies) total += cuda::padded(static_cast<size_t>(bytes[copy.buffer]));
  slots_ = OwnedBlock(total, code_.gpu());
  std::byte* at = slots_.data();
  const auto place = [&](SlotCopy& copy) {
    copy.transfer.bytes = bytes[copy.buffer];
    return std::exchange(at, at + cuda::padded(static_cast<size_t>(copy.transfer.bytes)));
  };
  e.numbers.assign(numbers_.empty() ? 0 : e.pointers.size(), nullptr);
  for (SlotCopy& copy : numbers_) e.numbers[copy.buffer] = copy.transfer.to = place(copy);
  for (SlotCopy& copy : arguments_) e.pointers[copy.buffer] = copy.transfer.to = place(copy);
  for (SlotCopy& copy : results_) {
    std::byte* const slot = place(copy);
    e.pointers[copy.buffer] = slot;
    copy.transfer.from = slot;
  }
}

void Executable::Replay::begin(const Execution& call) {
  in_.clear();
  out_.clear();
  for (SlotCopy& copy : numbers_) {
    const void* const number = execution_->pointers[copy.buffer] = call.pointers[copy.buffer];
    std::memcpy(&copy.transfer.number, number, static_cast<size_t>(copy.transfer.bytes));
    in_.push_back(copy.transfer);
  }
  for (SlotCopy& copy : arguments_) {
    copy.transfer.from = static_cast<const std::byte*>(call.pointers[copy.buffer]);
    in_.push_back(copy.transfer);
  }
  for (SlotCopy& copy : results_) {
    copy.transfer.to = static_cast<std::byte*>(call.pointers[copy.buffer]);
    out_.push_back(copy.transfer);
  }
  code_.transfer(in_);
}

// ---- Replays

Executable::Replays::Entry* Executable::Replays::begin(ReplayKey key) {
  std::list<Entry> dropped; // ends after the lock
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(entries_, key, &Entry::key);
  if (found == entries_.end()) {
    entries_.push_front({std::move(key)});
    if (entries_.size() > kReplays)
      if (const auto last = std::ranges::find(entries_.rbegin(), entries_.rend(), false, &Entry::busy);
          last != entries_.rend())
        dropped.splice(dropped.begin(), entries_, std::prev(last.base()));
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, found);
  if (found->busy || found->refused) return nullptr;
  found->busy = true;
  return &*found;
}

void Executable::Replays::end(Entry& entry, After after) noexcept {
  std::unique_ptr<Replay> dropped; // ends after the lock
  const std::lock_guard lock(mutex_);
  entry.busy = false;
  entry.refused = after == After::refuse;
  if (after != After::keep) dropped = std::move(entry.replay);
}

void Executable::Replays::reclaim() noexcept {
  std::list<Entry> dropped; // ends after the lock
  const std::lock_guard lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (!entry->busy) dropped.splice(dropped.begin(), entries_, entry);
    entry = next;
  }
}

} // namespace ogee::runtime
