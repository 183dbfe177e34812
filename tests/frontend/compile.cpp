// Compiled functions: calls, nesting, threads, errors.
#include "tests/frontend/support.h"

#include <atomic>
#include <cstdlib>
#include <functional>
#include <thread>

using namespace ogee;
using namespace ogee::tests;

namespace {

/// The whole program runs with the check: every second call of a compiled function records again.
const bool check_trace = setenv("OGEE_CHECK_TRACE", "1", 1) == 0;

Tensor free_function(const Tensor& x) { return x * 2; }
struct Model {
  Tensor weight = ones({3, 2});
  Tensor operator()(const Tensor& x) const { return matmul(x, weight); }
};
} // namespace

TEST_CASE("compile: lambdas, functions, objects, generic lambdas") {
  CHECK(compile([](Tensor x) { return x + 1; })(tensor(1)).item<int>() == 2);
  CHECK(compile(free_function)(tensor(2)).item<int>() == 4);
  CHECK(compile([](auto x, auto y) { return x * y; })(tensor(2), tensor(3)).item<int>() == 6);
  CHECK(text(compile(Model())(ones({1, 3}))) == "tensor([[3., 3.]])");
}

TEST_CASE("compile: the sample of the README") {
  manual_seed(0);
  Tensor w = randn({784, 128});
  Tensor x = randn({32, 784});
  auto f = [&](const Tensor& t) { return softmax(relu(matmul(t, w)), /*dim=*/-1); };
  auto g = compile(f);
  CHECK(contains(error_of([&] { g.ir(); }), "ir: the function has not been traced yet"));
  CHECK(contains(error_of([&] { g.dot(); }), "ir: the function has not been traced yet"));
  CHECK(allclose(f(x), g(x)));
  CHECK(contains(g.ir(), "ogee.dot"));
  CHECK(contains(g.ir(Stage::fuse), "ogee.group"));
  for (Stage stage : {Stage::simplify, Stage::nest}) CHECK(!g.ir(stage).empty());
  for (Stage stage : {Stage::loops, Stage::llvm, Stage::assembly}) CHECK(g.ir(stage).empty() != x.device().is_cpu());
  CHECK(contains(g.ir(Stage::cuda), "__global__"));
}

TEST_CASE("compile: compiled functions inside compiled functions are inlined") {
  auto inner = compile([](Tensor x) { return x * 2; });
  auto outer = compile([&](Tensor x) { return inner(x) + 1; });
  CHECK(outer(tensor(3)).item<int>() == 7);
  CHECK(contains(outer.ir(), "ogee.mul"));
  CHECK(inner.stats().compiles == 0);
}

TEST_CASE("compile: strided arguments run with run-time strides") {
  auto g = compile([](Tensor x) { return x + 1; });
  const Tensor x = arange(24).reshape({4, 6});
  CHECK(equal(g(x.t()), x.t() + 1));
  CHECK(equal(g(x.slice(1, 0, 4)), x.slice(1, 0, 4) + 1));
  CHECK(equal(g(arange(64).reshape({8, 8}).slice(1, 0, 4).slice(0, 0, 4)),
              arange(64).reshape({8, 8}).slice(1, 0, 4).slice(0, 0, 4) + 1));
  CHECK(g.stats().compiles == 2);
}

TEST_CASE("compile: eight threads call one function") {
  Tensor w = tensor({2.0});
  auto g = compile([&](Tensor x) { return x * w + x.sum(); });
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) wrong += g(full({1 + t % 3}, 1.0))[0].item() != 3 + t % 3;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(g.stats().compiles == 3);
  CHECK(g.stats().calls == 800);
}

TEST_CASE("compile: writers take turns") {
  Tensor count = tensor(0);
  auto g = compile([&](Tensor x) { count += x; });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) g(tensor(1));
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(count.item<int>() == 200);
}

