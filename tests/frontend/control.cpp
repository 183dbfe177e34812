// cond, while_loop and scan: eager and compiled alike, over tensors and what is made of them; writes and random draws
// in lambdas; what is refused, with its lines. Covers: trace_regions
#include "tests/frontend/support.h"

#include <random>
#include <set>
#include <thread>

using namespace ogee;
using namespace ogee::tests;

namespace {

struct Sums {
  Tensor sum, count;
};

/// The text of f(args…) run eagerly, after a check that it is the same compiled.
template <class F, class... Args>
std::string both(const F& f, const Args&... args) {
  const std::string eager = text(f(args...));
  CHECK(text(compile(f)(args...)) == eager);
  return eager;
}

} // namespace

TEST_CASE("control: cond") {
  auto f = [](Tensor x) { return cond((x > 0).all(), [&] { return x * 2; }, [&] { return -x; }); };
  CHECK(both(f, tensor({1.0, 2.0})) == "tensor([2., 4.])");
  CHECK(both(f, tensor({1.0, -2.0})) == "tensor([-1.,  2.])");
  auto g = compile(f);
  g(tensor({1.0, 2.0}));
  g(tensor({1.0, -2.0}));
  CHECK(g.stats().compiles == 1);
  CHECK(contains(g.ir(), "ogee.cond"));

  auto nested = [](Tensor x) {
    return cond(x > 0, [&] { return cond(x > 1, [&] { return x * 10; }, [&] { return x; }); }, [&] { return x - 1; });
  };
  for (double x : {2.0, 0.5, -1.0}) both(nested, tensor(x));
}

TEST_CASE("control: cond with structs, and with sizes that are named") {
  auto f = [](Tensor x) {
    Sums s = cond(x.sum() > 0, [&] { return Sums{x.sum(), tensor(1)}; }, [&] { return Sums{x.mean(), tensor(0)}; });
    return s.sum * s.count;
  };
  CHECK(both(f, tensor({1.0, 2.0})) == "tensor(3.)");
  CHECK(both(f, tensor({-1.0, -2.0})) == "tensor(-0.)");
  auto h =
      compile([](Tensor x) { return cond(x.sum() > 0, [&] { return x - x.mean(); }, [&] { return x + x.mean(); }); },
              {.dims = {{0, 0, dim("n", 1, 9)}}});
  CHECK(text(h(tensor({1.0, 3.0}))) == "tensor([-1.,  1.])");
  CHECK(text(h(tensor({-1.0, -3.0, -5.0}))) == "tensor([-4., -6., -8.])");
  CHECK(h.stats().compiles == 1);
}

TEST_CASE("control: while_loop") {
  auto doubled = [](Tensor x, Tensor limit) {
    return while_loop([&](Tensor v) { return v < limit; }, [](Tensor v) { return v * 2; }, x);
  };
  CHECK(both(doubled, tensor(3.0), tensor(20.0)) == "tensor(24.)");
  CHECK(both(doubled, tensor(30.0), tensor(20.0)) == "tensor(30.)");
  auto limited = [](Tensor x) {
    return while_loop([](Tensor v) { return v < 1000; }, [](Tensor v) { return v * 2; }, x, {.max_trips = 3});
  };
  CHECK(both(limited, tensor(1.0)) == "tensor(8.)");
  auto gcd = [](Tensor a, Tensor b) {
    auto [x, y] = while_loop([](Tensor, Tensor v) { return v != 0; },
                             [](Tensor u, Tensor v) { return std::tuple(v, remainder(u, v)); }, std::tuple(a, b));
    return x;
  };
  CHECK(both(gcd, tensor(48), tensor(18)) == "tensor(6)");
  auto state = [](Tensor x) {
    return while_loop([](Sums s) { return s.sum < 10; }, [&](Sums s) { return Sums{s.sum + x, s.count + 1}; },
                      Sums{x, tensor(0)})
        .count;
  };
  CHECK(both(state, tensor(3.0)) == "tensor(3)");
}

