// How element-wise operations broadcast, walk strides, overwrite and reuse kernels.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("apply: operands broadcast as in PyTorch") {
  const Tensor column = tensor({{1}, {2}, {3}}), row = tensor({10, 20});
  CHECK(text(column + row) == "tensor([[11, 21],\n        [12, 22],\n        [13, 23]])");
  CHECK((zeros({4, 1, 3}) + zeros({5, 1})).shape() == Shape{4, 5, 3});
  CHECK((zeros({0}) + 1).shape() == Shape{0});
  CHECK((zeros({0, 3}) + zeros({1, 3})).shape() == Shape{0, 3});
}

TEST_CASE("apply: shapes that do not broadcast are an Error with both shapes and the line") {
  const std::string here = OGEE_HERE, message = error_of([] { zeros({2, 3}) + zeros({2, 4}); });
  CHECK(contains(message, "add: "));
  CHECK(contains(message, "[2, 3]"));
  CHECK(contains(message, "[2, 4]"));
  CHECK(contains(message, here));
}

TEST_CASE("apply: strided operands give what dense ones give") {
  const Tensor x = arange(60).reshape({3, 4, 5}).to(f32);
  const Tensor dense = x.clone();
  CHECK(equal(x.permute({2, 0, 1}) * 2, (dense * 2).permute({2, 0, 1})));
  CHECK(equal(x.slice(1, 0, kEnd, 2) + 1, (dense + 1).slice(1, 0, kEnd, 2)));
  CHECK(equal(x.select(2, 1) + x.select(2, 3), dense.select(2, 1) * 2 + 2));
  CHECK(equal(x.transpose(0, 2) + x.transpose(0, 2).contiguous(), dense.transpose(0, 2) * 2));
}

TEST_CASE("apply: a number takes the dtype beside it and compiles nothing") {
  const Tensor x = tensor({1.0, 2.0});
  CHECK(text(x * 0.5) == "tensor([0.5000, 1.0000])");
  const uint64_t before = stats().kernels_compiled;
  for (int i = 0; i < 10; ++i) x * (0.1 * i);
  CHECK(stats().kernels_compiled == before);
}

TEST_CASE("apply: a thousand sizes of one rank compile nothing") {
  zeros({2, 3}) + zeros({2, 3});
  zeros({4, 3}) + zeros({3});
  zeros({3, 5}) + zeros({5});
  const uint64_t before = stats().kernels_compiled;
  for (int n = 2; n < 502; ++n) {
    zeros({n, 3}) + zeros({n, 3});
    zeros({3, n}) + zeros({n});
  }
  CHECK(stats().kernels_compiled == before);
}

TEST_CASE("apply: in place: memory stays, views see it, an overlap is right") {
  Tensor x = arange(5).to(f32);
  const float* memory = x.data_ptr<float>();
  const Tensor view = x.slice(0, 2);
  x += 1;
  x.mul_(2);
  CHECK(x.data_ptr<float>() == memory);
  CHECK(text(view) == "tensor([ 6.,  8., 10.])");
  x.slice(0, 1).add_(x.slice(0, 0, 4));
  CHECK(text(x) == "tensor([ 2.,  6., 10., 14., 18.])");
  x.exp_().log_();
  CHECK(allclose(x, tensor({2.0, 6.0, 10.0, 14.0, 18.0})));
}

TEST_CASE("apply: in place keeps shape and kind of dtype") {
  Tensor x = tensor({1, 2});
  CHECK(contains(error_of([&] { x += 0.5; }), "add_: the result is f32, which does not fit into i64"));
  CHECK(contains(error_of([&] { x += zeros({3, 2}, i64); }), "does not broadcast"));
  CHECK(contains(error_of([&] { x += zeros({3}, i64); }), "add_: "));
  CHECK(contains(error_of([&] { x.mul_(1LL << 40).to(i32) += 1LL << 40; }), "add_: the number 1099511627776"));
  Tensor wide = zeros({2}, f64);
  wide += tensor({1.0, 2.0});
  CHECK(text(wide) == "tensor([1., 2.], dtype=f64)");
}

TEST_CASE("apply: operands that are one element each, repeated") {
  const Tensor x = tensor({2.0}).expand({3, 4}), y = tensor(3.0).expand({4});
  CHECK(equal(x * y, full({3, 4}, 6.0)));
  CHECK(equal(exp(x - 2), ones({3, 4})));
  CHECK(equal(x.to(f64), full({3, 4}, 2.0, f64)));
  CHECK(equal(x * tensor(0.5), ones({3, 4})));
}

TEST_CASE("apply: functions that change nothing give a copy") {
  const Tensor x = tensor({1, -2});
  for (const Tensor& y : {floor(x), round(x)}) {
    CHECK(equal(x, y));
    CHECK(x.data_ptr<int64_t>() != y.data_ptr<int64_t>());
  }
  CHECK(positive(x).is(x));
  CHECK(contains(error_of([] { positive(tensor(true)); }), "positive: not defined for bool"));
}

TEST_CASE("apply: functions that change nothing give a copy in a trace too") {
  Tensor x = tensor({7, -7}), b = tensor({true, false});
  Tensor y = compile([](Tensor t) { return floor(t); })(x);
  y += 10;
  compile([](Tensor t) {
    Tensor z = round(t);
    z += 1;
    return z;
  })(x);
  compile([](Tensor t) { abs(t).fill_(false); })(b);
  CHECK(text(x) == "tensor([ 7, -7])");
  CHECK(text(b) == "tensor([ True, False])");
  CHECK(compile([](Tensor t) { return positive(t); })(x).is(x));
}
