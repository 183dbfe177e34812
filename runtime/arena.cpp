// Greedy best-fit placement over lifetimes.
#include "runtime/arena.h"

#include "runtime/checked.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace ogee::runtime {
namespace {

constexpr size_t kManyItems = 3000; ///< beyond this one order must do: placement is quadratic

bool overlap(const ArenaItem& a, const ArenaItem& b) { return a.first <= b.last && b.first <= a.last; }

using Order = std::vector<uint32_t>;

/// The items in order of falling `weight`; ties by place in the list.
template <class Weight>
Order order_by(std::span<const ArenaItem> items, Weight weight) {
  Order order(items.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) {
    const auto x = weight(items[a]), y = weight(items[b]);
    return x != y ? x > y : a < b;
  });
  return order;
}

/// The offset of the smallest gap between `taken` (by offset) that holds `bytes`, or behind the last.
int64_t best_fit(const std::vector<std::pair<int64_t, int64_t>>& taken, int64_t bytes) {
  int64_t best = -1, best_gap = INT64_MAX, end = 0;
  for (const auto& [from, to] : taken) {
    const int64_t gap = from - end;
    if (gap >= bytes && gap < best_gap) best = end, best_gap = gap;
    end = std::max(end, to);
  }
  return best >= 0 ? best : end;
}

ArenaPlacement place(std::span<const ArenaItem> items, const Order& order) {
  ArenaPlacement placement{std::vector<int64_t>(items.size(), 0), 0};
  Order placed; // by offset
  std::vector<std::pair<int64_t, int64_t>> taken;
  for (const uint32_t index : order) {
    const ArenaItem& item = items[index];
    if (item.bytes == 0) continue;
    taken.clear();
    for (const uint32_t other : placed)
      if (overlap(item, items[other]))
        taken.emplace_back(placement.offsets[other], placement.offsets[other] + items[other].bytes);
    const int64_t offset = best_fit(taken, item.bytes);
    placement.offsets[index] = offset;
    placement.bytes = std::max(placement.bytes, offset + item.bytes);
    placed.insert(std::ranges::upper_bound(placed, offset, {}, [&](uint32_t i) { return placement.offsets[i]; }),
                  index);
  }
  return placement;
}

} // namespace

int64_t live_maximum(std::span<const ArenaItem> items) {
  std::map<uint64_t, int64_t> changes; // position -> bytes that begin or end there
  for (const ArenaItem& item : items) {
    changes[item.first] += item.bytes;
    changes[uint64_t(item.last) + 1] -= item.bytes;
  }
  int64_t live = 0, most = 0;
  for (const auto& [position, change] : changes) most = std::max(most, live += change);
  return most;
}

ArenaPlacement place_in_arena(std::span<const ArenaItem> items, int64_t alignment) {
  std::vector<ArenaItem> rounded(items.begin(), items.end());
  Checked total = 0;
  for (ArenaItem& item : rounded) {
    const Checked bytes = round_up(Checked(item.bytes), alignment);
    total = total + bytes;
    if (item.bytes < 0 || !total.valid()) return {{}, -1};
    item.bytes = bytes.value();
  }
  const int64_t bound = live_maximum(rounded);
  const auto duration = [](const ArenaItem& item) { return int64_t(item.last) - item.first + 1; };
  ArenaPlacement best = place(rounded, order_by(rounded, [](const ArenaItem& item) { return item.bytes; }));
  if (items.size() > kManyItems) return best;
  const auto attempt = [&](auto weight) {
    if (best.bytes == bound) return;
    ArenaPlacement placement = place(rounded, order_by(rounded, weight));
    if (placement.bytes < best.bytes) best = std::move(placement);
  };
  attempt([&](const ArenaItem& item) { return std::pair(duration(item), item.bytes); });
  attempt([&](const ArenaItem& item) { return double(item.bytes) * double(duration(item)); });
  attempt([&](const ArenaItem& item) { return std::pair(-int64_t(item.first), item.bytes); });
  return best;
}

} // namespace ogee::runtime
