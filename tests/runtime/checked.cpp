// Checked: every operation against 128-bit arithmetic at the edges, and that invalid stays invalid.
#include "runtime/checked.h"

#include "tests/catch.h"

#include <vector>

using namespace ogee::runtime;

namespace {

__extension__ using Wide = __int128;

Wide floor_div(Wide a, Wide b) { return a / b - ((a % b != 0) && ((a < 0) != (b < 0))); }

void expect(Checked got, Wide wanted) {
  const bool fits = wanted >= INT64_MIN && wanted <= INT64_MAX;
  REQUIRE(got.valid() == fits);
  if (fits) REQUIRE(got.value() == static_cast<int64_t>(wanted));
}

} // namespace

TEST_CASE("Checked: agrees with wide arithmetic at the edges of int64") {
  std::vector<int64_t> edges;
  for (const int64_t center : {INT64_MIN, INT64_MIN / 2, int64_t(-4), int64_t(3), INT64_MAX / 2, INT64_MAX})
    for (int64_t step = -4; step <= 4; ++step)
      if (const Checked edge = Checked(center) + step; edge.valid()) edges.push_back(edge.value());
  for (const int64_t a : edges)
    for (const int64_t b : edges) {
      INFO(a << " and " << b);
      expect(Checked(a) + b, Wide(a) + b);
      expect(Checked(a) - b, Wide(a) - b);
      expect(Checked(a) * b, Wide(a) * b);
      expect(min(Checked(a), b), a < b ? a : b);
      expect(max(Checked(a), b), a < b ? b : a);
      if (b == 0) {
        CHECK_FALSE((Checked(a) / b).valid());
        CHECK_FALSE((Checked(a) % b).valid());
        CHECK_FALSE(ceil_div(Checked(a), b).valid());
      } else {
        expect(Checked(a) / b, floor_div(a, b));
        expect(ceil_div(Checked(a), b), -floor_div(-Wide(a), b));
        if (a != INT64_MIN || b != -1) expect(Checked(a) % b, Wide(a) - floor_div(a, b) * b);
      }
    }
}

TEST_CASE("Checked: what is invalid stays invalid") {
  const Checked bad = Checked(INT64_MAX) + 1;
  CHECK_FALSE((bad - 1).valid());
  CHECK_FALSE((Checked(0) * bad).valid());
  CHECK_FALSE((bad / 1).valid());
  CHECK_FALSE(min(bad, 1).valid());
  CHECK_FALSE(Checked(UINT64_MAX).valid());
  CHECK(Checked(uint64_t(INT64_MAX)).value() == INT64_MAX);
  CHECK(round_up(Checked(65), 64).value() == 128);
  CHECK(round_up(Checked(64), 64).value() == 64);
  CHECK_FALSE(round_up(Checked(INT64_MAX), 64).valid());
}
