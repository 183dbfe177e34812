// cat, stack, allclose, equal.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("join: cat and stack") {
  const Tensor a = tensor({{1, 2}}), b = tensor({{3, 4}, {5, 6}});
  CHECK(text(cat({a, b})) == "tensor([[1, 2],\n        [3, 4],\n        [5, 6]])");
  CHECK(text(cat({a, tensor({{9.0}})}, 1)) == "tensor([[1., 2., 9.]])");
  CHECK(text(stack({tensor({1, 2}), tensor({3, 4})}, -1)) == "tensor([[1, 3],\n        [2, 4]])");
  CHECK(contains(error_of([&] { cat({a, tensor({{1}})}); }), "cat: "));
  CHECK(text(cat({zeros({0}), tensor({{1}})}, 1)) == "tensor([[1.]])");
  CHECK(cat({zeros({0}), zeros({0})}).shape() == Shape{0});
  CHECK(equal(compile([](Tensor x, Tensor none) { return cat({x, none}, 1); })(a, zeros({0}, i64)), a));
  CHECK(contains(error_of([&] { cat(std::vector<Tensor>{}); }), "cat: no tensors"));
  CHECK(contains(error_of([&] { stack({a, tensor(1)}); }), "stack: shapes differ: [1, 2] and []"));
  CHECK(contains(error_of([&] { stack({a, b}); }), "stack: "));
  CHECK(contains(error_of([&] { stack({a, a}, 3); }), "stack: axis 3 is out of range"));
  CHECK(equal(compile([](Tensor x, Tensor y) { return cat({x, y, x}, 0); })(a, b), cat({a, b, a})));
}

TEST_CASE("join: closeness and equality") {
  CHECK(allclose(tensor({1.0, 2.0}), tensor({1.0, 2.00001})));
  CHECK(!allclose(tensor({1.0, 2.0}), tensor({1.0, 2.1})));
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  CHECK(!allclose(tensor({nan}), tensor({nan})));
  CHECK(allclose(tensor({nan, inf}), tensor({nan, inf}), 1e-5, 1e-8, true));
  CHECK(!allclose(tensor({1.0}), tensor({inf})));
  CHECK(allclose(tensor({true, false}), tensor({true, false})));
  CHECK(!allclose(tensor({true, false}), tensor({true, true})));
  CHECK(!allclose(tensor({INT64_MIN}), tensor({INT64_MAX})));
  CHECK(allclose(tensor({INT64_MIN}), tensor({INT64_MAX}), 3));
  CHECK(!allclose(tensor({(1LL << 62) + 1}), tensor({1LL << 62}), 0, 0));
  CHECK(allclose(tensor({100000}, i32), tensor({100001})));
  CHECK(!allclose(tensor({10}, i32), tensor({11})));
  CHECK(allclose(tensor({1}), tensor({true})));
  CHECK(contains(error_of([] { allclose(zeros({2}), zeros({3})); }), "allclose: "));
  CHECK(contains(error_of([] { equal(zeros({2}), Tensor()); }), "equal: the tensor is undefined"));
  CHECK(!equal(tensor({1, 2}), tensor({1, 2, 3})));
  CHECK(equal(tensor({1, 2}), tensor({1, 2})));
}
