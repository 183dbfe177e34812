// The interpreter's arrays.
#include "tests/tools/reference.h"

using namespace ogee::reference;

TEST_CASE("indices are walked in row-major order", "[reference]") {
  const Index shape = {2, 1, 3};
  int64_t next = 0;
  forEachIndex(shape, [&](const Index& index) { CHECK(offsetOf(index, shape) == next++); });
  CHECK(next == 6);
  forEachIndex({}, [&](const Index& index) { CHECK(index.empty()); });
  forEachIndex({3, 0}, [&](const Index&) { FAIL("an empty tensor has no index"); });
}

TEST_CASE("arrays know their dtype", "[reference]") {
  CHECK(Array().dtype == DType::f32);
  CHECK(Array(DType::i64, {2, 3}).bytes.size() == 48);
  CHECK(bools({true, false}).bytes == std::vector{std::byte(1), std::byte(0)});
  CHECK(toString({2, 3}) == "[2, 3]");
}
