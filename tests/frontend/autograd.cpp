// Gradients of eager code: values, leaves, hooks, guards, errors.
// Covers: compiled_node, derivative, rule, rule_node, tape
#include "tests/frontend/support.h"

#include <thread>

using namespace ogee;
using namespace ogee::tests;

namespace {

Tensor leaf(const Values& values, DType dtype = f32) { return tensor(values, dtype).requires_grad_(); }

} // namespace

TEST_CASE("autograd: gradients accumulate in leaves") {
  const Tensor w = leaf(2.0);
  (2 * pow(w, 2) + 5).backward();
  CHECK(text(w.grad()) == "tensor(8.)");
  (3 * w).backward();
  CHECK(text(w.grad()) == "tensor(11.)");
  w.set_grad({});
  CHECK(!w.grad().defined());
  (w * w).backward(tensor(10.0));
  CHECK(text(w.grad()) == "tensor(40.)");
}

TEST_CASE("autograd: leaves, names, printing") {
  const Tensor x = leaf({1.0, 2.0});
  const Tensor y = x + 1, z = leaky_relu(y);
  CHECK(x.is_leaf());
  CHECK(!y.is_leaf());
  CHECK(y.requires_grad());
  CHECK(text(x) == "tensor([1., 2.], requires_grad=True)");
  CHECK(text(y) == "tensor([2., 3.], grad_fn=<AddBackward>)");
  CHECK(z.grad_fn().name() == "LeakyReluBackward");
  CHECK(z.grad_fn().next()[0].name() == "AddBackward");
  CHECK(text(z.grad_fn()) == "<LeakyReluBackward>");
  CHECK(text(x.grad_fn()) == "none");
  CHECK(!x.grad_fn());
  CHECK(y.detach().is_leaf());
  CHECK(!y.detach().requires_grad());
  CHECK(!argmax(x).requires_grad());
  CHECK(!(x > 1).requires_grad());
}

TEST_CASE("autograd: guards") {
  const Tensor x = leaf(3.0);
  {
    const NoGradGuard off;
    CHECK(!is_grad_enabled());
    CHECK(!(x * 2).requires_grad());
    const EnableGradGuard on;
    CHECK((x * 2).requires_grad());
  }
  CHECK(is_grad_enabled());
  CHECK(!(tensor(1.0) * 2).requires_grad());
}

TEST_CASE("autograd: broadcast, promoted and repeated operands") {
  const Tensor x = leaf({{1.0, 2.0}, {3.0, 4.0}}), b = leaf({10.0, 20.0}), s = tensor(2.0, f64).requires_grad_();
  const Tensor column = leaf({{1.0}, {2.0}});
  ((x + b) * column * s).sum().backward();
  CHECK(text(x.grad()) == "tensor([[2., 2.],\n        [4., 4.]])");
  CHECK(text(b.grad()) == "tensor([6., 6.])");
  CHECK(text(column.grad()) == "tensor([[66.],\n        [74.]])");
  CHECK(text(s.grad()) == "tensor(107., dtype=f64)");
  const Tensor y = leaf(3.0);
  (y * y * y).backward();
  CHECK(text(y.grad()) == "tensor(27.)");
}

TEST_CASE("autograd: products") {
  manual_seed(3);
  for (const auto& [a, b] : std::vector<std::pair<Dims, Dims>>{{{3, 4}, {4, 5}},
                                                               {{4}, {4, 5}},
                                                               {{3, 4}, {4}},
                                                               {{4}, {4}},
                                                               {{2, 3, 4}, {4, 5}},
                                                               {{2, 3, 4}, {2, 4, 5}},
                                                               {{2, 1, 3, 4}, {5, 4, 2}},
                                                               {{1, 4}, {4, 1}},
                                                               {{20, 30}, {30, 40}}}) {
    const Tensor x = randn(a, f64).requires_grad_(), y = randn(b, f64).requires_grad_();
    auto f = [](Tensor x, Tensor y) { return tanh(matmul(x, y)).sum(); };
    f(x, y).backward();
    const auto [dx, dy] = grad<0, 1>(f)(x.detach(), y.detach());
    CHECK(allclose(x.grad(), dx, 1e-12, 1e-12));
    CHECK(allclose(y.grad(), dy, 1e-12, 1e-12));
  }
  const Tensor x = randn({3, 4}, f64).requires_grad_(), w = randn({5, 4}, f64).requires_grad_();
  matmul(x, w.t()).square().sum().backward();
  const auto [dx, dw] =
      grad<0, 1>([](Tensor x, Tensor w) { return matmul(x, w.t()).square().sum(); })(x.detach(), w.detach());
  CHECK(allclose(x.grad(), dx, 1e-12, 1e-12));
  CHECK(allclose(w.grad(), dw, 1e-12, 1e-12));
}

