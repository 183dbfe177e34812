// Optimizers, and training steps: the same numbers eagerly and compiled.
// Covers: loss
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

namespace {

/// Two layers and their optimizer.
struct Model {
  explicit Model(const optim::SGDOptions& options, DType dtype = f32)
      : w1((randn({6, 16}, dtype) * 0.3).requires_grad_()), b1(zeros({16}, dtype).requires_grad_()),
        w2((randn({16, 4}, dtype) * 0.3).requires_grad_()), b2(zeros({4}, dtype).requires_grad_()),
        sgd({w1, b1, w2, b2}, options) {}

  Tensor operator()(const Tensor& x) const { return matmul(relu(matmul(x, w1) + b1), w2) + b2; }

  Tensor w1, b1, w2, b2;
  optim::SGD sgd;
};

std::vector<double> train(const optim::SGDOptions& options, bool compiled, bool dropout = false) {
  manual_seed(1);
  Model model(options);
  const Tensor x = randn({32, 6}), t = randint(0, 4, {32});
  auto step = [&](Tensor x, Tensor t) {
    model.sgd.zero_grad();
    if (dropout) x = where(rand_like(x) > 0.25, x / 0.75, 0);
    const Tensor loss = cross_entropy(model(x), t);
    loss.backward();
    model.sgd.step();
    return loss.detach();
  };
  auto fast = compile(step);
  std::vector<double> losses;
  for (int i = 0; i < 20; ++i) losses.push_back((compiled ? fast(x, t) : step(x, t)).item());
  if (compiled) CHECK(fast.stats().compiles == 1);
  return losses;
}

} // namespace

TEST_CASE("optim: a compiled training step gives the losses of the eager one") {
  for (const optim::SGDOptions& options :
       {optim::SGDOptions{.lr = 0.5}, optim::SGDOptions{.lr = 0.1, .momentum = 0.9},
        optim::SGDOptions{.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true}}) {
    const std::vector<double> eager = train(options, false), compiled = train(options, true);
    for (size_t i = 0; i < eager.size(); ++i) CHECK(near(eager[i], compiled[i], 1e-5));
    CHECK(eager.back() < 0.9 * eager.front());
  }
}

TEST_CASE("optim: random numbers in a step are the same eagerly and compiled") {
  const std::vector<double> eager = train({.lr = 0.1}, false, true), compiled = train({.lr = 0.1}, true, true);
  for (size_t i = 0; i < eager.size(); ++i) CHECK(near(eager[i], compiled[i], 1e-5));
}

TEST_CASE("optim: SGD by hand") {
  const Tensor p = tensor({1.0, 2.0}).requires_grad_();
  optim::SGD sgd({p}, {.lr = 0.1, .momentum = 0.5});
  for (int i = 0; i < 2; ++i) {
    sgd.zero_grad();
    (p * tensor({1.0, 10.0})).sum().backward();
    sgd.step();
  }
  CHECK(allclose(p.detach(), tensor({1 - 0.1 - 0.15, 2 - 1 - 1.5})));
  sgd.set_lr(0);
  sgd.step();
  CHECK(allclose(p.detach(), tensor({0.75, -0.5})));
  CHECK(sgd.lr() == 0);
}

TEST_CASE("optim: a new learning rate compiles nothing") {
  Tensor p = tensor(1.0).requires_grad_();
  optim::SGD sgd({p}, {.lr = 0.1});
  auto step = compile([&] {
    sgd.zero_grad();
    (2 * p).backward();
    sgd.step();
  });
  step();
  CHECK(near(p.item(), 0.8));
  sgd.set_lr(0.2);
  step();
  CHECK(near(p.item(), 0.4));
  CHECK(step.stats().compiles == 1);
}