TEST_CASE("compile: what cannot be computed in the memory that it is written to gets there at the end") {
  Tensor a = tensor({1.0, 2.0}), b = tensor({3.0, 4.0}), bias = tensor({0.5, 0.5});
  const void *at_a = a.data_ptr<float>(), *at_bias = bias.data_ptr<float>();
  auto g = compile([&](Tensor x) {
    const Tensor old = a.clone();
    a.copy_(b); // a swap
    b.copy_(old);
    bias -= (x - bias).sum(0); // reads the bias to the end of the sum
    return bias * 2;
  });
  for (int call = 1; call < 5; ++call) {
    const Tensor x = ones({3, 2}), before = bias.clone(), doubled = g(x);
    CHECK(text(a) == text(call % 2 ? tensor({3.0, 4.0}) : tensor({1.0, 2.0})));
    CHECK(text(b) == text(call % 2 ? tensor({1.0, 2.0}) : tensor({3.0, 4.0})));
    CHECK(allclose(bias, before - (x - before).sum(0)));
    CHECK(text(doubled) == text(bias * 2));
  }
  CHECK(a.data_ptr<float>() == at_a);
  CHECK(bias.data_ptr<float>() == at_bias);
}

TEST_CASE("compile: a captured tensor that was rebound") {
  Tensor w = tensor({1.0});
  auto g = compile([&](Tensor x) { return x + w; });
  g(tensor({1.0}));
  w = tensor({5.0});
  const std::string message = error_of([&] { g(tensor({1.0})); });
  CHECK(contains(message,
                 "compile: a captured variable was rebound between calls of the function compiled at compile.cpp:"));
  CHECK(contains(message, "; its tensor was first used at compile.cpp:"));
}

TEST_CASE("compile: tensors of one call that share memory, one of them written") {
  auto g = compile([](Tensor x, Tensor y) { x += y; });
  Tensor x = zeros({4});
  const std::string here = OGEE_HERE, message = error_of([&] { g(x.slice(0, 0, 2), x.slice(0, 1, 3)); });
  CHECK(contains(message, "two tensors of a call share memory and one of them is written at " + here));
  g(x.slice(0, 0, 2), ones({2}));
  CHECK(x.sum().item() == 2);
}

TEST_CASE("compile: a function may ask for its own statistics while it is traced") {
  Compiled<std::function<Tensor(Tensor)>>* self = nullptr;
  auto g = compile(std::function<Tensor(Tensor)>([&](Tensor x) {
    CHECK(self->stats().compiles == 0);
    CHECK(self->stats().calls == 1);
    CHECK(contains(error_of([&] { self->ir(); }), "ir: the function has not been traced yet"));
    return x + 1;
  }));
  self = &g;
  CHECK(g(tensor(1)).item<int>() == 2);
  CHECK(g.stats().compiles == 1);
}

TEST_CASE("compile: many arguments and results") {
  auto g = compile([](std::vector<Tensor> list) {
    for (Tensor& x : list) x = x + 1;
    return list;
  });
  std::vector<Tensor> list;
  for (int i = 0; i < 40; ++i) list.push_back(full({i % 3 + 1, 2}, i));
  const std::vector<Tensor> result = g(list);
  for (int i = 0; i < 40; ++i) CHECK(result[i][0][0].item<int>() == i + 1);
}

TEST_CASE("compile: an undefined argument") {
  auto g = compile([](Tensor x) { return x; });
  CHECK(contains(error_of([&] { g(Tensor()); }), "compile: arg 0 is an undefined tensor at " + OGEE_HERE));
}

TEST_CASE("compile: a folder for dumps that cannot be written is an Error") {
  setenv("OGEE_DUMP", "/dev/null/dumps", 1);
  const std::string message = error_of([] { compile([](Tensor x) { return x + 1; })(tensor(1)); });
  unsetenv("OGEE_DUMP");
  CHECK(contains(message, "OGEE_DUMP: /dev/null/dumps: Not a directory at compile.cpp:"));
}