TEST_CASE("autograd: reductions and rows") {
  manual_seed(4);
  const std::vector<std::function<Tensor(const Tensor&)>> functions = {
      [](const Tensor& x) { return softmax(x, 1).square().sum(); },
      [](const Tensor& x) { return log_softmax(x, 0).square().sum(); },
      [](const Tensor& x) { return mean(x, {0, 2}).square().sum(); },
      [](const Tensor& x) { return (var(x, 1, 1, true) * x).sum(); },
      [](const Tensor& x) { return amax(x, 2).square().sum(); },
      [](const Tensor& x) { return prod(x, 0).sum(); },
      [](const Tensor& x) { return norm(x); },
      [](const Tensor& x) { return max(x, 1).values.exp().sum(); },
      [](const Tensor& x) { return logsumexp(x, -1).square().sum(); },
      [](const Tensor& x) { return gelu(x).sum(); },
  };
  for (const auto& f : functions) {
    const Tensor x = randn({3, 4, 2}, f64).requires_grad_();
    f(x).backward();
    CHECK(allclose(x.grad(), grad([&](Tensor x) { return f(x); })(x.detach()), 1e-10, 1e-12));
  }
}

TEST_CASE("autograd: movement") {
  manual_seed(5);
  const std::vector<std::function<Tensor(const Tensor&)>> functions = {
      [](const Tensor& x) { return x.t().reshape({2, 6}); },
      [](const Tensor& x) { return x.slice(1, 1, 4, 2); },
      [](const Tensor& x) { return x[1]; },
      [](const Tensor& x) { return x.unsqueeze(1).expand({3, 2, 4}); },
      [](const Tensor& x) { return cat({x, 2 * x, x.slice(0, 0, 1)}, 0); },
      [](const Tensor& x) { return stack({x, x * x}, 1); },
      [](const Tensor& x) { return x.flip({0, 1}); },
      [](const Tensor& x) { return pad(x, {1, -1, 2, 0}, 3); },
      [](const Tensor& x) { return x.repeat({2, 3}); },
      [](const Tensor& x) { return x.clone().flatten(); },
      [](const Tensor& x) { return x.split(2, 1)[1]; },
      [](const Tensor& x) { return x.permute({1, 0}).contiguous().view({4, 3}).to(f32).to(f64); },
  };
  for (const auto& f : functions) {
    const Tensor x = randn({3, 4}, f64).requires_grad_();
    f(x).square().sum().backward();
    CHECK(allclose(x.grad(), grad([&](Tensor x) { return f(x).square().sum(); })(x.detach()), 1e-6, 1e-7));
  }
}

TEST_CASE("autograd: higher orders") {
  const Tensor x = leaf({1.0, 2.0, 3.0}, f64);
  const Tensor y = (pow(x, 3) * exp(x)).sum();
  const Tensor dy = autograd::grad({y}, {x}, {}, {.create_graph = true})[0];
  const Tensor ddy = autograd::grad({dy.sum()}, {x}, {}, {.create_graph = true})[0];
  const Tensor dddy = autograd::grad({ddy.sum()}, {x})[0];
  const Tensor d = x.detach(), e = exp(d);
  CHECK(allclose(dy, e * (pow(d, 3) + 3 * pow(d, 2))));
  CHECK(allclose(ddy, e * (pow(d, 3) + 6 * pow(d, 2) + 6 * d)));
  CHECK(allclose(dddy, e * (pow(d, 3) + 9 * pow(d, 2) + 18 * d + 6)));
  CHECK(!x.grad().defined());

  manual_seed(6); // through products, views and rows
  const Tensor w = randn({4, 3}, f64).requires_grad_(), v = randn({2, 4}, f64);
  auto loss = [&](const Tensor& w) { return (softmax(matmul(v, w), 1)[0] * w.slice(0, 1, 2)).sum(); };
  loss(w).backward({}, {}, /*create_graph=*/true);
  const Tensor norm = w.grad().square().sum();
  const Tensor second = autograd::grad({norm}, {w})[0];
  auto traced = grad([&](Tensor w) { return grad(loss)(w).square().sum(); });
  CHECK(allclose(second, traced(w.detach()), 1e-9, 1e-10));
  w.set_grad({}); // else it and what it was made from hold each other
}