TEST_CASE("control: scan") {
  auto sums = [](Tensor xs) {
    return scan([](Tensor s, Tensor x) { return std::pair(s + x, s * x); }, zeros({2}), xs);
  };
  const Tensor xs = tensor({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}});
  const auto [last, products] = sums(xs);
  CHECK(text(last) == "tensor([ 9., 12.])");
  CHECK(text(products) == "tensor([[ 0.,  0.],\n        [ 3.,  8.],\n        [20., 36.]])");
  const auto [last2, products2] = compile(sums)(xs);
  CHECK(text(last2) == text(last));
  CHECK(text(products2) == text(products));

  // A recurrent layer over a struct of parts, for sequences of any length.
  manual_seed(3);
  const Tensor w = randn({4, 4});
  auto layer = [&](Tensor h, Sums parts) {
    auto [end, all] = scan(
        [&](Tensor state, Sums part) {
          Tensor next = tanh(matmul(state, w) + part.sum) * part.count;
          return std::pair(next, std::tuple(next, next.sum()));
        },
        h, parts);
    return end + std::get<0>(all).sum(0) + std::get<1>(all).sum();
  };
  auto compiled = compile(layer, {.dims = {{1, 0, dim("t", 0, 64)}}});
  for (int64_t t : {1, 5}) {
    const Sums parts{randn({t, 2, 4}), rand({t})};
    const Tensor h = randn({2, 4});
    CHECK(allclose(layer(h, parts), compiled(h, parts)));
  }
  CHECK(compiled.stats().compiles == 1);
  CHECK(text(compiled(zeros({2, 4}), Sums{zeros({0, 2, 4}), zeros({0})}).sum()) == "tensor(0.)");
}

TEST_CASE("control: a scan over no parts gives stacks of none") {
  auto f = [](Tensor init, Tensor xs) {
    return scan([](Tensor s, Tensor e) { return std::pair(s + e.sum(), std::pair(e * s, e > 0)); }, init, xs);
  };
  const auto check = [](const auto& result) {
    CHECK(text(result.first) == "tensor(2.)");
    CHECK(result.second.first.shape() == Shape({0, 4}));
    CHECK(result.second.first.dtype() == f32);
    CHECK(result.second.second.dtype() == boolean);
  };
  check(f(tensor(2.0), zeros({0, 4})));
  check(compile(f)(tensor(2.0), zeros({0, 4})));
}

TEST_CASE("control: writes in lambdas") {
  for (bool is_compiled : {false, true}) {
    Tensor w = tensor({1.0, 2.0}), seen = tensor(0);
    auto f = [&](Tensor x) {
      cond(
          x > 0,
          [&] {
            w += x;
            seen += 1;
          },
          [&] { w[0] = 7; });
      return while_loop([&](Tensor k) { return k < 2; },
                        [&](Tensor k) {
                          w *= 2;
                          return k + 1;
                        },
                        tensor(0));
    };
    auto g = compile(f);
    for (double x : {1.0, -1.0}) is_compiled ? g(tensor(x)) : f(tensor(x));
    CHECK(text(w) == "tensor([28., 48.])");
    CHECK(text(seen) == "tensor(1)");
  }
}

TEST_CASE("control: random draws go on where they were, whatever has run") {
  auto f = [](Tensor x) {
    Tensor a = rand({2});
    Tensor b = cond(x > 0, [&] { return rand({2}) + rand({2}); }, [&] { return zeros({2}); });
    auto [c, all] = scan([](Tensor s, Tensor) { return std::pair(s + rand({2}), rand({1})); }, b, zeros({3}));
    return a + b + c + all.sum() + rand({2});
  };
  auto g = compile(f);
  for (double x : {1.0, -1.0}) {
    manual_seed(5);
    const std::string first = text(f(tensor(x))), after = text(rand({2}));
    manual_seed(5);
    CHECK(text(g(tensor(x))) == first);
    CHECK(text(rand({2})) == after);
  }
}

