// Gradients within a trace follow the rules of eager code.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("trace_grad: what is not recorded passes no gradient") {
  auto f = [](Tensor x) {
    const Tensor fixed = x.detach() * x;
    Tensor part;
    {
      const NoGradGuard off;
      part = exp(x);
    }
    return (fixed * part).sum();
  };
  const Tensor x = tensor({1.0, 2.0}, f64), expected = x * exp(x);
  CHECK(allclose(grad(f)(x), expected));
  const Tensor leaf = x.clone().requires_grad_();
  f(leaf).backward();
  CHECK(allclose(leaf.grad(), expected));
  Tensor captured = x.clone().requires_grad_();
  compile([&] { f(captured).backward(); })();
  CHECK(allclose(captured.grad(), expected));
}

TEST_CASE("trace_grad: arguments, leaves of the trace, what is asked of them") {
  const Tensor x = tensor({1.0, 2.0}).requires_grad_();
  auto f = compile([](Tensor x) {
    CHECK(x.requires_grad());
    CHECK(x.is_leaf());
    const Tensor y = x * 3;
    CHECK(y.requires_grad());
    CHECK(!y.is_leaf());
    CHECK(!(y > 1).requires_grad());
    CHECK(!y.detach().requires_grad());
    y.retain_grad();
    const Tensor mine = ones({2}).requires_grad_();
    (y * y * mine).sum().backward();
    return std::tuple(y.grad(), mine.grad());
  });
  const auto [dy, mine] = f(x);
  CHECK(text(dy) == "tensor([ 6., 12.])");
  CHECK(text(mine) == "tensor([ 9., 36.])");
  CHECK(text(x.grad()) == "tensor([18., 36.])");
  f(x);
  CHECK(text(x.grad()) == "tensor([36., 72.])");
  CHECK(f.stats().compiles == 1);
}

TEST_CASE("trace_grad: higher orders") {
  Tensor x = tensor({1.0, 2.0}, f64).requires_grad_();
  auto f = compile([&] {
    pow(x, 3).sum().backward({}, {}, /*create_graph=*/true);
    const Tensor norm = x.grad().square().sum(); // 9 x⁴
    x.set_grad({});
    norm.backward();
  });
  f();
  CHECK(allclose(x.grad(), 36 * pow(x.detach(), 3)));
}

TEST_CASE("trace_grad: what is detached is a view: it sees writes, and changes elements alone") {
  const auto f = [](Tensor x) {
    Tensor y = x * 2;
    const Tensor before = y.detach();
    y[0] = x[1] * x[0];
    y.detach().slice(0, 1, 3).mul_(3);
    const Tensor leaf = before.detach().requires_grad_();
    return std::tuple<Tensor, Tensor, Tensor>(y * x, before * x, leaf * y);
  };
  const Tensor x = tensor({1.5, 2.0, -3.0}, f64);
  const auto [a, b, c] = f(x);
  const auto [d, e, g] = compile(f)(x);
  CHECK(equal(a, d));
  CHECK(equal(b, e));
  CHECK(equal(c, g));
  CHECK(equal(b, tensor({4.5, 24.0, 54.0}, f64)));
  const auto sums = [&](const Tensor& x) {
    const auto [a, b, c] = f(x);
    return (a + b + c).sum();
  };
  const Tensor eager = x.clone().requires_grad_();
  sums(eager).backward();
  CHECK(allclose(grad([&](Tensor x) { return sums(x); })(x), eager.grad(), 1e-12, 1e-12));

  Tensor w = ones({3}).requires_grad_(); // a step without NoGradGuard
  auto step = compile([&] {
    (w * w).sum().backward();
    w.detach().sub_(0.25 * w.grad());
    w.set_grad({});
  });
  step();
  step();
  CHECK(text(w.detach()) == "tensor([0.2500, 0.2500, 0.2500])");
}

TEST_CASE("trace_grad: writes within and without recording") {
  auto f = [](Tensor& x) {
    Tensor y = x * 2;
    y[0] = x[1] * x[1];
    {
      const NoGradGuard off; // the elements change, the history does not
      y *= 10;
    }
    (y * y).sum().backward();
  };
  Tensor eager = tensor({1.0, 2.0}, f64).requires_grad_(), traced = eager.detach().clone().requires_grad_();
  f(eager);
  compile([&] { f(traced); })();
  CHECK(allclose(eager.grad(), traced.grad()));
}

TEST_CASE("trace_grad: hooks of leaves run in the trace") {
  Tensor x = tensor({1.0, 2.0}).requires_grad_();
  x.register_hook([](const Tensor& gradient) { return gradient * 2; });
  compile([&] { (x * x).sum().backward(); })();
  CHECK(text(x.grad()) == "tensor([4., 8.])");
}

TEST_CASE("trace_grad: a flag that a trace has read is looked at again") {
  Tensor w = tensor(2.0);
  auto f = compile([&](Tensor x) { return w.requires_grad() ? x : -x; });
  CHECK(f(tensor(1.0)).item() == -1);
  w.requires_grad_();
  CHECK(f(tensor(1.0)).item() == 1);
  CHECK(contains(f.stats().reasons[0], "requires a gradient now"));
  const NoGradGuard off;
  auto g = compile([](Tensor x) { return x * 1; });
  CHECK(!g(w).requires_grad());
}