TEST_CASE("autograd: writes in place") {
  const Tensor x = leaf({1.0, 2.0, 3.0});
  Tensor y = x * 2;
  y *= 3;
  y[0] = 10;
  y.slice(0, 1, 2) = x.slice(0, 2, 3) * x.slice(0, 2, 3);
  CHECK(text(y.detach()) == "tensor([10.,  9., 18.])");
  y.sum().backward();
  CHECK(text(x.grad()) == "tensor([ 0.,  0., 12.])");

  Tensor out = zeros({2, 2}); // filled by rows
  const Tensor a = leaf({1.0, 2.0});
  for (int64_t i = 0; i < 2; ++i) out[i] = a * static_cast<double>(i + 1);
  CHECK(out.requires_grad());
  (out * out).sum().backward();
  CHECK(text(a.grad()) == "tensor([10., 20.])");

  Tensor base = a * 1; // a view sees what is written to its base afterwards
  const Tensor view = base.slice(0, 1, 2);
  base *= 5;
  a.set_grad({});
  view.sum().backward();
  CHECK(text(a.grad()) == "tensor([0., 5.])");
}

TEST_CASE("autograd: an operation in place keeps what it reads of its target") {
  const Tensor x = leaf({1.0, 2.0}), w = leaf({3.0, 5.0});
  Tensor y = x * 2;
  y *= w;             // 2 x w
  y.sin_();           // sin(2 x w)
  y.leaky_relu_(0.5); // read by a function that is no row of its own
  y *= y;             // squared
  const Tensor u = 2 * x.detach() * w.detach();
  const Tensor slope = where(sin(u) > 0, 1.0, 0.25);
  y.sum().backward();
  CHECK(allclose(x.grad(), slope * 2 * sin(u) * cos(u) * 2 * w.detach()));
  CHECK(allclose(w.grad(), slope * 2 * sin(u) * cos(u) * 2 * x.detach()));
  // Views, transposed ones, and second derivatives.
  const auto f = [](Tensor x) {
    Tensor y = x * x;
    y.t().mul_(x);
    y[0].exp_();
    y[1].clamp_(-1, 1);
    return y;
  };
  manual_seed(1);
  const Tensor m = randn({2, 2}, f64);
  CHECK(gradcheck(f, m));
  CHECK(gradgradcheck(f, m));
}

TEST_CASE("autograd: a compiled function keeps what it reads and then writes") {
  auto write = compile([](Tensor x) { x *= x; });
  auto scale = compile([](Tensor x, Tensor w) {
    x.mul_(w);
    return x * 2;
  });
  const auto f = [&](Tensor x) {
    Tensor y = x * 3;
    write(y);
    const Tensor z = scale(y.slice(0, 1, 3), x.slice(0, 0, 2));
    return y * z.sum();
  };
  const Tensor x = tensor({0.5, -1.0, 2.0}, f64);
  CHECK(gradcheck(f, x));
}

TEST_CASE("autograd: what was saved must not change") {
  Tensor x = leaf({1.0, 2.0});
  Tensor y = exp(x);
  y += 1;
  const std::string message = error_of([&] { y.sum().backward(); });
  CHECK(contains(message, "a tensor that exp has saved, of shape [2], was changed in place"));
  CHECK(contains(error_of([&] { x += 1; }),
                 "add_: a leaf that requires a gradient, or a view of one, cannot be changed in place at "));
  CHECK(contains(error_of([&] { x[0] = 1; }), "or a view of one"));
  const NoGradGuard off;
  x += 1;
  CHECK(text(x.detach()) == "tensor([2., 3.])");
}