TEST_CASE("optim: gradients that a compiled step has used") {
  Tensor p = tensor({1.0, 2.0}).requires_grad_();
  optim::SGD sgd({p}, {.lr = 0.1});
  auto body = [&] {
    sgd.zero_grad();
    (p * p).sum().backward();
    sgd.step();
  };
  compile(body)();
  CHECK(contains(error_of([&] { p.grad(); }), "hint: compile(fn, {.keep_grads = true})"));
  sgd.zero_grad();
  CHECK(!p.grad().defined());
  compile(body, {.keep_grads = true})();
  CHECK(allclose(p.grad(), tensor({1.6, 3.2})));

  auto other_order = compile([&] { // cleared at the end: there is nothing to begin with
    (p * p).sum().backward();
    sgd.step();
    sgd.zero_grad();
  });
  p.set_grad({});
  other_order();
  other_order();
  CHECK(!p.grad().defined());
  p.set_grad(ones({2}));
  CHECK(contains(error_of([&] { other_order(); }), "reads a gradient that was not there when it was traced"));
}

TEST_CASE("optim: a compiled backward adds to gradients, and eager steps use them") {
  Tensor p = tensor({1.0, 2.0}).requires_grad_();
  auto backward = compile([&](Tensor x) { (p * x).sum().backward(); });
  backward(tensor({1.0, 1.0}));
  backward(tensor({2.0, 3.0}));
  CHECK(text(p.grad()) == "tensor([3., 4.])");
  optim::SGD sgd({p}, {.lr = 1});
  sgd.step();
  CHECK(text(p.detach()) == "tensor([-2., -2.])");
  CHECK(
      contains(error_of([&] { compile([&] { sgd.step(); })(); }), "cannot read a gradient that was collected before"));
}

TEST_CASE("optim: several steps in one function") {
  auto run = [](bool compiled) {
    manual_seed(5);
    Model model({.lr = 0.1, .momentum = 0.5}, f64);
    const Tensor x = randn({8, 6}, f64), t = randint(0, 4, {8});
    auto two = [&] {
      for (int i = 0; i < 2; ++i) {
        model.sgd.zero_grad();
        cross_entropy(model(x), t).backward();
        model.sgd.step();
      }
    };
    auto fast = compile(two);
    for (int i = 0; i < 3; ++i) compiled ? fast() : two();
    return cat({model.w1.detach().flatten(), model.b2.detach()});
  };
  CHECK(allclose(run(true), run(false), 1e-12, 1e-12));
}

TEST_CASE("optim: two optimizers in one step") {
  Tensor v = tensor(2.0).requires_grad_(), w = tensor(3.0).requires_grad_();
  optim::SGD a({v}, {.lr = 0.1, .momentum = 0.5}), b({w}, {.lr = 0.1, .momentum = 0.5});
  auto step = compile([&] {
    a.zero_grad(), b.zero_grad();
    (v * w).backward();
    a.step(), b.step();
  });
  step();
  CHECK(near(v.item(), 1.7));
  CHECK(near(w.item(), 2.8));
}

TEST_CASE("optim: gradients that were kept back cannot be added to") {
  Tensor w = tensor({1.0, 2.0}).requires_grad_();
  optim::SGD sgd({w}, {.lr = 0.1});
  auto step = compile([&](Tensor x) {
    (w * x).sum().backward();
    sgd.step();
  });
  step(ones({2}));
  CHECK(contains(error_of([&] { step(ones({2})); }), "hint: zero_grad() before backward()"));
  CHECK(contains(error_of([&] { (w * 2).sum().backward(); }), "used it and not given it out"));
  sgd.zero_grad();
  step(ones({2}));
}

TEST_CASE("optim: a compiled step changes parameters where they are") {
  manual_seed(6);
  constexpr int64_t kBytes = 512 * 512 * 4;
  Tensor w1 = (randn({512, 512}) * 0.01).requires_grad_(), w2 = (randn({512, 512}) * 0.01).requires_grad_();
  optim::SGD sgd({w1, w2}, {.lr = 0.1, .momentum = 0.9});
  const Tensor x = randn({8, 512});
  auto step = compile([&](Tensor x) {
    sgd.zero_grad();
    matmul(tanh(matmul(x, w1)), w2).square().mean().backward();
    sgd.step();
  });
  step(x);
  const Tensor before = w1.detach().clone();
  reset_stats();
  const int64_t live = stats().bytes_live;
  step(x);
  CHECK(stats().bytes_peak - live < 3 * kBytes); // two gradients: parameters and velocities need nothing more
  CHECK(!equal(before, w1.detach()));
}