TEST_CASE("trace_grad: errors") {
  Tensor x = tensor({1.0, 2.0}).requires_grad_();
  const Tensor y = x * 2;
  CHECK(contains(error_of([&] { compile([&] { y.sum().backward(); })(); }),
                 "from outside of the compiled function that is no leaf"));
  CHECK(contains(error_of([&] { compile([&] { x += 1; })(); }), "a leaf that requires a gradient"));
  CHECK(contains(error_of([&] { compile([&] { (x * 2).backward(); })(); }), "needs one element, the shape is [2]"));
  CHECK(contains(error_of([&] { compile([] { ones({1}).backward(); })(); }), "does not require a gradient"));
  Tensor z = tensor(1.0);
  CHECK(contains(error_of([&] { compile([&] { z.requires_grad_(); })(); }), "hint: call it before"));
}

TEST_CASE("trace_grad: gradients of gradients within a step") {
  auto penalty = [](Tensor w) {
    const Tensor g = grad([](Tensor w) { return pow(w, 3).sum(); })(w);
    (g * g).sum().backward();
  };
  Tensor eager = tensor({1.0, 2.0}, f64).requires_grad_(), traced = eager.detach().clone().requires_grad_();
  penalty(eager);
  compile([&] { penalty(traced); })();
  CHECK(allclose(eager.grad(), 36 * pow(eager.detach(), 3)));
  CHECK(allclose(traced.grad(), eager.grad()));
}

TEST_CASE("trace_grad: retained gradients have their dtype and add up") {
  const Tensor x = tensor({1.0, 2.0}, f64).requires_grad_();
  auto f = compile([](Tensor x) {
    const Tensor y = x * 2;
    y.retain_grad();
    y.to(f32).sum().backward();
    (y * 3).sum().backward();
    return y.grad();
  });
  CHECK(text(f(x)) == "tensor([4., 4.], dtype=f64)");
}

TEST_CASE("trace_grad: writes under NoGradGuard within a branch are refused") {
  Tensor w = tensor({1.0, 2.0}).requires_grad_();
  auto f = compile([&](Tensor p) {
    const NoGradGuard off;
    cond(p, [&] { w.mul_(2); }, [] {});
  });
  CHECK(contains(error_of([&] { f(tensor(true)); }), "cannot be changed there under NoGradGuard"));
}

TEST_CASE("trace_grad: functions that write to their arguments are differentiated at what these were") {
  auto f = [](Tensor x) {
    x *= 3;
    return (x * x).sum();
  };
  CHECK(text(grad(f)(tensor({1.0, 2.0}))) == "tensor([18., 36.])");
  auto g = [](Tensor x) {
    x[0] = 5;
    return (x * x).sum();
  };
  CHECK(text(grad(g)(tensor({1.0, 2.0}))) == "tensor([0., 4.])");
}

TEST_CASE("trace_grad: autograd::grad within a trace") {
  Tensor w = tensor({1.0, 2.0}, f64).requires_grad_();
  auto penalty = [&] {
    const Tensor y = pow(w, 3).sum();
    const Tensor g = autograd::grad({y}, {w}, {}, {.create_graph = true})[0];
    (g * g).sum().backward();
  };
  compile(penalty)();
  CHECK(allclose(w.grad(), 36 * pow(w.detach(), 3)));
}

TEST_CASE("trace_grad: what is detached takes no value with a gradient in a trace") {
  auto f = [](Tensor x) {
    const Tensor y = x * 2;
    Tensor d = y.detach();
    d.add_(x);
    return (d * y).sum();
  };
  const char* message = "add_: in a compiled function a value with a gradient cannot be written to what detach() gave";
  CHECK(contains(error_of([&] { compile(f)(ones({2}).requires_grad_()); }), message));
  CHECK(contains(error_of([&] { grad(f)(ones({2})); }), message));
  CHECK(text(compile(f)(ones({2}))) == "tensor(18.)");
}

TEST_CASE("trace_grad: transforms see what is not recorded within branches") {
  auto f = [](Tensor x) {
    return cond(
        x.sum() > 0,
        [&] {
          const NoGradGuard off;
          return (x * x).sum();
        },
        [&] {
          Tensor fixed;
          {
            const NoGradGuard off;
            fixed = x * x;
          }
          return (fixed * x).sum();
        });
  };
  CHECK(text(grad(f)(tensor({1.0, 2.0}))) == "tensor([0., 0.])");
  CHECK(text(grad(f)(tensor({-1.0, -2.0}))) == "tensor([1., 4.])");
  auto write = [](Tensor x) {
    Tensor y = x * 1;
    cond(
        x.sum() > 0,
        [&] {
          const NoGradGuard off;
          y *= 2;
        },
        [] {});
    return (y * y).sum();
  };
  CHECK(contains(error_of([&] { grad(write)(ones({2})); }), "cannot be changed there under NoGradGuard"));
}

TEST_CASE("trace_grad: a view made where nothing is recorded has no history, whatever is written to it") {
  auto f = [](Tensor w) {
    const Tensor x = w * 1;
    Tensor view;
    {
      const NoGradGuard off;
      view = x[0];
    }
    view.add_(w[1]);
    return (view * 2).sum() + (x * x).sum();
  };
  for (bool is_compiled : {false, true}) {
    const Tensor w = tensor({{1.0, 2.0}, {3.0, 4.0}}).requires_grad_();
    (is_compiled ? compile(f)(w) : f(w)).backward();
    CHECK(text(w.grad()) == "tensor([[ 0.,  0.],\n        [14., 20.]])");
  }
}