TEST_CASE("autograd: retain_graph, retain_grad, hooks") {
  const Tensor x = leaf(2.0);
  const Tensor y = x * x, z = y * y;
  y.retain_grad();
  int calls = 0;
  const uint64_t id = y.register_hook([&](const Tensor& gradient) { calls += gradient.item() == 8; });
  x.register_hook([](const Tensor& gradient) { return gradient * 10; });
  z.backward({}, /*retain_graph=*/true);
  CHECK(text(y.grad()) == "tensor(8.)");
  CHECK(text(x.grad()) == "tensor(320.)");
  CHECK(calls == 1);
  y.remove_hook(id);
  z.backward();
  CHECK(calls == 1);
  CHECK(text(y.grad()) == "tensor(16.)");
  CHECK(contains(error_of([&] { z.backward(); }), "has been dropped by an earlier backward"));
}

TEST_CASE("autograd: errors") {
  const Tensor x = leaf({1.0, 2.0});
  CHECK(contains(error_of([&] { (x * 2).backward(); }), "backward: needs one element, the shape is [2]"));
  CHECK(contains(error_of([&] { tensor(1.0).backward(); }), "does not require a gradient"));
  CHECK(contains(error_of([&] { (x * 2).backward(tensor({1.0})); }), "the seed is f32 [1], needs f32 [2]"));
  CHECK(contains(error_of([&] { tensor({1, 2}).requires_grad_(); }), "only floats have gradients, not i64 [2]"));
  CHECK(contains(error_of([&] { (x * 2).requires_grad_(false); }), "hint: detach()"));
  CHECK(contains(error_of([&] { autograd::grad({x.sum()}, {leaf(1.0)}); }), "no output depends on the input"));
  CHECK(!autograd::grad({x.sum()}, {leaf(1.0)}, {}, {.allow_unused = true})[0].defined());
  CHECK(contains(error_of([&] { x.set_grad(tensor(1.0)); }), "the gradient is f32 [], needs f32 [2]"));
}

TEST_CASE("autograd: the second iteration of a loop of any length compiles nothing") {
  manual_seed(7);
  const Tensor w = randn({3, 3}).requires_grad_();
  auto step = [&](int64_t length, int64_t batch) {
    Tensor h = ones({batch, 3});
    for (int64_t i = 0; i < length; ++i) h = tanh(matmul(h, w) + h.slice(1, 0, 1) * 0.5);
    h.mean().backward();
  };
  step(2, 20);
  step(3, 25);
  reset_stats();
  step(7, 31);
  CHECK(stats().kernels_compiled == 0);
  CHECK(stats().cache_hits == 0);
}

TEST_CASE("autograd: long chains end without recursion") {
  Tensor x = leaf(1.0);
  const Tensor start = x;
  for (int i = 0; i < 200000; ++i) x = x * 1.0;
  x.backward();
  CHECK(text(start.grad()) == "tensor(1.)");
  for (int i = 0; i < 200000; ++i) x = x.reshape({1}).reshape(Dims(Shape{})) + 0;
}

TEST_CASE("autograd: a compiled function is one node") {
  manual_seed(8);
  const Tensor w = randn({4, 3}, f64).requires_grad_(), x = randn({2, 4}, f64), t = randn({2, 3}, f64);
  auto f = [&](Tensor x) { return softmax(tanh(matmul(x, w)), 1); };
  auto g = compile(f);
  const Tensor scale = tensor(3.0, f64).requires_grad_();
  const Tensor y = g(x * scale);
  CHECK(y.grad_fn().name() == "CompiledBackward");
  (y * t).sum().backward();
  const Tensor dw = w.grad(), dscale = scale.grad();
  w.set_grad({}), scale.set_grad({});
  (f(x * scale) * t).sum().backward();
  CHECK(allclose(dw, w.grad(), 1e-10, 1e-12));
  CHECK(allclose(dscale, scale.grad(), 1e-10, 1e-12));

  const NoGradGuard off;
  CHECK(!g(x).requires_grad());
}

