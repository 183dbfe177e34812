// When compiled functions trace again, and why.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("signature: reasons of a retrace") {
  auto g = compile([](Tensor x, float scale) { return x * scale; });
  g(zeros({32, 4}), 0.1f);
  g(zeros({48, 4}), 0.1f);
  g(zeros({48, 4}, f64), 0.1f);
  g(zeros({48}, f64), 0.1f);
  g(zeros({48}, f64), 0.05f);
  g(zeros({96}, f64).slice(0, 0, 96, 2), 0.05f);
  CHECK(g.stats().compiles == 6);
  CHECK(g.stats().calls == 6);
  CHECK(g.stats().reasons == std::vector<std::string>{"arg 0 dim 0 was 32, now 48", "arg 0 dtype was f32, now f64",
                                                      "arg 0 had 2 dims, now 1",
                                                      "arg 1 was 0.1, now 0.05: declare it Tensor",
                                                      "arg 0 was contiguous, now strided"});
  g(zeros({32, 4}), 0.1f);
  CHECK(g.stats().compiles == 6);
}

TEST_CASE("signature: reasons that are no argument's sizes") {
  auto g = compile([](Tensor x) { return x + 1; });
  const Tensor x = zeros({4, 6});
  g(x.slice(1, 0, 3));
  g(x.slice(1, 0, 6, 2));
  g(x.slice(1, 0, 3));
  CHECK(g.stats().reasons == std::vector<std::string>{"arg 0 is now strided along its last dim"});
  set_default_dtype(f64);
  g(x.slice(1, 0, 6, 2));
  set_default_dtype(f32);
  CHECK(g.stats().reasons.back() == "the default dtype was f32, now f64");
}

TEST_CASE("signature: a number for a Tensor parameter compiles once") {
  auto g = compile([](Tensor x, Tensor lr) { return x * lr; });
  for (int i = 0; i < 5; ++i) CHECK(g(tensor({1.0}), 0.5 * i).item() == 0.5 * i);
  CHECK(g.stats().compiles == 1);
}

TEST_CASE("signature: names of arguments") {
  auto f = [](Tensor x, Tensor t) { return x + t; };
  auto named = compile(f, {.args = {"x", "t"}});
  named(tensor(1), tensor(2));
  CHECK(named.graph().inputs() == std::vector<std::string>{"x", "t"});
}
