// Compiled graphs: calls on tensors, without the C++ function.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("runnable: a graph from specs is compiled and called") {
  const Tensor w = ones({4, 2});
  const Graph graph = trace([&](Tensor x, Tensor y) { return std::tuple(matmul(x, w) + y, x.t(), y); },
                            spec(f32, {3, 4}), spec(f32, {2}));
  const CompiledGraph program = graph.compile();
  const Tensor x = arange(12).reshape({3, 4}).to(f32), y = tensor({1.0, 2.0});
  const std::vector<Tensor> results = program({x, y});
  CHECK(equal(results[0], matmul(x, w) + y));
  CHECK(equal(results[1], x.t()));
  CHECK(equal(results[2], y));
  CHECK(equal(program({x.t().contiguous().t(), y})[0], results[0]));
}

TEST_CASE("runnable: arguments that do not fit are Errors") {
  const CompiledGraph program = trace([](Tensor x) { return x + 1; }, spec(f32, {3, 4})).compile();
  CHECK(contains(error_of([&] { program({zeros({3, 5})}); }), "dim 1 is 5, expected 4"));
  CHECK(contains(error_of([&] { program({zeros({3, 4}, f64)}); }), "f64"));
  CHECK(contains(error_of([&] { program({}); }), "expected 1 tensors, got 0"));
  auto g = compile([](Tensor x) { return x + 1; });
  g(tensor(1));
  CHECK(contains(error_of([&] { g.graph().compile(); }), "compile: this graph belongs to a compiled function"));
}

TEST_CASE("runnable: named sizes take any size in their range") {
  const CompiledGraph program =
      trace([](Tensor x) { return softmax(x * 2, 1); }, spec(f32, {dim("batch", 1, 8), 4})).compile();
  for (int n : {1, 3, 8}) CHECK(allclose(program({ones({n, 4})})[0], softmax(ones({n, 4}) * 2, 1)));
  CHECK(contains(error_of([&] { program({ones({9, 4})}); }), "9"));
}

TEST_CASE("runnable: results that are arguments, or views of them, belong to the graph") {
  const Graph graph = trace([](Tensor x) { return std::tuple(x[0], x, x.reshape({x.size(0) * 2, 2})); },
                            spec(f32, {dim("b", 1, 8), 4}));
  CHECK(graph.result_count() == 3);
  CHECK(contains(graph.ir(), "return %"));
  const Tensor x = arange(12.0).reshape({3, 4});
  const std::vector<Tensor> results = graph.compile()({x});
  CHECK(equal(results[0], x[0]));
  CHECK(equal(results[1], x));
  CHECK(equal(results[2], x.reshape({6, 2})));
}

TEST_CASE("runnable: writes to arguments of any strides") {
  const CompiledGraph program =
      trace([](Tensor x, Tensor y) { return x += y; }, spec(f32, {3}), spec(f32, {3})).compile();
  const Tensor table = zeros({3, 2}), one = ones({3});
  CHECK(equal(program({table.t()[1], one})[0], one));
  CHECK(text(table) == "tensor([[0., 1.],\n        [0., 1.],\n        [0., 1.]])");
  CHECK(contains(error_of([&] { program({table.t()[0], table.t()[1]}); }), "two tensors of a call share memory"));
  CHECK(contains(error_of([&] { program({tensor(1.0).expand({3}), one}); }), "cannot write to an expanded tensor"));
  CHECK(contains(error_of([&] { program({Tensor(), one}); }), "a compiled graph: the tensor is undefined"));
}

TEST_CASE("runnable: sizes that have a name take part in arithmetic") {
  auto check = [](auto f) {
    const CompiledGraph program = trace(f, spec(f32, {dim("b", 1, 64), 3})).compile();
    for (int n : {1, 2, 7, 64}) {
      const Tensor x = arange(3.0 * n).reshape({n, 3}) / 7;
      CHECK(allclose(program({x})[0], f(x), 1e-5, 1e-6, /*equal_nan=*/true));
    }
  };
  check([](Tensor x) { return x.mean(0); });
  check([](Tensor x) { return x.mean(); });
  check([](Tensor x) { return x.var(0) + x.std(0, 0); });
  check([](Tensor x) { return x.var({0, 1}, 5, true); });
  check([](Tensor x) { return x / x.size(0); });
  check([](Tensor x) { return (x.size(0) - 3) * x - x.size(0) * x.size(0); });
  check([](Tensor x) {
    Tensor y = x * 1;
    y += x.size(0);
    y[0] = x.size(0) / 2;
    return y;
  });
  check([](Tensor x) { return x.sum(0) * (x.size(0) > x.sum()); });
  const std::string here = OGEE_HERE, message = error_of([] { ones({2}) + dim("n"); });
  CHECK(message == "an operator: the size n has a value in a compiled function only at " + here);
}

TEST_CASE("runnable: parts of a size that has a name") {
  const Tensor x = arange(12.0);
  auto check = [&](auto f, const Dim& size) {
    const Graph graph = trace(f, spec(f32, {size}));
    CHECK(equal(graph.compile()({x})[0], f(x)));
  };
  const Dim b = dim("b", 1, 64);
  auto halves = [](Tensor t) {
    const std::vector<Tensor> parts = t.split({t.size(0) - 2, 2});
    return parts[0].sum() - parts[1].sum();
  };
  check(halves, b);
  CHECK(contains(error_of([&] { trace([](Tensor t) { return t.split(4)[0]; }, spec(f32, {b})); }),
                 "split: how many parts of size 4 the size b has is not known in the trace"));
  CHECK(contains(error_of([&] { trace([](Tensor t) { return t.chunk(2)[0]; }, spec(f32, {b})); }), "chunk: "));
  CHECK(trace([](Tensor t) { return t.chunk(3); }, spec(f32, {8})).result_count() == 3);
}

TEST_CASE("runnable: results that share memory eagerly share it when compiled") {
  auto f = [](Tensor x) {
    Tensor y = x * 2;
    return std::vector<Tensor>{y, y, y[0], x + 1};
  };
  for (auto results : {f(ones({2, 2})), compile(f)(ones({2, 2}))}) {
    results[0][0][1] = 7;
    CHECK(text(results[1]) == "tensor([[2., 7.],\n        [2., 2.]])");
    CHECK(text(results[2]) == "tensor([2., 7.])");
    CHECK(text(results[3][0]) == "tensor([2., 2.])");
  }
}
