// Shape: the small vector on both sides of its inline capacity; checked sizes, strides, text.
#include "runtime/shape.h"

#include "tests/catch.h"

using namespace ogee::runtime;

namespace {
const Dim B = Dim::symbol("batch", 1, 256);
constexpr int64_t kHuge = int64_t(1) << 40;
} // namespace

TEST_CASE("Shape: grows past its inline capacity and keeps its dims") {
  Shape shape;
  for (int i = 0; i < 20; ++i) {
    shape.push_back(i % 3 == 0 ? B + i : Dim(i));
    const Shape copy = shape;
    REQUIRE(copy.size() == size_t(i) + 1);
    REQUIRE(same(copy, shape));
  }
  for (int i = 0; i < 20; ++i) CHECK(same(shape[i], i % 3 == 0 ? B + i : Dim(i)));
  Shape moved = std::move(shape);
  CHECK(moved.size() == 20);
  CHECK(shape.empty());
  shape = {1, B};
  std::swap(shape, moved);
  CHECK(shape.size() == 20);
  CHECK(same(moved, Shape{1, B}));
  Shape& itself = moved;
  moved = itself;
  moved = std::move(itself);
  CHECK(same(moved, Shape{1, B}));
}

TEST_CASE("Shape: insert, erase, resize") {
  Shape shape = {2, B, 4};
  shape.insert(1, 7);
  CHECK(same(shape, Shape{2, 7, B, 4}));
  shape.insert(4, 9);
  shape.erase(0);
  CHECK(same(shape, Shape{7, B, 4, 9}));
  shape.resize(2);
  CHECK(same(shape, Shape{7, B}));
  shape.resize(9, shape[1]);
  CHECK(shape.size() == 9);
  CHECK(same(shape.back(), B));
  CHECK_FALSE(same(shape, Shape{7, B}));
  CHECK_FALSE(shape.is_static());
  CHECK(Shape{1, 2}.is_static());
}

TEST_CASE("Shape: number of elements") {
  CHECK(Shape{}.numel().number() == 1);
  CHECK(Shape{3, 4}.numel().number() == 12);
  CHECK(same((Shape{B, 4}.numel()), 4 * B));
  CHECK_FALSE((Shape{kHuge, kHuge}).numel().valid());
  CHECK(Shape{kHuge, 0, kHuge, B}.numel().number() == 0);
}

TEST_CASE("Shape: checked sizes") {
  const auto bytes = [](const Shape& shape, DType dtype = DType::f64) { return checked_bytes(shape, dtype); };
  CHECK(*bytes({3, 4}) == 96);
  CHECK(*bytes({}) == 8);
  CHECK(*bytes({kHuge, kHuge, 0}) == 0);
  CHECK(bytes({kHuge, kHuge}).message() == "too many elements: [1099511627776, 1099511627776]");
  CHECK(bytes({kHuge, 1 << 21}).message() == "too many bytes: [1099511627776, 2097152] of f64");
  CHECK(*checked_numel(Shape{kHuge, 1 << 21}) == kHuge << 21);
  CHECK(bytes({2, -1}).message() == "negative size -1");
  CHECK(bytes({2, 0, -1}).message() == "negative size -1");
  CHECK(bytes({B}).message() == "the size batch is not known here");
  const std::vector<int64_t> plain = {5, 6};
  CHECK(*checked_bytes(plain, DType::f16) == 60);
}

TEST_CASE("Shape: strides") {
  CHECK(same(row_major_strides(Shape{2, B, 4}), Shape{4 * B, 4, 1}));
  CHECK(same(row_major_strides(Shape{2, 0, 4}), Shape{4, 4, 1}));
  CHECK(row_major_strides(std::vector<int64_t>{2, 3, 4}) == std::vector<int64_t>{12, 4, 1});
  CHECK(row_major_strides(std::vector<int64_t>{}).empty());

  const auto dense = [](std::vector<int64_t> sizes, std::vector<int64_t> strides) {
    return is_row_major(sizes, strides);
  };
  CHECK(dense({2, 3}, {3, 1}));
  CHECK(dense({2, 1, 3}, {3, 99, 1}));
  CHECK(dense({2, 0}, {5, 7}));
  CHECK(dense({}, {}));
  CHECK_FALSE(dense({2, 3}, {1, 2}));
  CHECK_FALSE(dense({2, 3}, {4, 1}));
  CHECK_FALSE(dense({2, 3}, {0, 1}));
}

TEST_CASE("Shape: text and comparison") {
  CHECK((Shape{32, B * 2}).to_string() == "[32, 2*batch]");
  CHECK(Shape{}.to_string() == "[]");
  CHECK(to_string(std::vector<int64_t>{1, 2}) == "[1, 2]");
  CHECK(Shape{1, 2} == Shape{1, 2});
  CHECK(Shape{1, 2} != Shape{1, 2, 3});
  CHECK(Shape{B} != Shape{0});
  CHECK_THROWS_AS((Shape{B} == Shape{3}), Error);
}