TEST_CASE("autograd: higher orders through a compiled function") {
  manual_seed(9);
  const Tensor w = randn({4, 3}, f64).requires_grad_(), x = randn({2, 4}, f64).requires_grad_();
  auto f = [](Tensor x, Tensor w) { return exp(tanh(matmul(x, w))).sum(); };
  auto norm = [&](const auto& fn) {
    const std::vector<Tensor> first = autograd::grad({fn(x, w)}, {x, w}, {}, {.create_graph = true});
    return autograd::grad({first[0].square().sum() + first[1].square().sum()}, {x, w});
  };
  const std::vector<Tensor> eager = norm(f), compiled = norm(compile(f));
  CHECK(allclose(eager[0], compiled[0], 1e-10, 1e-12));
  CHECK(allclose(eager[1], compiled[1], 1e-10, 1e-12));
}

TEST_CASE("autograd: what a compiled function detaches, draws, writes and returns") {
  const Tensor x = leaf({1.0, 2.0}, f64);
  auto f = compile([](Tensor x) {
    Tensor fixed;
    {
      const NoGradGuard off;
      fixed = x * x;
    }
    return fixed * x.detach() * x;
  });
  f(x).sum().backward();
  CHECK(allclose(x.grad(), pow(x.detach(), 3)));

  manual_seed(10); // the backward run draws the same numbers
  auto dropped = compile([](Tensor x) { return where(rand_like(x) > 0.5, x * x, 0); });
  const Tensor many = ones({50}, f64).requires_grad_();
  const Tensor y = dropped(many);
  y.sum().backward();
  CHECK(equal(many.grad(), 2 * y.detach()));

  Tensor buffer = zeros({2}, f64); // a write takes its history along
  auto store = compile([&](Tensor x) { buffer.copy_(x * 3); });
  store(x);
  x.set_grad({});
  (buffer * buffer).sum().backward();
  CHECK(text(x.grad()) == "tensor([18., 36.], dtype=f64)");

  auto several = compile([](Tensor x) { return std::tuple(x * 2, argmax(x), x.sum()); });
  const auto [twice, index, sum] = several(x);
  CHECK(!index.requires_grad());
  x.set_grad({});
  sum.backward();
  CHECK(text(x.grad()) == "tensor([1., 1.], dtype=f64)");
}

TEST_CASE("autograd: operations without a gradient") {
  const Tensor x = leaf({1.5, 2.0});
  const Tensor y = compile([](Tensor x) { return x.floor() + remainder(x, 1); })(x);
  const std::string message = error_of([&] { y.sum().backward(); });
  CHECK((message == "no error" || contains(message, "gradient")));
}

TEST_CASE("autograd: what is not recorded in a compiled function stays so in higher orders") {
  const Tensor x = leaf({0.5, 1.0}, f64);
  const auto second = [&](const auto& f) {
    const Tensor first = autograd::grad({f(x)}, {x}, {}, {.create_graph = true})[0];
    return first.requires_grad() ? autograd::grad({first.sum()}, {x}, {}, {.allow_unused = true})[0] : Tensor();
  };
  auto fixed = [](Tensor x) { return (exp(sin(x).detach()) * x).sum(); };
  CHECK(!second(fixed).defined());
  CHECK(!second(compile(fixed)).defined());
  auto own = custom_vjp([](Tensor x) { return x * 1; }, [](Tensor, Tensor y, Tensor dy) { return 5 * dy * y; });
  auto outer = [&](Tensor x) { return sin(own(x)).sum(); };
  CHECK(allclose(second(outer), second(compile(outer)), 1e-10, 1e-12));
}

TEST_CASE("autograd: compiled updates that are not recorded leave leaves") {
  Tensor p = leaf({1.0, 2.0});
  auto update = compile([&](Tensor g) {
    const NoGradGuard off;
    p.sub_(g * 0.5);
  });
  update(ones({2}));
  CHECK(p.is_leaf());
  CHECK(p.requires_grad());
  (p * p).sum().backward();
  CHECK(text(p.grad()) == "tensor([1., 3.])");
}

