// The shape rules of ir/shapes.h: results, error texts, and what is left for run time.
#include "ir/shapes.h"

#include "tests/catch.h"

namespace ogee::ir {
namespace {

const Dim n = Dim::symbol("n"), m = Dim::symbol("m"), batch = Dim::symbol("batch", 1, 256);

/// The dims or the error, as text.
std::string show(const Result<Shape>& result) { return result ? result->to_string() : result.message(); }

/// The dims or the error, then what is required of a run: "[n] if n == m".
template <class Call>
std::string withRequirements(const Call& call) {
  Requirements requirements;
  std::string text = show(call(&requirements));
  for (const Requirement& requirement : requirements)
    text += std::string(text.find(" if ") == std::string::npos ? " if " : ", ") + requirement.left.to_string() +
            (requirement.kind == Requirement::Kind::equal ? " == " : " <= ") + requirement.right.to_string();
  return text;
}

std::vector<Dims> views(const std::vector<Shape>& shapes) { return {shapes.begin(), shapes.end()}; }

TEST_CASE("pointwise operands have equal dims") {
  auto rule = [](const std::vector<Shape>& shapes) {
    return withRequirements(
        [&](Requirements* requirements) { return pointwiseShape("add", views(shapes), requirements); });
  };
  CHECK(rule({{2, 3}}) == "[2, 3]");
  CHECK(rule({{2, n}, {2, n}}) == "[2, n]");
  CHECK(rule({{}, {}}) == "[]");
  CHECK(rule({{n}, {m}}) == "[n] if n == m");
  CHECK(rule({{n}, {4}, {n}}) == "[4] if n == 4, 4 == n");
  CHECK(rule({{2, 3}, {2, 4}}) == "add: shapes differ: [2, 3] and [2, 4]");
  CHECK(rule({{2, 3}, {2}}) == "add: shapes differ: [2, 3] and [2]");
  CHECK(rule({{batch}, {0}}) == "add: shapes differ: [batch] and [0]");
  CHECK(rule({{1}, {3}}) == "add: shapes differ: [1] and [3]");
}

TEST_CASE("operands are broadcast together as PyTorch does") {
  auto rule = [](const Shape& lhs, const Shape& rhs) {
    return withRequirements(
        [&](Requirements* requirements) { return broadcastTogether("add", lhs, rhs, requirements); });
  };
  CHECK(rule({2, 3}, {3}) == "[2, 3]");
  CHECK(rule({2, 1}, {1, 3}) == "[2, 3]");
  CHECK(rule({}, {n}) == "[n]");
  CHECK(rule({1}, {n}) == "[n]");
  CHECK(rule({1}, {0}) == "[0]");
  CHECK(rule({0}, {1}) == "[0]");
  CHECK(rule({n, 1}, {m, 4}) == "[n, 4] if n == m");
  CHECK(rule({n}, {4}) == "[4] if n == 4");
  CHECK(rule({4}, {n}) == "[4] if 4 == n");
  CHECK(rule({2, 3}, {2}) == "add: shapes do not broadcast: [2, 3] and [2]");
}

TEST_CASE("reductions drop their axes") {
  auto rule = [](const Shape& operand, const std::vector<int64_t>& axes) {
    return show(reductionShape("sum", operand, axes));
  };
  CHECK(rule({2, n, 4}, {1}) == "[2, 4]");
  CHECK(rule({2, n, 4}, {0, 2}) == "[n]");
  CHECK(rule({2, n, 4}, {0, 1, 2}) == "[]");
  CHECK(rule({2, n, 4}, {}) == "[2, n, 4]");
  CHECK(rule({}, {}) == "[]");
  CHECK(rule({2}, {1}) == "sum: axis 1 is out of range for rank 1");
  CHECK(rule({2}, {-1}) == "sum: axis -1 is out of range for rank 1");
  CHECK(rule({}, {0}) == "sum: axis 0 is out of range for rank 0");
  CHECK(rule({2, 3}, {1, 0}) == "sum: axes [1, 0] do not ascend");
  CHECK(rule({2, 3}, {1, 1}) == "sum: axes [1, 1] do not ascend");
}

TEST_CASE("dot products") {
  struct Lists {
    std::vector<int64_t> lhsBatch, rhsBatch, lhsContract, rhsContract;
  };
  auto rule = [](const Shape& lhs, const Shape& rhs, const Lists& lists) {
    const DotAxes axes{lists.lhsBatch, lists.rhsBatch, lists.lhsContract, lists.rhsContract};
    return withRequirements(
        [&](Requirements* requirements) { return dotShape("matmul", lhs, rhs, axes, requirements); });
  };
  const Lists matmul{{}, {}, {1}, {0}};
  CHECK(rule({32, 784}, {784, 10}, matmul) == "[32, 10]");
  CHECK(rule({batch, n}, {n, 10}, matmul) == "[batch, 10]");
  CHECK(rule({batch, n}, {m, 10}, matmul) == "[batch, 10] if n == m");
  CHECK(rule({32, 784}, {512, 10}, matmul) == "matmul: inner sizes differ: [32, 784] x [512, 10]");
  CHECK(rule({2, 3}, {2, 5}, {{0}, {0}, {}, {}}) == "[2, 3, 5]");
  CHECK(rule({n, 3}, {2, 5}, {{0}, {0}, {}, {}}) == "[2, 3, 5] if n == 2");
  CHECK(rule({2, 3}, {4, 5}, {{0}, {0}, {}, {}}) == "matmul: batch sizes differ: [2, 3] x [4, 5]");
  CHECK(rule({7, 2, 3}, {3, 5, 2}, {{}, {}, {1, 2}, {2, 0}}) == "[7, 5]");
  CHECK(rule({3}, {3}, {{}, {}, {0}, {0}}) == "[]");
  CHECK(rule({3}, {4}, {{}, {}, {}, {}}) == "[3, 4]");
  CHECK(rule({3}, {3}, {{}, {}, {0}, {}}) == "matmul: axes do not correspond: batch [] x [], contract [0] x []");
  CHECK(rule({3}, {3}, {{0}, {0}, {0}, {0}}) == "matmul: axis 0 is named twice");
  CHECK(rule({3}, {3}, {{}, {}, {1}, {0}}) == "matmul: axis 1 is out of range for rank 1");
}

TEST_CASE("reshapes keep the number of elements") {
  auto rule = [](const Shape& operand, const Shape& sizes) {
    return withRequirements(
        [&](Requirements* requirements) { return reshapeShape("view", operand, sizes, requirements); });
  };
  CHECK(rule({2, 3}, {6}) == "[6]");
  CHECK(rule({}, {1, 1}) == "[1, 1]");
  CHECK(rule({n, 8}, {n * 4, 2}) == "[4*n, 2]");
  CHECK(rule({n, m}, {m * n}) == "[" + (m * n).to_string() + "]");
  CHECK(rule({n, 8}, {m}) == "[m] if 8*n == m");
  CHECK(rule({0, n}, {m, 0}) == "[m, 0]");
  CHECK(rule({2, 3}, {4}) == "view: [2, 3] and [4] have different numbers of elements");
  CHECK(rule({2, 3}, {-6}) == "view: a size is negative: [-6]");
  CHECK(rule({2}, {int64_t(1) << 62, 4}) == "view: a size is too large");
}

TEST_CASE("transposes") {
  auto rule = [](const Shape& operand, const std::vector<int64_t>& perm) {
    return show(transposeShape("permute", operand, perm));
  };
  CHECK(rule({2, n, 4}, {2, 0, 1}) == "[4, 2, n]");
  CHECK(rule({}, {}) == "[]");
  CHECK(rule({2, 3}, {0}) == "permute: 1 axes for rank 2");
  CHECK(rule({2, 3}, {0, 2}) == "permute: axis 2 is out of range for rank 2");
  CHECK(rule({2, 3}, {1, 1}) == "permute: axis 1 is named twice");
}

TEST_CASE("broadcasts") {
  auto rule = [](const Shape& operand, const std::vector<int64_t>& axes, const Shape& sizes) {
    return withRequirements(
        [&](Requirements* requirements) { return broadcastShape("expand", operand, axes, sizes, requirements); });
  };
  CHECK(rule({3}, {1}, {2, 3}) == "[2, 3]");
  CHECK(rule({1, 3}, {0, 1}, {n, 3}) == "[n, 3]");
  CHECK(rule({}, {}, {n}) == "[n]");
  CHECK(rule({n}, {0}, {m}) == "[m] if n == m");
  CHECK(rule({n}, {0}, {5}) == "[5] if n == 5"); // only the number 1 is broadcast
  CHECK(rule({3}, {0}, {4}) == "expand: [3] does not broadcast to [4] along axes [0]");
  CHECK(rule({3}, {0, 1}, {3, 3}) == "expand: 2 axes for rank 1");
  CHECK(rule({3, 3}, {1, 0}, {3, 3}) == "expand: axes [1, 0] do not ascend");
  CHECK(rule({3}, {2}, {3, 3}) == "expand: axis 2 is out of range for rank 2");
  CHECK(rule({1}, {0}, {-1}) == "expand: a size is negative: [-1]");
}

TEST_CASE("slices stay within their operand") {
  auto rule = [](const Shape& operand, const Shape& offsets, const Shape& sizes, const Shape& strides) {
    return withRequirements([&](Requirements* requirements) {
      return sliceShape("slice", operand, offsets, sizes, strides, requirements);
    });
  };
  CHECK(rule({5}, {1}, {4}, {1}) == "[4]");
  CHECK(rule({5}, {0}, {3}, {2}) == "[3]");
  CHECK(rule({5}, {5}, {0}, {1}) == "[0]");
  CHECK(rule({5}, {5}, {0}, {7}) == "[0]");
  CHECK(rule({n}, {0}, {n}, {1}) == "[n]");
  CHECK(rule({n}, {0}, {m}, {1}) == "[m] if m <= n");
  CHECK(rule({n}, {n - 4}, {4}, {1}) == "[4] if 0 <= n - 4");
  CHECK(rule({batch}, {0}, {1}, {1}) == "[1]");
  CHECK(rule({5}, {2}, {4}, {1}) == "slice: out of bounds along axis 0 of [5]: offset 2, size 4, stride 1");
  CHECK(rule({5}, {0}, {4}, {2}) == "slice: out of bounds along axis 0 of [5]: offset 0, size 4, stride 2");
  CHECK(rule({5}, {6}, {0}, {1}) == "slice: out of bounds along axis 0 of [5]: offset 6, size 0, stride 1");
  CHECK(rule({5}, {-1}, {4}, {1}) == "slice: the offset is negative along axis 0 of [5]: offset -1, size 4, stride 1");
  CHECK(rule({5}, {0}, {4}, {0}) == "slice: the stride is below 1 along axis 0 of [5]: offset 0, size 4, stride 0");
  CHECK(rule({5}, {0}, {-1}, {1}) == "slice: a size is negative: [-1]");
  CHECK(rule({5}, {0, 0}, {5}, {1}) == "slice: 2 offsets for rank 1");
  CHECK(rule({5}, {0}, {}, {1}) == "slice: 0 sizes for rank 1");
  CHECK(rule({5}, {0}, {5}, {1, 1}) == "slice: 2 strides for rank 1");
  const int64_t most = std::numeric_limits<int64_t>::max();
  CHECK(rule({5}, {0}, {most}, {most}) == "slice: a size is too large");
}

TEST_CASE("pads") {
  auto rule = [](const Shape& operand, const Shape& low, const Shape& high, const std::vector<int64_t>& interior) {
    return withRequirements(
        [&](Requirements* requirements) { return padShape("pad", operand, low, high, interior, requirements); });
  };
  CHECK(rule({5}, {1}, {2}, {0}) == "[8]");
  CHECK(rule({5}, {0}, {0}, {2}) == "[13]");
  CHECK(rule({0}, {1}, {1}, {2}) == "[2]");
  CHECK(rule({5}, {-2}, {-3}, {0}) == "[0]");
  CHECK(rule({n}, {1}, {m}, {0}) == "[m + n + 1]");
  CHECK(rule({n}, {-1}, {0}, {0}) == "[n - 1] if 0 <= n - 1");
  CHECK(rule({batch}, {0}, {0}, {1}) == "[2*batch - 1]");
  CHECK(rule({5}, {-6}, {0}, {0}) == "pad: a size is negative: [-1]");
  CHECK(rule({5}, {0}, {0}, {-1}) == "pad: an interior pad is negative: [-1]");
  CHECK(rule({5}, {}, {0}, {0}) == "pad: 0 low pads for rank 1");
  CHECK(rule({5}, {0}, {}, {0}) == "pad: 0 high pads for rank 1");
  CHECK(rule({5}, {0}, {0}, {}) == "pad: 0 interior pads for rank 1");
  CHECK(rule({5}, {0}, {std::numeric_limits<int64_t>::max()}, {0}) == "pad: a size is too large");
}

TEST_CASE("concatenations") {
  auto rule = [](const std::vector<Shape>& shapes, int64_t axis) {
    return withRequirements(
        [&](Requirements* requirements) { return concatenateShape("cat", views(shapes), axis, requirements); });
  };
  CHECK(rule({{2, 3}, {4, 3}}, 0) == "[6, 3]");
  CHECK(rule({{n, 3}, {2, 3}, {n, 3}}, 0) == "[2*n + 2, 3]");
  CHECK(rule({{2, n}, {3, m}}, 0) == "[5, n] if n == m");
  CHECK(rule({{2, n}, {3, 7}}, 0) == "[5, 7] if n == 7");
  CHECK(rule({{2, 3}}, 1) == "[2, 3]");
  CHECK(rule({}, 0) == "cat: there are no operands");
  CHECK(rule({{2}, {2, 1}}, 0) == "cat: ranks differ: [2] and [2, 1]");
  CHECK(rule({{2, 3}, {2, 4}}, 0) == "cat: sizes differ along an axis other than 0: [2, 3] and [2, 4]");
  CHECK(rule({{2}}, 1) == "cat: axis 1 is out of range for rank 1");
  CHECK(rule({{std::numeric_limits<int64_t>::max()}, {1}}, 0) == "cat: a size is too large");
}

TEST_CASE("reversals and creation") {
  const std::vector<int64_t> axes{0, 1}, descending{1, 0};
  CHECK(show(reverseShape("flip", Shape{2, n}, axes)) == "[2, n]");
  CHECK(show(reverseShape("flip", Shape{2, n}, descending)) == "flip: axes [1, 0] do not ascend");
  CHECK(show(creationShape("rand", Shape{2, n})) == "[2, n]");
  CHECK(show(creationShape("rand", Shape{2, -1})) == "rand: a size is negative: [2, -1]");
  CHECK(withRequirements([](Requirements* requirements) {
          return creationShape("rand", Shape{n - 2}, requirements);
        }) == "[n - 2] if 0 <= n - 2");
}

TEST_CASE("a requirement carries the text for when it does not hold") {
  Requirements requirements;
  const std::vector<Shape> shapes{{n}, {m}};
  REQUIRE(pointwiseShape("add", views(shapes), &requirements));
  REQUIRE(requirements.size() == 1);
  CHECK(requirements[0].message == "add: shapes differ: [n] and [m]");
}

TEST_CASE("a part that a run places fits into the whole") {
  auto slice = [](const Shape& operand, size_t starts, const Shape& sizes) {
    return withRequirements(
        [&](Requirements* r) { return dynamicSliceShape("dynamic_slice", operand, starts, sizes, r); });
  };
  CHECK(slice({4, n}, 2, {1, n}) == "[1, n]");
  CHECK(slice({n}, 1, {m}) == "[m] if m <= n");
  CHECK(slice({4}, 1, {5}) == "dynamic_slice: the part [5] is larger than [4] along axis 0");
  CHECK(slice({4}, 2, {4}) == "dynamic_slice: 2 starts for rank 1");
  CHECK(slice({4}, 1, {-1}) == "dynamic_slice: a size is negative: [-1]");
  auto update = [](const Shape& operand, const Shape& part) {
    return withRequirements(
        [&](Requirements* r) { return dynamicUpdateShape("dynamic_update", operand, part, operand.size(), r); });
  };
  CHECK(update({4, n}, {1, n}) == "[4, n]");
  CHECK(update({4, 4}, {1, m}) == "[4, 4] if m <= 4");
  CHECK(update({4, 4}, {1}) == "dynamic_update: 1 sizes for rank 2");
}

} // namespace
} // namespace ogee::ir
