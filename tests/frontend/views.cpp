// Views: which reshapes need no copy.
#include "frontend/views.h"

#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("views: strides of a reshape") {
  using ogee::detail::reshape_strides;
  auto strides = [](Shape from, Shape memory, Shape to) {
    const std::optional<Shape> result = reshape_strides(from, memory, to);
    return result ? result->to_string() : "copy";
  };
  CHECK(strides({2, 3, 4}, {12, 4, 1}, {6, 4}) == "[4, 1]");
  CHECK(strides({2, 3, 4}, {24, 8, 2}, {6, 2, 2}) == "[8, 4, 2]");
  CHECK(strides({3, 2}, {1, 3}, {6}) == "copy");
  CHECK(strides({3, 4}, {8, 1}, {12}) == "copy");
  CHECK(strides({3, 4}, {8, 1}, {3, 2, 2}) == "[8, 2, 1]");
  CHECK(strides({1, 4}, {77, 1}, {4}) == "[1]");
  CHECK(strides({4, 3}, {0, 1}, {2, 2, 3}) == "[0, 0, 1]");
  CHECK(strides({}, {}, {1, 1}) == "[1, 1]");
  CHECK(strides({2, 0}, {5, 9}, {0, 7}) == "[7, 1]");
}

TEST_CASE("views: views share memory") {
  Tensor x = zeros({4, 6});
  x.slice(0, 0, kEnd, 2).view({2, 3, 2}).select(1, 1).fill_(1);
  CHECK(x.sum().item() == 4);
  CHECK(x[2][3].item() == 1);
  CHECK(equal(x.view({2, 2, 6}).transpose(0, 1)[0], x.slice(0, 0, kEnd, 2)));
}
