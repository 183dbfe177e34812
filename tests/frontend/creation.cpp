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
  CHECK(arange(3, 0).shape() == Shape{0});
  CHECK(text(linspace(0, 1, 5)) == "tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])");
  CHECK(contains(error_of([] { arange(0, 1, 0); }), "arange: no finite number of steps"));
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
  CHECK(contains(error_of([&] { from_blob(data, {2, 2}, std::vector<int64_t>{1}); }), "from_blob: 1 strides"));
}