TEST_CASE("compile: a function that does something else on its second call") {
  CHECK(check_trace);
  int calls = 0;
  auto g = compile([&](Tensor x) { return x * static_cast<double>(++calls); });
  g(tensor({1.0}));
  const std::string message = error_of([&] { g(tensor({1.0})); });
  CHECK(contains(message, "compile: the function does something else on its second call"));
  CHECK(contains(message, "dense<2.000000e+00>"));
}

TEST_CASE("compile: named sizes: one compile serves a range") {
  const Tensor w = randn({5, 3});
  auto f = [&](Tensor x) { return softmax(relu(matmul(x, w)), -1) * x.size(0); };
  auto g = compile(f, {.dims = {{0, 0, dim("batch", 1, 256)}}});
  for (int64_t n : {4, 1, 256, 17}) CHECK(allclose(g(ones({n, 5})), f(ones({n, 5})), 1e-5, 1e-5));
  for (int64_t n = 1; n <= 256; ++n) g(ones({n, 5}));
  CHECK(g.stats().compiles == 1);
  const std::string here = OGEE_HERE, message = error_of([&] { g(ones({300, 5})); });
  CHECK(contains(message, "arg 0 dim 0 is 300, outside batch 1..256"));
  CHECK(contains(message, here));
  CHECK(g.stats().compiles == 1);
  g(ones({2, 5}, f32).t().contiguous().t()); // another layout is another variant
  CHECK(g.stats().compiles == 2);
}

TEST_CASE("compile: named sizes that are equal, branched on, written, returned") {
  const auto n = dim("n", 2, 64);
  auto add = compile([](Tensor x, Tensor y) { return x + y; }, {.dims = {{0, 0, n}, {1, 0, n}}});
  CHECK(text(add(ones({3}), ones({3}))) == "tensor([2., 2., 2.])");
  CHECK(contains(error_of([&] { add(ones({3}), ones({4})); }), "arg 1 dim 0 is 4, expected 3"));
  auto known = compile([](Tensor x) { return x.size(0) >= 2 ? x * 2 : x; }, {.dims = {{0, 0, n}}});
  CHECK(text(known(ones({2}))) == "tensor([2., 2.])");
  auto unknown = compile([](Tensor x) { return x.size(0) > 8 ? x * 2 : x; }, {.dims = {{0, 0, n}}});
  const std::string message = error_of([&] { unknown(ones({4})); });
  CHECK(contains(message, "cannot decide 8 < n once for all sizes (n is 2 to 64) at compile.cpp:"));
  CHECK(contains(message, "; hint: use cond, or narrow the range"));
  auto write = compile(
      [](Tensor x) {
        x += 1;
        return x;
      },
      {.dims = {{0, 0, n}}});
  for (int64_t size : {3, 5}) {
    Tensor x = zeros({size});
    CHECK(equal(write(x), ones({size})));
    CHECK(equal(x, ones({size})));
  }
  auto g = compile(grad([](Tensor x) { return (x * x).sum(); }), {.dims = {{0, 0, n}}});
  CHECK(text(g(ones({3}))) == "tensor([2., 2., 2.])");
  CHECK(text(g(ones({4}))) == "tensor([2., 2., 2., 2.])");
  CHECK(g.stats().compiles == 1);
}

TEST_CASE("compile: named sizes that cannot be") {
  auto f = [](Tensor x) { return x; };
  CHECK(contains(error_of([&] { compile(f, {.dims = {{0, 0, 5}}}); }), "compile: dims need names, not 5"));
  CHECK(contains(error_of([&] { compile(f, {.dims = {{0, 0, dim("a")}, {0, 0, dim("b")}}}); }), "twice"));
  CHECK(contains(error_of([&] { compile(f, {.dims = {{0, 3, dim("a")}}})(ones({2})); }),
                 "compile: dims name axis 3 of arg 0, which has the shape [2]"));
  CHECK(contains(error_of([&] { compile(f, {.dims = {{1, 0, dim("a")}}})(ones({2})); }),
                 "compile: dims name axis 0 of arg 1, but no tensor is there"));
}