TEST_CASE("control: threads draw different numbers, however many a call turns out to need") {
  auto f = compile([](Tensor x) {
    return while_loop([](Tensor, Tensor n) { return n < 3; },
                      [](Tensor sum, Tensor n) { return std::tuple(sum + rand({1}, f64), n + 1); },
                      std::tuple(x, tensor(0)));
  });
  std::vector<std::vector<double>> drawn(4);
  std::vector<std::thread> threads;
  for (std::vector<double>& mine : drawn)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) mine.push_back(std::get<0>(f(zeros({1}, f64))).item<double>());
    });
  for (std::thread& thread : threads) thread.join();
  std::set<double> all;
  for (const std::vector<double>& mine : drawn) all.insert(mine.begin(), mine.end());
  CHECK(all.size() == 200);
}

TEST_CASE("control: what is carried keeps its form") {
  const Tensor x = ones({3});
  std::string made, given;
  auto grow = [&](Tensor v) {
    Tensor start = (made = OGEE_HERE, v * 2);
    return while_loop([](Tensor t) { return t.sum() < 9; },
                      [&](Tensor t) {
                        Tensor next = (given = OGEE_HERE, cat({t, t}));
                        return next;
                      },
                      start);
  };
  const std::string message = error_of([&] { compile(grow)(x); });
  CHECK(contains(message, "while_loop: carried value 0 is f32 [3] at " + made));
  CHECK(contains(message, ", but the body gives f32 [6] at " + given));
  CHECK(contains(error_of([&] {
                   compile([](Tensor v) { return cond(v.sum() > 0, [&] { return v; }, [&] { return v.to(f64); }); })(x);
                 }),
                 "cond: result 0 is f32 [3]"));
  CHECK(contains(error_of([&] {
                   compile([](Tensor v) {
                     return scan([](Tensor s, Tensor e) { return std::pair(s.sum(), e); }, v, v).first;
                   })(x);
                 }),
                 "scan: carried value 0 is f32 [3]"));
  struct Mixed {
    Tensor t;
    int number;
  };
  CHECK(contains(error_of([&] {
                   compile([](Tensor v) {
                     return while_loop([](Mixed m) { return m.t.sum() < 1; },
                                       [](Mixed m) { return Mixed{m.t, m.number + 1}; }, Mixed{v, 1})
                         .t;
                   })(x);
                 }),
                 "while_loop: the plain value `number` is 1 and then 2"));
}

TEST_CASE("control: what is refused") {
  const Tensor x = ones({3});
  auto id = [&] { return x; };
  CHECK(contains(error_of([&] { cond(x > 0, id, id); }), "cond: the condition is bool [3], needs one bool"));
  CHECK(contains(error_of([&] { compile([&](Tensor v) { return cond(v, id, id); })(x); }),
                 "cond: the condition is f32 [3], needs one bool"));
  CHECK(contains(error_of([&] {
                   while_loop([](Tensor t) { return t.sum() < 0; }, [](Tensor t) { return t; }, x, {.max_trips = -1});
                 }),
                 "while_loop: max_trips is -1, needs 0 or more"));
  CHECK(contains(error_of([&] { cond(Tensor(), id, id); }), "cond: the tensor is undefined at control.cpp"));
  CHECK(
      contains(error_of([&] { compile([&](Tensor v) { return cond(v.sum() > 0, id, [] { return Tensor(); }); })(x); }),
               "cond: the tensor is undefined at control.cpp"));
  std::function<Tensor(Tensor, int)> deep = [&](Tensor v, int n) -> Tensor {
    return n == 0 ? v : cond(v.sum() > 0, [&] { return deep(v, n - 1); }, [&] { return v + n; });
  };
  CHECK(contains(error_of([&] { compile([&](Tensor v) { return deep(v, 60); })(x); }),
                 "that is too deep at control.cpp"));
  auto pass = [](Tensor s, Tensor e) { return std::pair(s, e); };
  CHECK(contains(error_of([&] { scan(pass, x, tensor(1.0)); }), "scan: cannot scan over a tensor of rank 0"));
  CHECK(contains(error_of([&] { scan([](Tensor s, Tensor e) { return std::pair(s.sum(), e); }, x, zeros({0, 2})); }),
                 "scan: carried value 0 is f32 [3], but the body gives f32 []"));
  auto two = [](Tensor s, std::pair<Tensor, Tensor> e) { return std::pair(s, e.first); };
  for (bool is_compiled : {false, true})
    CHECK(contains(error_of([&] {
                     auto f = [&](Tensor v) { return scan(two, v, std::pair(v, ones({4}))).first; };
                     is_compiled ? compile(f)(x) : f(x);
                   }),
                   "scan: the tensors to scan over have 3 and 4 parts"));
  Tensor kept;
  CHECK(contains(error_of([&] {
                   compile([&](Tensor v) {
                     cond(v.sum() > 0, [&] { kept = v * 2; }, [] {});
                     return kept + 1;
                   })(x);
                 }),
                 "in a branch or the body of a loop is used after that has ended at "));
  CHECK(contains(error_of([&] {
                   compile([&](Tensor v) {
                     Tensor w = v + 0;
                     return while_loop(
                         [&](Tensor t) {
                           w += 1;
                           return t.sum() < 3;
                         },
                         [](Tensor t) { return t + 1; }, v);
                   })(x);
                 }),
                 "while_loop: the test writes to a tensor"));
}