TEST_CASE("optim: results that overwrite what is still read do so afterwards") {
  Tensor a = tensor({1.0, 2.0, 3.0}), b = tensor({10.0, 20.0, 30.0});
  auto swap = compile([&] {
    const Tensor t = a * 1;
    a.copy_(b);
    b.copy_(t);
  });
  swap();
  CHECK(text(a) == "tensor([10., 20., 30.])");
  CHECK(text(b) == "tensor([1., 2., 3.])");
  auto mix = compile([&] {
    a += b.flip({0});
    b += a.flip({0}) + a.sum();
  });
  mix();
  CHECK(text(a) == "tensor([13., 22., 31.])");
  CHECK(text(b) == "tensor([98., 90., 82.])");
  Tensor m = tensor({{1.0, 2.0}, {3.0, 4.0}});
  compile([&] { m.copy_(matmul(m, m) + m); })();
  CHECK(text(m) == "tensor([[ 8., 12.],\n        [18., 26.]])");
  compile([&] { m.copy_(softmax(m.t(), 0)); })();
  CHECK(allclose(m.sum(0), ones({2})));
}

TEST_CASE("optim: errors") {
  const Tensor p = tensor(1.0).requires_grad_();
  CHECK(contains(error_of([&] { optim::SGD({tensor(1.0)}); }), "SGD: parameter 0 is no leaf"));
  CHECK(contains(error_of([&] { optim::SGD({p * 2}); }), "SGD: parameter 0 is no leaf"));
  CHECK(contains(error_of([&] { optim::SGD({}); }), "SGD: there are no parameters"));
  CHECK(contains(error_of([&] { optim::SGD({p, tensor(2.0).requires_grad_(), p}); }),
                 "SGD: parameter 2 is the same tensor as parameter 0"));
  CHECK(contains(error_of([&] { optim::SGD({p}, {.lr = -1}); }), "SGD: lr is -1"));
  CHECK(contains(error_of([&] { optim::SGD({p}, {.nesterov = true}); }), "nesterov needs a momentum"));
}

/// 1 where a class of x is the target.
static Tensor one_hot(const Tensor& target, const Tensor& x) {
  const auto rank = static_cast<int64_t>(x.dim()), axis = rank == 1 ? int64_t{0} : int64_t{1};
  Shape along(static_cast<size_t>(rank), 1);
  along[static_cast<size_t>(axis)] = x.size(axis);
  return eq(target.to(i64).unsqueeze(axis), arange(x.size(axis)).reshape(along)).to(x.dtype());
}

TEST_CASE("losses") {
  const Tensor scores = tensor({{1.0, 2.0, 3.0}, {1.0, 1.0, 1.0}});
  CHECK(near(cross_entropy(scores, tensor({2, 0})).item(), (0.40760596 + 1.09861229) / 2));
  CHECK(near(cross_entropy(scores[0], tensor(2)).item(), 0.40760596));
  CHECK(near(mse_loss(tensor({1.0, 2.0}), tensor({3.0, 2.0})).item(), 2));
  CHECK(std::isnan(cross_entropy(scores, tensor({2, 3})).item()));
  manual_seed(2);
  const Tensor x = randn({5, 4, 3}, f64), t = randint(0, 4, {5, 3});
  auto f = [&](Tensor x) { return cross_entropy(x, t); };
  const Tensor onehot = eq(t.unsqueeze(1), arange(4).reshape({4, 1})).to(f64);
  CHECK(allclose(grad(f)(x), (softmax(x, 1) - onehot) / 15.0, 1e-10, 1e-12));
  CHECK(contains(error_of([&] { cross_entropy(scores, tensor({1})); }), "need a target of [2], not [1]"));
  CHECK(contains(error_of([&] { cross_entropy(zeros({2, 0}), tensor({0, 0})); }), "scores of [2, 0] have no classes"));
  CHECK(contains(error_of([&] { cross_entropy(scores, tensor({1.0, 2.0})); }), "the target is f32"));
}

