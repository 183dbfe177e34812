// Walks over the tape: what runs for which gradients, how often, and the same in a trace.
#include "tests/frontend/support.h"

#include <thread>

using namespace ogee;
using namespace ogee::tests;

namespace {

/// The same in a trace and outside of it.
template <class F>
void both(const F& body) {
  SECTION("eager") {
    body([](const auto& f, const auto&... x) { return f(x...); });
  }
  SECTION("compiled") {
    body([](const auto& f, const auto&... x) { return compile(f)(x...); });
  }
}

} // namespace

TEST_CASE("backward: gradients of some inputs run what leads to these alone") {
  const Tensor w = ones({2}).requires_grad_(), v = ones({2}).requires_grad_();
  std::string calls;
  const auto notes = [&](const Tensor& x, const char* name) {
    x.register_hook([&calls, name](const Tensor&) {
      calls += name;
      return Tensor();
    });
  };
  const Tensor h = w * w, m = v * v, y = (h * m).sum();
  notes(w, "w"), notes(v, "v"), notes(h, "h"), notes(m, "m");
  const autograd::Options keep{.retain_graph = true};
  CHECK(text(autograd::grad({y}, {w}, {}, keep)[0]) == "tensor([2., 2.])");
  CHECK(std::exchange(calls, "") == "hw");
  CHECK(text(autograd::grad({y}, {h}, {}, keep)[0]) == "tensor([1., 1.])");
  CHECK(std::exchange(calls, "") == "h");
  const std::vector<Tensor> two = autograd::grad({y}, {h, w});
  CHECK(text(two[0]) == "tensor([1., 1.])");
  CHECK(text(two[1]) == "tensor([2., 2.])");
  CHECK(std::exchange(calls, "") == "hw");
  m.sum().backward(); // what was not run has kept what it needs
  CHECK(std::exchange(calls, "") == "mv");
  CHECK(text(v.grad()) == "tensor([2., 2.])");
  CHECK(!w.grad().defined());
}

TEST_CASE("backward: operations without a gradient are no matter where none is asked for") {
  const Tensor w = ones({2}).requires_grad_(), v = ones({2}).requires_grad_();
  const Tensor loop = while_loop([](Tensor x) { return x.sum() < 5; }, [](Tensor x) { return x * 2; }, v);
  auto last = compile(
      [](Tensor x) { return while_loop([](Tensor x) { return x.sum() < 5; }, [](Tensor x) { return x * 2; }, x); });
  CHECK(text(autograd::grad({(w * last(v)).sum()}, {w})[0]) == "tensor([4., 4.])");
  CHECK(contains(error_of([&] { autograd::grad({(w * last(v)).sum()}, {v}); }), "max_trips"));
}

TEST_CASE("backward: a second walk needs what the first one has kept") {
  both([](const auto& run) {
    auto twice = [](auto function, std::optional<bool> retain) {
      return [=](Tensor x) {
        Tensor w = x.clone().requires_grad_();
        const Tensor y = function(w);
        y.backward({}, retain);
        y.backward();
        return w.grad();
      };
    };
    const Tensor x = tensor({1.0, 2.0});
    auto squares = [](Tensor w) { return (w * w).sum(); };
    auto scanned = [](Tensor w) {
      auto [h, ys] = scan([](Tensor h, Tensor p) { return std::pair(h * p, h + p); }, ones({}), w);
      return h + ys.sum();
    };
    const std::string message = error_of([&] { run(twice(squares, {}), x); });
    CHECK(contains(message, "backward: what was saved has been dropped by an earlier backward at backward.cpp:"));
    CHECK(contains(message, "; hint: retain_graph"));
    CHECK(contains(error_of([&] { run(twice(scanned, {}), x); }), "dropped by an earlier backward at backward.cpp:"));
    CHECK(text(run(twice(squares, true), x)) == "tensor([4., 8.])");
    CHECK(text(run(twice(scanned, true), x)) == "tensor([8., 4.])");
    // Sums and multiples keep no elements.
    CHECK(text(run(twice([](Tensor w) { return (w + w * 2).mean(); }, {}), x)) == "tensor([3., 3.])");
  });
}

TEST_CASE("backward: autograd::grad is the same in a trace") {
  both([](const auto& run) {
    const Tensor x = ones({2});
    auto cubes = [](bool create_graph) {
      return [=](Tensor x) {
        Tensor w = x.clone().requires_grad_();
        const Tensor g =
            autograd::grad({pow(w, 3).sum()}, {w}, {}, {.retain_graph = true, .create_graph = create_graph})[0];
        (g * w).sum().backward();
        return w.grad();
      };
    };
    CHECK(text(run(cubes(false), x)) == "tensor([3., 3.])");
    CHECK(text(run(cubes(true), x)) == "tensor([9., 9.])");

    auto unused = [](bool allow) {
      return [=](Tensor x) {
        Tensor w = x.clone().requires_grad_(), v = x.clone().requires_grad_();
        const std::vector<Tensor> found = autograd::grad({(w * w).sum()}, {w, v}, {}, {.allow_unused = allow});
        return found[0] + (found[1].defined() ? 1.0 : 0.0);
      };
    };
    CHECK(contains(error_of([&] { run(unused(false), x); }), "grad: no output depends on the input of shape [2]"));
    CHECK(text(run(unused(true), x)) == "tensor([2., 2.])");
    CHECK(contains(error_of([&] {
                     run([](Tensor x) { return autograd::grad({(x.clone().requires_grad_() * 2).sum()}, {x})[0]; }, x);
                   }),
                   "grad: an input of shape [2] does not require a gradient"));

    const Tensor hooked = ones({2}).requires_grad_();
    hooked.register_hook([](const Tensor& gradient) { return gradient * 10; });
    auto through = [&](Tensor x) { return autograd::grad({(hooked * hooked * x).sum()}, {hooked})[0]; };
    CHECK(text(run(through, x)) == "tensor([20., 20.])");
  });
}

TEST_CASE("backward: threads that read one view find the same history") {
  for (int round = 0; round < 20; ++round) {
    const Tensor w = ones({4, 4}).requires_grad_();
    Tensor base = w * 1;
    const Tensor view = base.t();
    base.mul_(2.0); // the next one to read the view derives it again
    std::vector<Tensor> sums(4);
    std::vector<std::thread> threads;
    for (Tensor& sum : sums) threads.emplace_back([&] { sum = (view * 2).sum(); });
    for (std::thread& thread : threads) thread.join();
    (sums[0] + sums[1] + sums[2] + sums[3]).backward();
    REQUIRE(equal(w.grad(), full({4, 4}, 16.0)));
  }
}

TEST_CASE("backward: gradients of a compiled function's gradient need it no more") {
  const Tensor w = tensor({1.0, 2.0}).requires_grad_();
  Tensor gradient;
  {
    auto cubes = compile([](Tensor x) { return (x * x * x).sum(); });
    gradient = autograd::grad({cubes(w)}, {w}, {}, {.create_graph = true})[0];
  }
  const Tensor second = autograd::grad({gradient.sum()}, {w}, {}, {.create_graph = true})[0];
  gradient = Tensor();
  CHECK(text(second.detach()) == "tensor([ 6., 12.])");
  second.sum().backward();
  CHECK(text(w.grad()) == "tensor([6., 6.])");
}
