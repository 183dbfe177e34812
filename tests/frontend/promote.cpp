// Type promotion.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("promote: tensors, rank-0 tensors, numbers") {
  const Tensor f = tensor({1.0}), d = tensor({1.0}, f64), i = tensor({1}), s = tensor({1}, i32), b = tensor({true});
  CHECK((f + d).dtype() == f64);
  CHECK((i + s).dtype() == i64);
  CHECK((i + f).dtype() == f32);
  CHECK((b + s).dtype() == i32);
  CHECK((f + 1).dtype() == f32);
  CHECK((s + 1).dtype() == i32);
  CHECK((s + 1.5).dtype() == f32);
  CHECK((b + 1).dtype() == i64);
  CHECK((d + 1.5).dtype() == f64);
  CHECK((f + tensor(1.0, f64)).dtype() == f32); // a rank-0 tensor counts by its kind
  CHECK((i + tensor(1.0, f64)).dtype() == f64);
  CHECK((s + tensor(1)).dtype() == i32);
  CHECK((tensor(1, i32) + 1).dtype() == i32);
  CHECK((tensor(1, i32) + tensor(1)).dtype() == i64);
}

TEST_CASE("promote: the same in a trace") {
  auto check = [](auto f, const Tensor& x, const Tensor& y) { CHECK(compile(f)(x, y).dtype() == f(x, y).dtype()); };
  auto sum = [](Tensor x, Tensor y) { return x + y * 2; };
  check(sum, tensor({1}, i32), tensor({1.0}));
  check(sum, tensor({1.0}), tensor(1.0, f64));
  check(sum, tensor({true}), tensor({false}));
}
