// Copies and writes through strides.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("copy: copies of views are dense and their own") {
  Tensor x = arange(24).reshape({2, 3, 4});
  const Tensor copy = x.permute({2, 1, 0}).clone();
  CHECK(copy.is_contiguous());
  x.fill_(0);
  CHECK(copy[3][2][1].item<int>() == 23);
  CHECK(x.permute({2, 1, 0}).contiguous().is_contiguous());
  CHECK(x.contiguous().is(x));
}

TEST_CASE("copy: large transpositions") {
  const Tensor x = arange(70 * 130).reshape({70, 130});
  const Tensor y = x.t().contiguous();
  for (int i : {0, 31, 32, 69})
    for (int j : {0, 31, 33, 129}) CHECK(y[j][i].item<int>() == x[i][j].item<int>());
}

TEST_CASE("copy: assignment to a view writes through it") {
  Tensor x = zeros({3, 3});
  x[0] = 5;
  x.select(1, 2) = tensor({1.0, 2.0, 3.0});
  x.slice(0, 1, 2).slice(1, 0, 1) = 7;
  CHECK(text(x) == "tensor([[5., 5., 1.],\n        [7., 0., 2.],\n        [0., 0., 3.]])");
  Tensor y = x; // another handle: x itself changes place
  x = ones({1});
  CHECK(y.shape() == Shape{3, 3});
}

TEST_CASE("copy: copy_ broadcasts, converts, and handles overlaps") {
  Tensor x = zeros({2, 3}, i64);
  x.copy_(tensor({1.9, -1.9, 300.0}));
  CHECK(text(x) == "tensor([[  1,  -1, 300],\n        [  1,  -1, 300]])");
  Tensor y = arange(5);
  y.slice(0, 1) = y.slice(0, 0, 4);
  CHECK(text(y) == "tensor([0, 0, 1, 2, 3])");
}

TEST_CASE("copy: writing to an expanded tensor is an Error") {
  Tensor x = zeros({3, 1}).expand({3, 4});
  const std::string message = error_of([&] { x.fill_(1); });
  CHECK(contains(message, "fill_: cannot write to an expanded tensor"));
  CHECK(contains(message, "hint: clone()"));
}

TEST_CASE("copy: writing to a part of an expanded tensor: eager and compiled are the same") {
  const auto both = [](const auto& f) {
    const Tensor x = arange(3).reshape({3, 1}).to(f32), y = x.clone();
    const std::string eager = error_of([&] { f(x); });
    auto compiled = compile([&](Tensor p) {
      f(p);
      return p + 0;
    });
    CHECK(error_of([&] { (void)compiled(y); }) == eager);
    CHECK(equal(x, y));
    return eager;
  };
  const char* const overlap = ": cannot write to an expanded tensor, whose elements share memory at copy.cpp:";
  // clang-format off: a line each, in both ways of running
  CHECK(contains(both([](const Tensor& x) { x.expand({3, 4}).slice(1, 1, 3).fill_(1); }), overlap));
  CHECK(contains(both([](const Tensor& x) { x.expand({3, 4})[0] = 1; }), overlap));
  CHECK(contains(both([](const Tensor& x) { x.expand({3, 4}).slice(0, 0, 2) += 1; }), overlap));
  CHECK(contains(both([](const Tensor& x) { x.expand({2, 3, 1}).t().copy_(ones({1})); }), "at copy.cpp:"));
  CHECK(contains(both([](const Tensor& x) { x.expand({2, 3, 1}).reshape({2, 3}).slice(1, 0, 2).add_(1); }), overlap));
  // clang-format on
  // Where nothing is repeated, writing is fine.
  CHECK(both([](const Tensor& x) { x.expand({3, 4}).slice(1, 2, 3) = 7; }) == "no error");
  CHECK(both([](const Tensor& x) { x.expand({3, 4}).select(1, 2).slice(0, 1) = 7; }) == "no error");
  CHECK(both([](const Tensor& x) { x.expand({2, 3, 4}).slice(0, 1, 2).slice(2, 0, 1).mul_(3); }) == "no error");
  CHECK(both([](const Tensor& x) { x.expand({1, 3, 1}) += 2; }) == "no error");
  CHECK(both([](const Tensor& x) { x.expand({3, 0}).fill_(2); }) == "no error");
}

TEST_CASE("copy: writing to a captured expanded tensor names the line of the write") {
  const Tensor x = zeros({3, 1}).expand({3, 4});
  std::string here;
  auto compiled = compile([&](Tensor p) {
    here = OGEE_HERE, x.slice(1, 0, 2).fill_(1);
    return p;
  });
  const std::string message = error_of([&] { (void)compiled(zeros({1})); });
  CHECK(contains(message, "cannot write to an expanded tensor, whose elements share memory at " + here));
}
