// Operators: with numbers on either side, with `using namespace std` beside ogee's.
#include "tests/frontend/support.h"

#include <algorithm>
#include <cmath>

using namespace std;
using namespace ogee;
using namespace ogee::tests;

TEST_CASE("operators: numbers on both sides") {
  const Tensor x = tensor({1.0, 2.0});
  CHECK(text(1 - x) == "tensor([ 0., -1.])");
  CHECK(text(2 / x) == "tensor([2., 1.])");
  CHECK(text(x / x.size(0)) == "tensor([0.5000, 1.0000])");
  CHECK(text(-x) == "tensor([-1., -2.])");
  CHECK(text(x > 1) == "tensor([False,  True])");
  CHECK(text(1.5 < x) == "tensor([False,  True])");
  CHECK(text(~(x == 1)) == "tensor([False,  True])");
  CHECK(text(tensor({5, -5}) % 3) == "tensor([2, 1])");
  CHECK(text((tensor({6, 3}) & 2) | 1) == "tensor([3, 3])");
  CHECK(text(~tensor({0, 1})) == "tensor([-1, -2])");
  CHECK(text(tensor({1, 3}) << 2) == "tensor([ 4, 12])");
  CHECK(text(8 >> tensor({1, 3})) == "tensor([4, 1])");
  CHECK(text(!tensor({0, 2})) == "tensor([ True, False])");
  CHECK(text(tensor({7, 2}) / 2) == "tensor([3.5000, 1.0000])");
  const size_t n = 3;
  CHECK(text(tensor({1}) * n) == "tensor([3])");
}

TEST_CASE("operators: in place") {
  Tensor x = tensor({6, 3});
  x %= 4;
  x <<= 2;
  x |= 1;
  x ^= tensor({8, 0});
  x &= 13;
  x >>= 1;
  CHECK(text(x) == "tensor([0, 6])");
}

TEST_CASE("operators: names that std has too") {
  const Tensor x = tensor({1.0, 5.0}), y = tensor({3.0, 2.0});
  CHECK(text(max(x, y)) == "tensor([3., 5.])");
  CHECK(text(min(x, y)) == "tensor([1., 2.])");
  CHECK(text(max(x)) == "tensor(5.)");
  CHECK(text(clamp(x, 2, 4)) == "tensor([2., 4.])");
  CHECK(text(pow(x, 2)) == "tensor([ 1., 25.])");
  CHECK(allclose(exp(log(x)), x));
  CHECK(text(abs(-x)) == "tensor([1., 5.])");
  CHECK(pow(2, 3) == 8);
  CHECK(max(1, 2) == 2);
}

TEST_CASE("operators: indexing") {
  const Tensor x = arange(6).reshape({2, 3});
  CHECK(x[1][-1].item<int>() == 5);
  const string here = OGEE_HERE, message = error_of([&] { x[2]; });
  CHECK(contains(message, "select: index 2 is out of range"));
  CHECK(contains(message, here));
}
