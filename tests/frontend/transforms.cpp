// Derivatives of functions as functions: values, forms of arguments, composition, errors.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

namespace {

Tensor cube(Tensor x) { return pow(x, 3); }

struct Weights {
  Tensor w, b;
};

Tensor loss(Weights p, Tensor x) { return square(tanh(matmul(x, p.w) + p.b)).sum(); }

} // namespace

TEST_CASE("transforms: grad and value_and_grad") {
  auto f = [](Tensor x) { return pow(x, 2) + 3 * x + 1; };
  CHECK(text(grad(f)(tensor(2.0))) == "tensor(7.)");
  CHECK(text(grad(cube)(tensor(2.0))) == "tensor(12.)");
  const auto [value, gradient] = value_and_grad(f)(tensor(2.0));
  CHECK(text(value) == "tensor(11.)");
  CHECK(text(gradient) == "tensor(7.)");
  CHECK(text(grad([](Tensor x) { return relu(x).sum(); })(tensor({-1.0, 0.0, 2.0}))) == "tensor([0., 0., 1.])");
}

TEST_CASE("transforms: which arguments, and of what form") {
  auto f = [](Tensor x, Tensor y, Tensor w) { return (x + y) * w; };
  const Tensor x = tensor(2.0), y = tensor(3.0), w = tensor(4.0);
  CHECK(text(grad<2>(f)(x, y, w)) == "tensor(5.)");
  const auto [dx, dw] = grad<0, 2>(f)(x, y, w);
  CHECK(text(dx) == "tensor(4.)");
  CHECK(text(dw) == "tensor(5.)");

  manual_seed(1);
  const Weights p{randn({3, 2}, f64), randn({2}, f64)};
  const Tensor input = randn({4, 3}, f64);
  const Weights g = grad(loss)(p, input);
  CHECK(same(g.w.shape(), p.w.shape()));
  for (int64_t i = 0; i < 3; ++i) { // central differences
    const double step = 1e-6;
    Weights above{p.w.clone(), p.b}, below{p.w.clone(), p.b};
    above.w[i][1] += step;
    below.w[i][1] -= step;
    const double expected = (loss(above, input).item() - loss(below, input).item()) / (2 * step);
    CHECK(near(g.w[i][1].item(), expected, 1e-6));
  }
}

TEST_CASE("transforms: what a function captures is no argument of it") {
  const Tensor x = tensor(3.0);
  auto outer = compile([](Tensor x) {
    const Tensor twice = 2 * x;
    return grad([&](Tensor y) { return y * twice; })(x); // 2 x, not 4 x
  });
  CHECK(text(outer(x)) == "tensor(6.)");
  CHECK(text(grad([&](Tensor y) { return x * 2; })(tensor(1.0))) == "tensor(0.)");
}

TEST_CASE("transforms: functions may have a state of their own") {
  auto f = [calls = 0.0](Tensor x) mutable { return (x * x).sum() * ++calls; };
  CHECK(text(grad(f)(tensor({1.0, 3.0}))) == "tensor([2., 6.])");
  CHECK(text(vjp(f)(tensor({1.0, 3.0}), tensor(1.0)).second) == "tensor([2., 6.])");
  CHECK(text(hessian(f)(tensor({1.0}))) == "tensor([[2.]])");
}

TEST_CASE("transforms: products with the Jacobian") {
  auto f = [](Tensor x) { return sin(x) * x.sum(); };
  const Tensor x = tensor({0.5, -1.0, 2.0}, f64), v = tensor({1.0, 2.0, -1.0}, f64), w = tensor({0.5, 1.0, 3.0}, f64);
  const auto [y, pulled] = vjp(f)(x, w);
  const auto [y2, pushed] = jvp(f)(x, v);
  CHECK(equal(y, f(x)));
  CHECK(equal(y, y2));
  CHECK(near(dot(pushed, w).item(), dot(v, pulled).item(), 1e-12));
  CHECK(allclose(matmul(jacrev(f)(x), v), pushed, 1e-12, 1e-12));
}

