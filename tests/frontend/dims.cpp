// Shapes and axes as arguments.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("dims: one size needs no braces") {
  const Dim n = 6;
  CHECK(zeros(3).shape() == Shape{3});
  CHECK(zeros(n, i64).view(-1).shape() == Shape{6});
  CHECK(zeros({2, 3}).reshape(-1).shape() == Shape{6});
  CHECK(ones(1).expand(4).repeat(2).shape() == Shape{8});
  CHECK(full(2, 7).dtype() == i64);
}

TEST_CASE("dims: shapes are written in many ways") {
  const size_t n = 3;
  const int k = 2;
  CHECK(zeros({n, k}).shape() == Shape{3, 2});
  CHECK(zeros(std::vector<int64_t>{1, 2}).shape() == Shape{1, 2});
  CHECK(zeros(ones({4, 5}).shape()).shape() == Shape{4, 5});
  CHECK(zeros({}).dim() == 0);
  const Tensor x = zeros({4, 6});
  CHECK(x.view({x.size(0) * 2, x.size(1) / 2}).shape() == Shape{8, 3});
}

TEST_CASE("dims: axes") {
  const Tensor x = ones({2, 3, 4});
  CHECK(x.sum(-1).shape() == Shape{2, 3});
  CHECK(x.sum({0, 2}).shape() == Shape{3});
  CHECK(x.sum(std::vector<int64_t>{1}).shape() == Shape{2, 4});
  CHECK(contains(error_of([&] { x.sum(3); }), "sum: axis 3 is out of range for a tensor of 3 axes"));
  CHECK(contains(error_of([&] { x.sum({1, -2}); }), "sum: axis 1 is given twice"));
  CHECK(contains(error_of([&] { x.sum(std::vector<int64_t>(17)); }), "more than 16 axes"));
}

TEST_CASE("dims: an undecidable comparison names the line that asked for the size") {
  std::string here;
  const auto message = [&](const auto& f) {
    return error_of([&] { (void)trace(f, spec(f32, {dim("n", 1, 256), dim("m", 1, 256)})); });
  };
  std::string text = message([&](Tensor x) {
    Dim n;
    here = OGEE_HERE, n = x.size(0);
    return n + 1 == 32 ? x : x * 2;
  });
  CHECK(text == "cannot decide n + 1 == 32 once for all sizes (n is 1 to 256) at " + here +
                    "; hint: use cond, or narrow the range");
  text = message([&](Tensor x) {
    here = OGEE_HERE, x = x.shape()[0] < 3 ? x : x * 2;
    return x;
  });
  CHECK(contains(text, here));
  text = message([&](Tensor x) {
    here = OGEE_HERE, x = x * static_cast<int64_t>(x.numel());
    return x;
  });
  CHECK(contains(text, "has no single value here"));
  CHECK(contains(text, here));
}