TEST_CASE("autograd: compiled functions see what captured tensors became") {
  Tensor w = ones({2});
  auto f = compile([&](Tensor x) { return (x * w).sum(); });
  f(ones({2}));
  const Tensor v = leaf({1.0, 2.0});
  w.add_(v * 2);
  f(ones({2})).backward();
  CHECK(text(v.grad()) == "tensor([2., 2.])");

  auto g = compile([](Tensor x) { (x * x).sum().backward(); });
  const Tensor z = leaf({1.0, 2.0});
  g(z);
  CHECK(contains(error_of([&] { g(z * 3); }), "that is no leaf"));

  Tensor u = leaf({1.0}); // rebound while the tape holds what it was
  auto h = compile([&](Tensor x) { return (x * u).sum(); });
  const Tensor loss = h(ones({1}));
  u = leaf({5.0});
  CHECK(contains(error_of([&] { h(ones({1})); }), "a captured variable was rebound"));
}

TEST_CASE("autograd: hooks of arguments and captured tensors run for compiled functions") {
  const Tensor x = leaf({1.0, 2.0}), y = leaf({1.0});
  auto f = compile([&](Tensor x) { (x * x * y).sum().backward(); });
  f(x);
  x.set_grad({}), y.set_grad({});
  x.register_hook([](const Tensor& gradient) { return gradient * 100; });
  y.register_hook([](const Tensor& gradient) { return gradient * 10; });
  f(x);
  CHECK(text(x.grad()) == "tensor([200., 400.])");
  CHECK(text(y.grad()) == "tensor([50.])");
}

TEST_CASE("autograd: operations in place and compiled calls keep nothing alive for ever") {
  const auto live = [](const auto& body) {
    body();
    const int64_t before = stats().bytes_live;
    for (int i = 0; i < 10; ++i) body();
    return stats().bytes_live - before;
  };
  const Tensor w = leaf({2.0});
  auto compiled = compile([](Tensor x, Tensor w) { x.add_(w * x); });
  CHECK(live([&] {
          Tensor x = ones({1000}) * w;
          x.mul_(w * 2);
          x.sum();
        }) == 0);
  CHECK(live([&] {
          Tensor x = ones({1000}) * w;
          compiled(x, w);
        }) == 0);
  auto summed = compile([](Tensor x) { return (x + 1).sum(); }); // needs nothing of x
  const Tensor big = ones({100000}).requires_grad_();
  summed(big);
  const int64_t before = stats().bytes_live;
  std::vector<Tensor> sums;
  for (int i = 0; i < 4; ++i) sums.push_back(summed(big * 2));
  CHECK(stats().bytes_live - before < 100000);
}

TEST_CASE("autograd: several threads add to one gradient") {
  const Tensor w = leaf({0.0});
  auto f = compile([&](Tensor x) { (x * w).sum().backward(); });
  f(ones({1})), f(ones({2}));
  w.set_grad({});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int k = 0; k < 500; ++k) f(ones({1 + i % 2}));
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(w.grad().item() == 3000);
}

TEST_CASE("autograd: a hook gives what it got") {
  const Tensor w = ones({4}).requires_grad_(), y = w * w;
  const uint64_t id = y.register_hook([](const Tensor&) { return ones({3}); });
  CHECK(contains(error_of([&] { y.sum().backward({}, true); }), "a hook gives f32 [3] for a gradient of f32 [4]"));
  y.remove_hook(id);
  w.register_hook([](const Tensor& gradient) { return gradient.to(f64); });
  CHECK(contains(error_of([&] { y.sum().backward(); }), "a hook gives f64 [4]"));
  CHECK(!w.grad().defined());
}

TEST_CASE("autograd: views and joins can be walked twice") {
  const Tensor w = ones({2, 3}).requires_grad_();
  const Tensor v = cat({w.t(), w.t()}, 0).clone();
  (v * v).sum().backward();
  (v * v).sum().backward();
  CHECK(text(w.grad()) == "tensor([[8., 8., 8.],\n        [8., 8., 8.]])");
}