TEST_CASE("transforms: Jacobians and Hessians") {
  const Tensor a = tensor({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}), x = tensor({1.0, -1.0, 2.0});
  auto linear = [&](Tensor x) { return matmul(a, x); };
  CHECK(equal(jacrev(linear)(x), a));
  CHECK(equal(jacfwd(linear)(x), a));
  CHECK(text(hessian([](Tensor x) { return (x * x * x).sum(); })(tensor({1.0, 2.0}))) ==
        "tensor([[ 6.,  0.],\n        [ 0., 12.]])");
  auto shaped = [](Tensor x) { return x.sum(0) * x[0]; };
  const Tensor m = tensor({{1.0, 2.0}, {3.0, 4.0}});
  CHECK(same(jacrev(shaped)(m).shape(), Shape{2, 2, 2}));
  CHECK(allclose(jacrev(shaped)(m), jacfwd(shaped)(m)));
}

TEST_CASE("transforms: they compose, and compile once per shape") {
  CHECK(text(grad(grad(cube))(tensor(2.0))) == "tensor(12.)");
  CHECK(text(grad(grad(grad(cube)))(tensor(2.0))) == "tensor(6.)");
  auto step = compile([](Tensor w, Tensor x) {
    auto g = grad([&](Tensor w) { return square(matmul(x, w) - 1).sum(); });
    return w - 0.1 * g(w);
  });
  Tensor w = zeros({2});
  const Tensor x = eye(2);
  for (int i = 0; i < 50; ++i) w = step(w, x);
  CHECK(allclose(w, ones({2}), 1e-3, 1e-3));
  CHECK(step.stats().compiles == 1);
  auto g = grad([](Tensor x) { return x.sum(); });
  for (int i = 0; i < 3; ++i) g(ones({2}));
  g(ones({3}));
  CHECK(g.stats().compiles == 2);
}

TEST_CASE("transforms: writes and views inside a function are differentiated through") {
  auto f = [](Tensor x) {
    Tensor y = x.clone();
    y[0] = x[1] * 3;
    y *= 2;
    return (y * x).sum();
  };
  CHECK(text(grad(f)(tensor({1.0, 2.0, 5.0}))) == "tensor([12., 14., 20.])");
}

TEST_CASE("transforms: errors") {
  const std::string here = OGEE_HERE, message = error_of([] { grad([](Tensor x) { return x * 2; })(ones({3})); });
  CHECK(contains(message, "grad: the function gives f32 [3], needs one float at "));
  CHECK(contains(message, "; hint: sum(), or jacrev for a Jacobian"));
  CHECK(contains(message, here));
  CHECK(contains(error_of([] { grad([](Tensor x) { return x.sum().to(f32); })(tensor({1, 2})); }),
                 "grad: only floats have gradients, not i64 [2]"));
  CHECK(contains(error_of([] { vjp([](Tensor x) { return x * 2; })(ones({3}), ones({2})); }),
                 "vjp: the cotangent or tangent is f32 [2], needs f32 [3]"));
  CHECK(contains(error_of([] { jvp([](Tensor x) { return x * 2; })(ones({3}), ones({2})); }),
                 "jvp: the cotangent or tangent is f32 [2], needs f32 [3]"));
}