TEST_CASE("control: an exception in a lambda leaves the trace as it was") {
  auto f = compile([](Tensor x) {
    Tensor y = x + 1;
    try {
      cond(x.sum() > 0, [&]() -> Tensor { return y += 1, throw std::runtime_error("no"), y; }, [&] { return y; });
    } catch (const std::runtime_error&) {}
    return y * 2;
  });
  CHECK(text(f(tensor({1.0, 2.0}))) == "tensor([4., 6.])");
}

TEST_CASE("control: gradients") {
  auto branch = [](Tensor x) { return cond(x > 0, [&] { return pow(x, 2); }, [&] { return pow(x, 3); }); };
  CHECK(text(grad(branch)(tensor(2.0))) == "tensor(4.)");
  CHECK(text(grad(branch)(tensor(-2.0))) == "tensor(12.)");
  CHECK(text(hessian(branch)(tensor(-2.0))) == "tensor(-12.)");

  auto power = [](Tensor x) { // x to the 4
    return scan([&](Tensor p, Tensor) { return std::pair(p * x, p); }, ones({}), zeros({4})).first;
  };
  CHECK(text(grad(power)(tensor(2.0))) == "tensor(32.)");
  CHECK(text(hessian(power)(tensor(2.0))) == "tensor(48.)");
  CHECK(text(jvp(power)(tensor(2.0), tensor(3.0)).second) == "tensor(96.)");

  // 2^k x from 3 up to 20 doubles three times.
  auto doubled = [](Tensor x) {
    return while_loop([](Tensor v) { return v < 20; }, [](Tensor v) { return v * 2; }, x, {.max_trips = 10});
  };
  const auto [value, gradient] = value_and_grad(doubled)(tensor(3.0));
  CHECK(text(value) == "tensor(24.)");
  CHECK(text(gradient) == "tensor(8.)");

  // Differentiated inside a body; a write in a branch.
  auto descent = [](Tensor x) {
    auto f = [](Tensor v) { return square(v - 1).sum(); };
    return scan([&](Tensor v, Tensor) { return std::pair(v - 0.25 * grad(f)(v), f(v)); }, x, zeros({8})).second;
  };
  CHECK(near(compile(descent)(tensor({3.0, 5.0}))[7].item(), 20.0 / (1 << 14), 1e-6));
  auto written = [](Tensor x) {
    Tensor y = x * 1;
    cond(x.sum() > 0, [&] { y[0] *= 3; }, [&] { y += 1; });
    return (y * y).sum();
  };
  CHECK(text(grad(written)(tensor({1.0, 2.0}))) == "tensor([18.,  4.])");
}

TEST_CASE("control: a loop without max_trips has no gradient") {
  auto f = [](Tensor x) { return while_loop([](Tensor v) { return v < 20; }, [](Tensor v) { return v * 2; }, x); };
  const std::string message = error_of([&] { grad(f)(tensor(1.0)); });
  CHECK(contains(message, "while_loop"));
  CHECK(contains(message, "max_trips"));
  CHECK(contains(message, "scan"));
  CHECK(contains(message, "control.cpp:"));
  INFO(message);
  CHECK(message.find('\n') == std::string::npos);
}