TEST_CASE("losses: cross_entropy is one kernel over the scores and one over the losses") {
  manual_seed(3);
  const auto check = [](const Tensor& x, const Tensor& target, std::optional<uint64_t> launches = {}) {
    const auto f = [&](const Tensor& scores) { return cross_entropy(scores, target); };
    const uint64_t before = stats().launches;
    const Tensor eager = f(x);
    if (launches) CHECK(stats().launches == before + *launches);
    CHECK(equal(compile(f)(x), eager));
    const auto rank = static_cast<int64_t>(x.dim());
    const Tensor picked = (log_softmax(x, rank == 1 ? 0 : 1) * one_hot(target, x)).sum();
    CHECK(allclose(eager, -picked / static_cast<double>(std::max<int64_t>(target.numel(), 1)), 1e-4, 1e-5));
    const Tensor wanted = softmax(x, rank == 1 ? 0 : 1) - one_hot(target, x);
    CHECK(allclose(grad(f)(x), wanted / static_cast<double>(target.numel()), 1e-4, 1e-7));
    Tensor leaf = x.clone().requires_grad_();
    const Tensor loss = f(leaf);
    const uint64_t backward = stats().launches;
    loss.backward();
    CHECK(stats().launches == backward + 1);
    CHECK(allclose(leaf.grad(), wanted / static_cast<double>(target.numel()), 1e-4, 1e-7));
  };
  for (int64_t rows : {1, 4095, 4096, 4097}) check(randn({rows, 5}), randint(0, 5, {rows}), rows > 4096 ? 3 : 2);
  for (int64_t classes : {1, 4095, 4096, 4097}) check(randn({3, classes}), randint(0, classes, {3}), 2);
  for (int64_t classes : {1, 255, 256, 257}) check(randn({2, classes, 3}), randint(0, classes, {2, 3}));
  check(randn({2, 1000, 1}), randint(0, 1000, {2, 1}), 2); // as a matrix
  check(randn({7}), tensor(3), 2);
  check(randn({2, 4, 3, 5}), randint(0, 4, {2, 3, 5}));
  check(randn({6, 9}).transpose(0, 1), randint(0, 6, {9}));
  check(randn({9, 6}, f64), randint(0, 6, {9}));
  check(randn({9, 6}), randint(0, 6, {9}).to(i32));
  const Tensor scores = randn({9, 6}), target = randint(0, 6, {9});
  for (DType dtype : {DType::u8, DType::i8})
    CHECK(equal(cross_entropy(scores, target.to(dtype)), cross_entropy(scores, target)));
  CHECK(std::isnan(cross_entropy(zeros({0, 3}), zeros({0}).to(i64)).item()));
}

TEST_CASE("losses: the number of classes of a trace may be known at run time only") {
  const Dim rows = dim("rows", 1, 100), classes = dim("classes", 1, 100);
  const auto f = [](const Tensor& x, const Tensor& t) { return cross_entropy(x, t); };
  const Graph graph = trace(f, spec(f32, {rows, classes}), spec(i64, {rows}));
  manual_seed(5);
  const Tensor x = randn({4, 7}), t = randint(0, 7, {4});
  CHECK(allclose(graph.compile()({x, t})[0], cross_entropy(x, t)));
}

TEST_CASE("losses: no such class") {
  Tensor x = tensor({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}}, f64).requires_grad_();
  for (int64_t none : {-1, 2, 1 << 20}) {
    const Tensor target = tensor({int64_t{0}, none, int64_t{1}});
    CHECK(std::isnan(cross_entropy(x, target).item()));
    const Tensor dx = grad([&](const Tensor& scores) { return cross_entropy(scores, target); })(x.detach());
    CHECK(equal(dx.slice(0, 1, 2), zeros({1, 2}, f64)));
    CHECK(dx.isfinite().all().item());
  }
}
