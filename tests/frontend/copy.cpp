// Copies and writes through strides.
#include "tests/frontend/support.h"

#include <cmath>
#include <functional>

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

TEST_CASE("copy: bytes are stored, moved and converted") {
  const Tensor x = tensor({0, 1, 127, 128, 255}, DType::u8);
  CHECK(text(x) == "tensor([  0,   1, 127, 128, 255], dtype=u8)");
  for (DType dtype : {i32, i64, f32, f64}) CHECK(equal(x.to(dtype), tensor({0, 1, 127, 128, 255}).to(dtype)));
  CHECK(text(x.to(DType::i8)) == "tensor([   0,    1,  127, -128,   -1], dtype=i8)");
  CHECK(text(x.to(boolean)) == "tensor([False,  True,  True,  True,  True])");
  // As graphs convert: integers lose bits; floats their fraction, beyond the ends they are the ends, NaN is 0.
  CHECK(text(tensor({-1, 300, 7}).to(DType::u8)) == "tensor([255,  44,   7], dtype=u8)");
  CHECK(text(tensor({true, false}).to(DType::i8)) == "tensor([1, 0], dtype=i8)");
  for (DType dtype : {f32, f64}) {
    const Tensor y = tensor({1.9, -1.9, 1e30, -1e30, 0.0}, dtype);
    CHECK(text(y.to(DType::u8)) == "tensor([  1,   0, 255,   0,   0], dtype=u8)");
    CHECK(text(y.to(DType::i8)) == "tensor([   1,   -1,  127, -128,    0], dtype=i8)");
    CHECK(text((y * NAN).to(DType::u8)) == "tensor([0, 0, 0, 0, 0], dtype=u8)");
  }
  Tensor m = tensor({{1, 2, 3}, {4, 5, 6}}, DType::u8);
  CHECK(equal(m.t().to(f32), tensor({{1.0, 4.0}, {2.0, 5.0}, {3.0, 6.0}})));
  CHECK(text(cat({m[0], m.select(1, 1).clone()}, 0)) == "tensor([1, 2, 3, 2, 5], dtype=u8)");
  m[0] = 9;
  m.select(1, 2).copy_(tensor({7.5, 1000.0}));
  CHECK(text(m) == "tensor([[  9,   9,   7],\n        [  4,   5, 255]], dtype=u8)");
  CHECK(m[1][2].item<int>() == 255);
  CHECK(zeros({0, 2}, DType::u8).to(f32).shape() == Shape{0, 2});
  CHECK(text(randint(3, 4, {2}, DType::u8)) == "tensor([3, 3], dtype=u8)");
}

TEST_CASE("copy: no operation computes with bytes") {
  const Tensor x = tensor({1, 2}, DType::u8);
  const std::string takes = "is u8, operations take bool, i32, i64, f32 and f64 at ",
                    hint = "; hint: to(i32) first or to(u8) last, outside of compiled functions";
  for (int again = 0; again < 2; ++again) {
    const std::string here = OGEE_HERE, message = error_of([&] { (void)(x + 1); });
    CHECK(message == "add: an operand " + takes + here + hint);
  }
  const auto refuses = [&](const char* op, const std::function<void()>& call) {
    const std::string message = error_of(call);
    CAPTURE(op, message);
    CHECK(contains(message, op));
    CHECK(contains(message, takes + "copy.cpp:"));
  };
  refuses("add: an operand", [&] { (void)(x + tensor({0.5, 1.5})); });
  refuses("eq: an operand", [&] { (void)(x == x); });
  refuses("where: an operand", [&] { where(tensor({true, false}), x, x); });
  refuses("sum: the operand", [&] { x.sum(); });
  refuses("argmax: the operand", [&] { argmax(x); });
  refuses("softmax: the operand", [&] { softmax(x, 0); });
  refuses("matmul: an operand", [&] { matmul(x, x); });
  refuses("compile: arg0", [&] { compile([](Tensor t) { return t; })(x); });
  refuses("to: the operand", [&] { compile([&](Tensor t) { return t + x.to(f32); })(ones({2})); });
  refuses("clone: a captured tensor", [&] { compile([&](Tensor t) { return x.clone(); })(ones({2})); });
  refuses("to: the result", [&] { compile([](Tensor t) { return t.to(DType::u8); })(ones({2})); });
  refuses("zeros: the result", [&] { compile([](Tensor t) { return zeros({2}, DType::u8); })(ones({2})); });
  refuses("tensor: the result", [&] { compile([](Tensor t) { return tensor({1}, DType::u8); })(ones({2})); });
  refuses("eye: the result", [&] { compile([](Tensor t) { return eye(2, DType::u8); })(ones({2})); });
  refuses("to: the result", [&] { compile([](Tensor t) { return randint(2, {2}, DType::u8); })(ones({2})); });
  CHECK(contains(error_of([] { trace([](Tensor t) { return t; }, spec(DType::i8, {2})); }), "compile: arg0 is i8, "));
}
