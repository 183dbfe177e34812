// Compiled functions as graphs that stand for themselves, and the state that goes with them.
#include "frontend/standalone.h"

#include "frontend/graph_impl.h"
#include "frontend/trace.h"
#include "runtime/runtime.h"
#include "tests/frontend/support.h"

#include <cstring>

using namespace ogee;
using namespace ogee::tests;

namespace {
struct Pair {
  Tensor a, b;
  double factor = 1;
};
} // namespace

TEST_CASE("standalone: the last variant, its results values of its own") {
  const Tensor w = arange(6.0).reshape({3, 2});
  auto g = compile(
      [&](Pair p) {
        p.a += 1;
        return std::tuple(matmul(p.a, w) * p.factor + p.b, p.a, p.a[0]);
      },
      {.args = {"p"}});
  const std::string here = OGEE_HERE, message = error_of([&] { g.standalone("save"); });
  CHECK(message ==
        "save: the function has not been traced yet at " + here + "; hint: call it once, or use trace(fn, specs…)");
  g(Pair{ones({2, 3}), ones({2}), 3});
  const Tensor x = ones({4, 3}), b = ones({2}), y = std::get<0>(g(Pair{x, b, 5}));
  const Graph graph = g.standalone();
  CHECK(graph.inputs() == std::vector<std::string>{"p.a", "p.b", "capture0"});
  CHECK(graph.result_count() == 4);
  const Tensor again = ones({4, 3});
  const std::vector<Tensor> results = graph.compile()({again, b});
  CHECK(equal(results[0], y));
  CHECK(equal(results[1], x));
  CHECK(equal(results[2], x[0]));
  CHECK(equal(again, x));
}

TEST_CASE("standalone: named sizes stay, strides go") {
  auto g = compile([](Tensor x) { return x.sum(0) / x.size(0); }, {.dims = {{0, 0, dim("n", 1, 64)}}});
  g(ones({2, 3}).t().contiguous().t());
  const std::string text = g.standalone().ir();
  CHECK(contains(text, "tensor<?x3xf32>"));
  CHECK(contains(text, "ogee.dims = [\"n\", \"\"]"));
  CHECK(!contains(text, "ogee.strides"));
}

TEST_CASE("standalone: the modes and the state of the call") {
  State<bool> training("training", true);
  auto g = compile([&](Tensor x) { return training.get() ? x * zeros({2}) : x; });
  {
    set_default_dtype(f64);
    g(ones({2}));
    set_default_dtype(f32);
  }
  CHECK(contains(g.standalone().ir(), "-> tensor<2xf64>"));
  CHECK(get_default_dtype() == f32);
  training.set(false);
  CHECK(contains(error_of([&] { g.standalone("save"); }),
                 "save: training was true when the function was traced last, now it is false at "));
}

TEST_CASE("standalone: gradients that are given out") {
  const Tensor w = ones({2}).requires_grad_();
  w.set_name("w");
  auto out = compile([&](Tensor x) { (x * w).sum().backward(); });
  out(ones({2}));
  CHECK(contains(error_of([&] { detail::standalone_interface(out.standalone(), "save", Loc::current()); }),
                 "save: the function gives a gradient to w, which only this process has at "));
  auto given = compile([&](Tensor x) {
    w.set_grad({});
    (x * w).sum().backward();
    return w.grad();
  });
  w.set_grad({});
  given(ones({2}));
  CHECK(equal(given.standalone().compile()({full({2}, 3.0)})[0], full({2}, 3.0)));
  auto argument = compile([](Tensor x) { (x * x).sum().backward(); });
  argument(ones({2}).requires_grad_());
  CHECK(contains(error_of([&] { detail::standalone_interface(argument.standalone(), "save", Loc::current()); }),
                 "save: the function gives a gradient to arg 0"));
  CHECK(contains(error_of([&] { detail::standalone_interface(out.graph(), "save", Loc::current()); }),
                 "save: this graph belongs to a compiled function"));
}

TEST_CASE("standalone: the present state, dense") {
  const Tensor table = arange(6, i32).reshape({2, 3}).t();
  const Graph graph = trace([&](Tensor x) { return x + table + rand({2}); }, spec(f32, {3, 2}));
  manual_seed(7);
  const auto state = detail::present_state(*graph.impl().interface(), Loc::current());
  REQUIRE(state.size() == 3);
  uint64_t key = 0;
  std::memcpy(&key, state[0].data(), sizeof key);
  CHECK(key == 7);
  CHECK(state[1] == std::vector<uint8_t>(8, 0));
  int32_t second = 0;
  std::memcpy(&second, state[2].data() + 4, sizeof second);
  CHECK(second == 3);
}
