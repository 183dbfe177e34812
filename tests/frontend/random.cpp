// Random tensors: the generator, eager and compiled.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("random: a seed fixes what follows, eager and compiled alike") {
  auto f = [](Tensor x) {
    const Tensor a = randn({3, 4}), b = rand({5}), c = randint(-3, 3, {7});
    return std::tuple(a + x, b, c);
  };
  auto g = compile(f);
  const Tensor x = zeros({1});
  manual_seed(42);
  auto [a, b, c] = f(x);
  auto [a2, b2, c2] = f(x);
  manual_seed(42);
  auto [d, e, h] = g(x);
  auto [d2, e2, h2] = g(x);
  CHECK(equal(a, d));
  CHECK(equal(b, e));
  CHECK(equal(c, h));
  CHECK(equal(a2, d2));
  CHECK(equal(b2, e2));
  CHECK(equal(c2, h2));
  CHECK(!equal(a, a2));
  CHECK(g.stats().compiles == 1);
}

TEST_CASE("random: distributions") {
  manual_seed(7);
  const Tensor u = rand({10000}), n = randn({10000}), k = randint(2, 5, {10000});
  CHECK(u.amin().item() >= 0);
  CHECK(u.amax().item() < 1);
  CHECK(near(u.mean().item(), 0.5, 0.02));
  CHECK(near(n.mean().item(), 0, 0.05));
  CHECK(near(n.std().item(), 1, 0.05));
  CHECK(k.amin().item<int>() == 2);
  CHECK(k.amax().item<int>() == 4);
  CHECK(rand_like(zeros({2, 3}, f64)).dtype() == f64);
  CHECK(randint(10, {2}, i32).dtype() == i32);
}

namespace {
template <class... Args>
concept RandintTakes = requires(const Args&... args) { randint(args...); };
} // namespace

TEST_CASE("random: the shape of randint is a list") {
  STATIC_REQUIRE(!RandintTakes<int, int>); // low and high without a shape, or high and one size?
  STATIC_REQUIRE(!RandintTakes<int64_t, Dim>);
  STATIC_REQUIRE(!RandintTakes<int, int, DType>);
  STATIC_REQUIRE(RandintTakes<int, int, int>);
  STATIC_REQUIRE(RandintTakes<int, Shape>);
  const Tensor x = randint(1, 10, {50}), y = randint(10, {50}), z = randint(1, 10, 50);
  CHECK(x.shape() == Shape{50});
  CHECK(y.shape() == Shape{50});
  CHECK(z.shape() == Shape{50});
  CHECK(x.amin().item<int>() >= 1);
}

TEST_CASE("random: errors of random functions") {
  CHECK(contains(error_of([] { rand({2}, i64); }), "rand: needs a floating dtype, not i64"));
  CHECK(
      contains(error_of([] { randint(0, 1LL << 40, {3}, i32); }), "randint: [0, 1099511627776) does not fit into i32"));
  CHECK(randint(INT32_MAX, 1LL << 31, {3}, i32)[0].item<int>() == INT32_MAX);
  CHECK(contains(error_of([] { randint(3, 3, {2}); }), "randint: no integer lies in [3, 3)"));
  CHECK(contains(error_of([] {
                   compile([](Tensor x) {
                     manual_seed(1);
                     return x + 1;
                   })(tensor(1));
                 }),
                 "manual_seed: not inside a compiled function"));
}
