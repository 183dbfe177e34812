// Tensors from nothing and from C++ values.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("creation: values: kinds and shapes") {
  CHECK(tensor({true, false}).dtype() == boolean);
  CHECK(tensor({1, 2}).dtype() == i64);
  CHECK(tensor({1.0, 2.0}).dtype() == f32);
  CHECK(tensor({1, 2}, f64).dtype() == f64);
  CHECK(tensor(3).dim() == 0);
  CHECK(tensor({{{1}}}).shape() == Shape{1, 1, 1});
  CHECK(tensor({}).shape() == Shape{0});
  const std::vector<std::vector<float>> nested{{1, 2}, {3, 4}, {5, 6}};
  CHECK(tensor(nested).shape() == Shape{3, 2});
  CHECK(contains(error_of([] { tensor({{1, 2}, {3}}); }), "tensor: lists at the same depth differ in length"));
}

TEST_CASE("creation: filled tensors") {
  CHECK(text(full({2}, 7)) == "tensor([7, 7])");
  CHECK(text(full({2}, 0.5)) == "tensor([0.5000, 0.5000])");
  CHECK(ones({2}, i32).dtype() == i32);
  CHECK(zeros_like(tensor({{1, 2}})).dtype() == i64);
  CHECK(text(full_like(tensor({1.0}), 3)) == "tensor([3.])");
  CHECK(text(eye(2)) == "tensor([[1., 0.],\n        [0., 1.]])");
  CHECK(eye(2, 3).shape() == Shape{2, 3});
  CHECK(contains(error_of([] { zeros({2, -1}); }), "-1"));
}

TEST_CASE("creation: ranges") {
  CHECK(text(arange(3)) == "tensor([0, 1, 2])");
  CHECK(text(arange(1, 2, 0.5)) == "tensor([1.0000, 1.5000])");
  CHECK(text(arange(5, 0, -2)) == "tensor([5, 3, 1])");
  CHECK(arange(3, 3).shape() == Shape{0});
  CHECK(text(linspace(0, 1, 5)) == "tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])");
  CHECK(contains(error_of([] { arange(0, 1, 0); }), "arange: the step is 0"));
}

TEST_CASE("creation: ranges of integers are exact") {
  constexpr int64_t kBig = int64_t{1} << 53;
  CHECK(text(arange(kBig, kBig + 3)) == "tensor([9007199254740992, 9007199254740993, 9007199254740994])");
  CHECK(arange(INT64_MAX - 3, INT64_MAX).shape() == Shape{3});
  CHECK(arange(INT64_MIN, INT64_MAX, INT64_MAX).shape() == Shape{3});
  CHECK(arange(INT64_MIN, INT64_MAX, INT64_MAX)[2].item<int64_t>() == INT64_MAX - 1);
  CHECK(text(arange(5, 0, -2)) == "tensor([5, 3, 1])");
  CHECK(contains(error_of([] { arange(INT64_MIN, INT64_MAX); }), "arange: too many elements"));
  CHECK(contains(error_of([] { arange(5, 0); }), "arange: steps of 1 do not lead from 5 to 0"));
  CHECK(contains(error_of([] { arange(0.0, 1.0, -0.5); }), "arange: steps of -0.5 do not lead from 0 to 1"));
  CHECK(contains(error_of([] { arange(0.0, INFINITY); }), "arange: from 0 to inf by 1 is no finite number of steps"));
  CHECK(contains(error_of([] { arange(2147483647, 2147483649, i32); }), "2147483648 does not fit into i32"));
}

TEST_CASE("creation: numbers that a dtype of integers cannot hold are Errors") {
  const std::string here = OGEE_HERE, message = error_of([] { tensor({1, 300}, DType::u8); });
  CHECK(message == "tensor: the number 300 does not fit into u8 at " + here);
  CHECK(contains(error_of([] { tensor(18446744073709551615ULL); }), "18446744073709551615 does not fit into i64"));
  CHECK(tensor(18446744073709551615ULL, f64).item() == 0x1p64);
  CHECK(contains(error_of([] { full({1}, 3000000000LL, i32); }), "full: the number 3000000000 does not fit into i32"));
  CHECK(contains(error_of([] { full({1}, 3e9, i32); }), "full: the number 3e+09 does not fit into i32"));
  CHECK(contains(error_of([] { full({1}, NAN, i64); }), "full: the number nan does not fit into i64"));
  CHECK(contains(error_of([] { zeros({1}, i32).fill_(-2147483649LL); }), "fill_: the number -2147483649"));
  CHECK(full({1}, -2147483648.9, i32).item<int>() == INT32_MIN);
  CHECK(contains(error_of([] { zeros({2}, i32).pad({1, 0}, 1LL << 40); }), "pad: the number 1099511627776"));
  CHECK(contains(error_of([] { compile([](Tensor x) { return x + full({1}, 1LL << 40, i32); })(tensor(1)); }),
                 "full: the number 1099511627776 does not fit into i32"));
}

TEST_CASE("creation: errors name the function that was called") {
  CHECK(contains(error_of([] { zeros({2, -1}); }), "zeros: "));
  CHECK(contains(error_of([] { ones({-1}); }), "ones: "));
  CHECK(contains(error_of([] { eye(-1); }), "eye: "));
  CHECK(contains(error_of([] { zeros_like(Tensor()); }), "zeros_like: the tensor is undefined"));
  CHECK(contains(error_of([] { zeros({2}, DType::f16); }), "zeros: tensors of f16 are not supported at creation.cpp:"));
  CHECK(contains(error_of([] { rand({2}, DType::bf16); }), "rand: tensors of bf16 are not supported"));
  CHECK(contains(error_of([] { ones({2}).to(DType::f16); }), "to: tensors of f16 are not supported at creation.cpp:"));
  const std::string here = OGEE_HERE, message = error_of([] { ones({1LL << 31, 1LL << 31}); });
  CHECK(contains(message, "ones: "));
  CHECK(contains(message, here));
}

TEST_CASE("creation: creation is the same in a trace") {
  auto f = [](Tensor x) {
    return cat({x, linspace(0.1, 3.3, 7), arange(0.5, 3, 0.3), eye(2, 3).flatten(), zeros({2}), tensor({1.0, 2.0})});
  };
  const Tensor x = ones({2});
  CHECK(equal(f(x), compile(f)(x)));
}

TEST_CASE("creation: memory of the caller's") {
  float data[6] = {1, 2, 3, 4, 5, 6};
  bool deleted = false;
  {
    Tensor x = from_blob(data, {2, 2}, {3, 1}, [&](void*) { deleted = true; });
    CHECK(text(x) == "tensor([[1., 2.],\n        [4., 5.]])");
    x[0][0] = 9;
    CHECK(!deleted);
  }
  CHECK(deleted);
  CHECK(data[0] == 9);
  CHECK(text(from_blob(data, {2}, {0})) == "tensor([9., 9.])");
  CHECK(from_blob(data, 6, {}, [](void*) {}).shape() == Shape{6});
  CHECK(contains(error_of([&] { from_blob(data, {2, 2}, std::vector<int64_t>{1}); }), "from_blob: 1 strides"));
}