TEST_CASE("transforms: checkpoint computes again instead of keeping") {
  manual_seed(11);
  const Tensor w = randn({4, 4}, f64), x = randn({3, 4}, f64);
  auto layer = [&](Tensor x, Tensor w) { return tanh(matmul(x, w)); };
  auto loss = [&](const auto& f) { return [=](Tensor x, Tensor w) { return square(f(f(x, w), w)).sum(); }; };
  const auto [dx, dw] = grad<0, 1>(loss(layer))(x, w);
  auto kept = grad<0, 1>(loss(checkpoint(layer)));
  const auto [cx, cw] = kept(x, w);
  CHECK(allclose(dx, cx, 1e-12, 1e-12));
  CHECK(allclose(dw, cw, 1e-12, 1e-12));
  const auto products = [](const std::string& ir) {
    size_t count = 0;
    for (size_t at = ir.find("ogee.dot"); at != std::string::npos; at = ir.find("ogee.dot", at + 1)) ++count;
    return count;
  };
  CHECK(contains(kept.ir(Stage::simplify), "ogee.recomputed"));
  CHECK(products(kept.ir(Stage::simplify)) == 8); // 2 forward, 4 backward, 2 again

  const Tensor leaf = x.clone().requires_grad_(), weight = w.clone().requires_grad_(); // on the tape
  loss(checkpoint(layer))(leaf, weight).backward();
  CHECK(allclose(leaf.grad(), dx, 1e-12, 1e-12));
  CHECK(allclose(weight.grad(), dw, 1e-12, 1e-12));
  const Tensor captured = w.clone().requires_grad_();
  checkpoint([&](Tensor x) { return layer(x, captured); })(x).sum().backward();
  CHECK(allclose(captured.grad(), grad([&](Tensor w) { return layer(x, w).sum(); })(w), 1e-12, 1e-12));
}

TEST_CASE("transforms: custom_vjp") {
  auto clipped = custom_vjp([](Tensor x) { return x * 1; },
                            [](Tensor x, Tensor y, Tensor dy) { return clamp(dy, -1, 1) + 0 * (x + y); });
  const Tensor x = tensor({1.0, -2.0, 0.25}, f64);
  auto loss = [&](Tensor x) { return pow(clipped(x), 3).sum(); };
  CHECK(text(grad(loss)(x)) == "tensor([1.0000, 1.0000, 0.1875], dtype=f64)");
  CHECK(text(compile(grad(loss))(x)) == "tensor([1.0000, 1.0000, 0.1875], dtype=f64)");
  const Tensor leaf = x.clone().requires_grad_();
  loss(leaf).backward();
  CHECK(text(leaf.grad()) == "tensor([1.0000, 1.0000, 0.1875], dtype=f64)");
  const Tensor again = x.clone().requires_grad_();
  compile(loss)(again).backward();
  CHECK(text(again.grad()) == "tensor([1.0000, 1.0000, 0.1875], dtype=f64)");
  CHECK(allclose(clipped(x), x));

  // A product with its own rule: of two arguments, beside a plain value, twice differentiable.
  const Tensor scale = tensor(3.0, f64);
  auto product = custom_vjp([](Tensor a, Tensor b, int power) { return pow(a, power) * b; },
                            [&](Tensor a, Tensor b, int power, Tensor, Tensor dy) {
                              return std::tuple(dy * power * pow(a, power - 1) * b * scale, dy * pow(a, power));
                            });
  auto f = [&](Tensor a) { return product(a, a, 2).sum(); }; // a³, its derivative 6 a² + a²
  CHECK(allclose(grad(f)(x), 7 * x * x));
  CHECK(allclose(grad([&](Tensor a) { return grad(f)(a).sum(); })(x), 14 * x));
  CHECK(allclose(jvp(f)(x, ones({3}, f64)).second, (7 * x * x).sum()));

  auto wrong = custom_vjp([](Tensor a) { return a * 2; }, [](Tensor, Tensor, Tensor dy) { return dy.sum(); });
  CHECK(contains(error_of([&] { wrong(x); }), "custom_vjp: the gradient of input 0 is f64 [], needs f64 [3]"));
  auto integer = custom_vjp([](Tensor a) { return argmax(a); }, [](Tensor a, Tensor, Tensor) { return a; });
  CHECK(contains(error_of([&] { integer(x); }), "only floats have gradients, not i64"));
}
