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