namespace {

using Tensors = std::vector<Tensor>;

/// A function of three tensors of four elements made at random, the same for one seed: views, writes, products, and
/// choices and loops up to `depth` in each other.
Tensors random_body(const Tensors& carried, const Tensors& more, int depth, uint64_t seed) {
  std::mt19937_64 random(seed * 104729 + static_cast<uint64_t>(depth));
  Tensors pool = carried;
  pool.insert(pool.end(), more.begin(), more.end());
  const auto any = [&] { return pool[random() % pool.size()]; };
  for (uint64_t left = 2 + random() % 6; left > 0; --left) {
    const Tensor a = any(), b = any();
    const uint64_t next = random(), limit = random() % 4;
    switch (random() % (depth > 0 ? 11 : 8)) {
    case 0: pool.push_back(a + b); break;
    case 1: pool.push_back(tanh(a * b)); break;
    case 2: pool.push_back(a * 0.5); break;
    case 3: pool.push_back(cat({b.slice(0, 1, 4), a.slice(0, 0, 1)})); break;
    case 4: pool.push_back(a - a.mean()); break;
    case 5: pool.push_back(flip(a, 0)); break;
    case 6: pool.push_back(matmul(a.reshape({2, 2}), b.reshape({2, 2})).reshape({4}) * 0.3); break;
    case 7: {
      Tensor written = a * 1;
      written[1] = 0.25;
      pool.push_back(written + b);
      break;
    }
    case 8:
      pool.push_back(cond(
          a.sum() > b.sum(), [&] { return random_body({a, b, pool[0]}, {}, depth - 1, next)[0]; },
          [&] { return random_body({b, a, pool[1]}, {}, depth - 1, next + 1)[1]; }));
      break;
    case 9: {
      const auto step = [&](Tensors state, Tensor part) {
        Tensors renewed = random_body(state, {part, b}, depth - 1, next);
        return std::pair(renewed, Tensors{renewed[0], state[1]});
      };
      const auto [last, all] = scan(step, Tensors{a, b, any()}, stack({a, b, a}));
      pool.insert(pool.end(), {last[0] + last[2], all[0].sum(0) * 0.3, all[1][2]});
      break;
    }
    case 10: {
      using Counted = std::pair<Tensor, Tensors>;
      const auto last =
          while_loop([&](Counted c) { return c.first < static_cast<int64_t>(limit); },
                     [&](Counted c) { return Counted(c.first + 1, random_body(c.second, {a}, depth - 1, next)); },
                     Counted(tensor(0), {a, b, a}), {.max_trips = 3});
      pool.insert(pool.end(), {last.second[0] + last.second[1] * 0.5, last.second[2]});
      break;
    }
    }
  }
  Tensors results;
  for (size_t i = 0; i < carried.size(); ++i) results.push_back(tanh(any()) * 0.9);
  if (random() % 3 == 0) results = {carried[1], carried[0], results[2]};
  return results;
}

} // namespace

TEST_CASE("control: random programs, their gradients by differences") {
  for (uint64_t seed = 0; seed < 24; ++seed) {
    INFO("seed " << seed);
    manual_seed(seed);
    const Tensor x = randn({4}, f64), y = randn({4}, f64);
    const auto f = [&](Tensor v) {
      const Tensors all = random_body({v, y, v * y}, {}, 2, seed);
      return ((all[0] + all[1] * 2 + all[2] * 3) * y).sum();
    };
    CHECK(allclose(f(x), compile(f)(x)));
    const Tensor gradient = grad(f)(x);
    const double step = 1e-6;
    for (int64_t i = 0; i < 4; ++i) {
      Tensor above = x.clone(), below = x.clone();
      above[i] += step;
      below[i] -= step;
      const double expected = (f(above).item() - f(below).item()) / (2 * step);
      CHECK(near(gradient[i].item(), expected, 1e-4 * (1 + std::abs(expected))));
    }
  }
}
