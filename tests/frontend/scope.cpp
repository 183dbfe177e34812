// Module paths and guarded state.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("scope: scopes nest and end") {
  CHECK(Scope::path().empty());
  {
    Scope net("net");
    Scope layer("fc1");
    CHECK(Scope::path() == "net.fc1");
  }
  CHECK(Scope::path().empty());
}

TEST_CASE("scope: a compiled function keeps one variant per state that it has read") {
  State<bool> training("training", true);
  auto g = compile([&](Tensor x) { return training.get() ? x * 2 : x * 3; });
  CHECK(g(tensor(1)).item<int>() == 2);
  training.set(false);
  CHECK(g(tensor(1)).item<int>() == 3);
  training.set(true);
  CHECK(g(tensor(1)).item<int>() == 2);
  training.set(false);
  CHECK(g(tensor(1)).item<int>() == 3);
  CHECK(g.stats().compiles == 2);
  CHECK(g.stats().reasons == std::vector<std::string>{"training was true, now false"});
  State<double> lr("lr", 0.1);
  State<int> step("step", 3);
  auto h = compile([&](Tensor x) { return x * lr.get() + step.get(); });
  h(tensor({1.0}));
  lr.set(0.05);
  h(tensor({1.0}));
  step.set(-4);
  h(tensor({1.0}));
  CHECK(h.stats().reasons == std::vector<std::string>{"lr was 0.1, now 0.05", "step was 3, now -4"});
}
