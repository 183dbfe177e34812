// Recording: in-place writes, views, captures, what must not be done in a trace.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("trace: writes to local tensors and their views") {
  auto f = [](Tensor x) {
    Tensor y = x.clone();
    Tensor row = y[1], column = y.select(1, 0);
    row += 10;
    column *= 2;
    y.t().slice(0, 1, 3, 1).fill_(7);
    y.slice(1, 0, kEnd, 2) = -1;
    return std::tuple(y, row * 1, column * 1);
  };
  const Tensor x = arange(12).reshape({3, 4});
  auto [a, b, c] = f(x);
  auto [d, e, g] = compile(f)(x);
  CHECK(equal(a, d));
  CHECK(equal(b, e));
  CHECK(equal(c, g));
}

TEST_CASE("trace: writes to arguments and captured tensors happen at the end") {
  Tensor w = tensor({1.0, 2.0}), count = tensor(0);
  auto step = compile([&](Tensor x) {
    w -= x * 0.5;
    count += 1;
    x.zero_();
    return w.sum();
  });
  Tensor x = tensor({2.0, 2.0});
  CHECK(step(x).item() == 1);
  CHECK(text(w) == "tensor([0., 1.])");
  CHECK(text(x) == "tensor([0., 0.])");
  step(x);
  CHECK(count.item<int>() == 2);
  CHECK(step.stats().compiles == 1);
}

TEST_CASE("trace: a write through a view of a captured tensor") {
  Tensor w = zeros({2, 3});
  compile([&](Tensor x) { w[1] = x; })(tensor({1.0, 2.0, 3.0}));
  CHECK(text(w) == "tensor([[0., 0., 0.],\n        [1., 2., 3.]])");
}

TEST_CASE("trace: results that are arguments, or views of them") {
  auto g = compile([](Tensor x, Tensor y) { return std::tuple(x, y.t(), y[0]); });
  Tensor x = tensor(1), y = zeros({2, 3});
  auto [same, turned, row] = g(x, y);
  CHECK(same.is(x));
  CHECK(turned.shape() == Shape{3, 2});
  row[0] = 5;
  CHECK(y[0][0].item() == 5);
  CHECK(turned[0][0].item() == 5);
}

TEST_CASE("trace: captured tensors are arguments named by use or by name") {
  Tensor a = tensor(1), b = tensor(2);
  b.set_name("fc1.weight");
  auto g = compile([&](Tensor x) { return x + b + a + a; });
  CHECK(g(tensor(3)).item<int>() == 7);
  CHECK(g.graph().inputs() == std::vector<std::string>{"arg0", "fc1.weight", "capture0"});
  a += 10;
  CHECK(g(tensor(3)).item<int>() == 27);
}

TEST_CASE("trace: host reads in a trace are Errors with the line and a way out") {
  const Tensor captured = tensor(1.0);
  auto message = [](auto body) { return error_of([&] { compile(body)(tensor({1.0})); }); };
  std::string here = at_line(__FILE__, __LINE__ + 2);
  std::string text = message([](Tensor x) {
    x.item();
    return x;
  });
  CHECK(contains(text, "item: a compiled function cannot read the elements of a tensor while it is traced"));
  CHECK(contains(text, here));
  CHECK(contains(text, "hint: "));
  CHECK(contains(message([&](Tensor x) {
                   captured.item();
                   return x;
                 }),
                 "item: "));
  CHECK(contains(message([](Tensor x) {
                   x.span<float>();
                   return x;
                 }),
                 "span: "));
  CHECK(contains(message([](Tensor x) {
                   x.data_ptr<float>();
                   return x;
                 }),
                 "data_ptr: "));
  CHECK(contains(message([](Tensor x) {
                   tests::text(x);
                   return x;
                 }),
                 "print: "));
  CHECK(contains(message([](Tensor x) { return allclose(x, x) ? x : x; }), "item: "));
  here = OGEE_HERE, text = message([](Tensor x) { return x.sum() > 0 ? x : x * 2; });
  CHECK(contains(text, "bool: a compiled function cannot branch"));
  CHECK(contains(text, here));
  text = message([&](Tensor x) {
    here = OGEE_HERE, x = x + captured;
    return captured ? x * 2 : x;
  });
  CHECK(contains(text, "bool: a compiled function cannot branch"));
  CHECK(contains(text, here));
}

TEST_CASE("trace: a captured variable that is rebound to a traced value is an Error with the value's line") {
  Tensor w = tensor({1.0});
  std::string here;
  auto g = compile([&](Tensor x) {
    here = OGEE_HERE, w = w - x * 0.1;
    return w * 1;
  });
  const std::string message = error_of([&] { g(tensor({1.0})); });
  CHECK(contains(message, "compile: a value of the traced function outlives it"));
  CHECK(contains(message, here + "; hint: change captured tensors in place (`w -= …`), or return the new value"));
  CHECK(g.stats().compiles == 0);
  const std::string later = error_of([&] { w + 1; });
  CHECK(contains(later, "add: a tensor of a finished trace is used: it was made at " + here));
}

TEST_CASE("trace: a traced value that the caller keeps is an Error, whatever else happens to its variable") {
  std::vector<Tensor> seen;
  auto g = compile([&](Tensor x) {
    seen.push_back(x * 2);
    return x + 1;
  });
  CHECK(contains(error_of([&] { g(tensor({1.0})); }), "outlives it"));
  const Tensor w = tensor({1.0});
  Tensor copy = w;
  auto h = compile([&](Tensor x) {
    copy = copy + x;
    return x + 1;
  });
  CHECK(contains(error_of([&] { h(tensor({1.0})); }), "outlives it"));
}

TEST_CASE("trace: a captured variable that is rebound to another tensor is an Error with the first use") {
  const Tensor next = tensor({2.0});
  Tensor w = tensor({1.0});
  std::string here;
  auto g = compile([&](Tensor x) {
    here = OGEE_HERE, x = x + w;
    w = next;
    return x;
  });
  const std::string message = error_of([&] { g(tensor({1.0})); });
  CHECK(contains(message, "compile: the function rebinds a captured variable"));
  CHECK(contains(message, here));
  CHECK(contains(error_of([] {
                   trace([t = std::make_shared<Tensor>(ones({1}))](Tensor x) { return *t = x + *t; }, spec(f32, {1}));
                 }),
                 "outlives it"));
}

TEST_CASE("trace: tensors that a function object holds stay captured") {
  auto g = compile([w = tensor({2.0})](Tensor x) { return x * w; });
  CHECK(g(tensor({3.0})).item() == 6);
  CHECK(g(tensor({4.0, 5.0})).sum().item() == 18);
  CHECK(trace([w = tensor({2.0})](Tensor x) { return x * w; }, spec(f32, {1})).compile()({tensor({3.0})})[0].item() ==
        6);
}

TEST_CASE("trace: an exception in the function leaves nothing broken") {
  Tensor w = tensor({1.0});
  bool fail = true;
  auto g = compile([&](Tensor x) {
    w += x;
    if (fail) throw std::runtime_error("mine");
    return w * 1;
  });
  CHECK_THROWS_AS(g(tensor({1.0})), std::runtime_error);
  CHECK(text(w) == "tensor([1.])");
  CHECK(text(w + 1) == "tensor([2.])");
  fail = false;
  CHECK(g(tensor({1.0})).item() == 2);
}

TEST_CASE("trace: specs have no elements") {
  const Tensor s = spec(f32, {2});
  CHECK(contains(error_of([&] { s + 1; }), "add: a spec has no elements"));
  CHECK(contains(error_of([&] { s.item(); }), "item: a spec has no elements"));
}
