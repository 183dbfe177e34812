// Placement: buffers alive together never overlap, and little is wasted.
#include "runtime/arena.h"

#include "tests/catch.h"

#include <random>

using namespace ogee::runtime;

namespace {

/// Fails where two items that are alive together share bytes, or something lies outside.
void require_valid(const std::vector<ArenaItem>& items, const ArenaPlacement& placement) {
  REQUIRE(placement.offsets.size() == items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    const int64_t begin = placement.offsets[i], end = begin + items[i].bytes;
    REQUIRE(begin % 64 == 0);
    REQUIRE(begin >= 0);
    REQUIRE(end <= placement.bytes);
    for (size_t j = 0; j < i; ++j) {
      const bool together = items[i].first <= items[j].last && items[j].first <= items[i].last;
      const int64_t other = placement.offsets[j], other_end = other + items[j].bytes;
      if (together && items[i].bytes > 0 && items[j].bytes > 0) REQUIRE((end <= other || other_end <= begin));
    }
  }
}

} // namespace

TEST_CASE("arena: buffers that follow each other share memory") {
  const std::vector<ArenaItem> chain = {{640, 0, 1}, {640, 1, 2}, {640, 2, 3}, {640, 3, 4}};
  const ArenaPlacement placement = place_in_arena(chain);
  require_valid(chain, placement);
  CHECK(placement.bytes == 1280);
}

TEST_CASE("arena: nothing, empty buffers and sizes that are no multiples") {
  CHECK(place_in_arena({}).bytes == 0);
  const std::vector<ArenaItem> items = {{0, 0, 5}, {1, 0, 5}, {65, 0, 5}};
  const ArenaPlacement placement = place_in_arena(items);
  require_valid(items, placement);
  CHECK(placement.bytes == 64 + 128);
}

TEST_CASE("arena: sizes that overflow or are negative are refused") {
  CHECK(place_in_arena(std::vector<ArenaItem>{{INT64_MAX, 0, 0}}).bytes == -1);
  CHECK(place_in_arena(std::vector<ArenaItem>{{INT64_MAX / 2, 0, 0}, {INT64_MAX / 2, 1, 1}, {64, 1, 1}}).bytes == -1);
  CHECK(place_in_arena(std::vector<ArenaItem>{{-1, 0, 0}}).bytes == -1);
}

TEST_CASE("arena: random lifetimes stay apart, near the live maximum") {
  std::mt19937 random(3);
  double needed = 0, used = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<ArenaItem> items(1 + random() % 60);
    for (ArenaItem& item : items) {
      item.bytes = static_cast<int64_t>(random() % 40) * 64;
      item.first = random() % 50;
      item.last = item.first + random() % (random() % 8 == 0 ? 40 : 4);
    }
    const ArenaPlacement placement = place_in_arena(items);
    require_valid(items, placement);
    REQUIRE(placement.bytes >= live_maximum(items));
    needed += static_cast<double>(live_maximum(items));
    used += static_cast<double>(placement.bytes);
  }
  CHECK(used / needed < 1.05);
}
