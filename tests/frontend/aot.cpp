// Libraries from functions: which files there are, what they say, what is refused. tests/aot builds and runs them.
#include "tests/frontend/support.h"
#include "tests/runtime/folder.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("aot: entries share what they capture, by one name") {
  const runtime::testing::Folder folder;
  Tensor w = randn({4, 3}).requires_grad_(), other = ones({3}), same = ones({3});
  other.set_name("shift");
  same.set_name("shift");
  optim::SGD sgd({w}, {.lr = 0.1, .momentum = 0.9});
  const Graph forward = trace([&](Tensor x) { return matmul(x, w) + other; }, spec(f32, {dim("batch", 1, 8), 4}));
  const Graph step = trace(
      [&](Tensor x) {
        sgd.zero_grad();
        Tensor loss = (matmul(x, w) * same + rand({3})).sum();
        loss.backward();
        sgd.step();
        return loss;
      },
      spec(f32, {2, 4}));
  aot({{"forward", forward, {"x"}, {"y"}}, {"train_step", step, {"x"}, {"loss"}}},
      {.name = "net", .out = folder.path()});
  const std::string header = folder.read("net.h");
  CHECK(contains(header,
                 "net_forward(const net_ctx *ctx, const net_memory *memory, int64_t batch, const float *x, float *y)"));
  CHECK(contains(header, "net_train_step(const net_ctx *ctx, const net_memory *memory, const float *x, float *loss)"));
  const std::string manifest = folder.read("net.manifest.json");
  for (const char* name : {"capture0", "shift", "shift_1", "lr", "momentum", "random_key", "random_draw"})
    CHECK(contains(manifest, runtime::concat("\"name\": \"", name, "\"")));
  CHECK(!contains(manifest, "capture2")); // w and its velocity, in both entries
  for (const char* file : {"net.o", "net.hpp", "net.weights.safetensors", "net_golden.npz"})
    CHECK(contains(manifest, runtime::concat("\"name\": \"", file, "\"")));
}

TEST_CASE("aot: the form for one function") {
  const runtime::testing::Folder folder;
  aot([](Tensor x) { return exp(x); }, {ones({2, 3})}, {.name = "e", .out = folder.path(), .args = {"x"}});
  CHECK(contains(folder.read("e.h"),
                 "e_forward(const e_ctx *ctx, const e_memory *memory, const float *x, float *result)"));
}

TEST_CASE("aot: another architecture needs no name of a CPU") {
  const runtime::testing::Folder folder;
  for (const char* triple : {"aarch64-linux-gnu", "x86_64-linux-gnu"}) {
    aot([](Tensor x) { return exp(x); }, {ones({2, 3})}, {.name = "e", .out = folder.path(), .triple = triple});
    CHECK(contains(folder.read("e.manifest.json"), std::string(triple).substr(0, 7)));
  }
}

TEST_CASE("aot: entries that share memory which one of them writes to have to use one tensor") {
  const runtime::testing::Folder folder;
  Tensor w = randn({3, 4}), turned = w.t();
  const Graph step = trace([&](Tensor x) { w += x; }, spec(f32, {3, 4}));
  const Graph forward = trace([&](Tensor x) { return matmul(turned, x); }, spec(f32, {3, 2}));
  const Graph sum = trace([&](Tensor x) { return w + turned.t() + x; }, spec(f32, {3, 4}));
  CHECK(contains(error_of([&] { aot({{"step", step}, {"forward", forward}}, {.out = folder.path()}); }),
                 "aot: capture0 and capture0_1 share memory, and step writes to it at aot.cpp:"));
  aot({{"sum", sum}, {"forward", forward}}, {.out = folder.path()}); // nobody would see that there are two
}

TEST_CASE("aot: what is refused names the line") {
  const runtime::testing::Folder folder;
  const auto refused = [&](const std::vector<AotEntry>& entries, AotOptions options) {
    options.out = folder.path();
    return error_of([&] { aot(entries, options); });
  };
  const Graph graph = trace([](Tensor x) { return exp(x); }, spec(f32, {4}));
  CHECK(contains(refused({}, {}), "aot: there are no entries at aot.cpp:"));
  CHECK(contains(refused({{"f", graph, {"a", "b"}}}, {}), "aot: f has 1 arguments, but 2 names are given at aot.cpp:"));
  CHECK(contains(refused({{"f", graph, {}, {"a", "b"}}}, {}), "aot: f has 1 results, but 2 names are given"));
  CHECK(contains(refused({{"f", graph}}, {.emit = {"exe"}}), "aot: cannot emit exe: obj, header, asm, mlir or report"));
  CHECK(contains(refused({{"f", graph}}, {.cpus = {"z80"}}), "aot: cpu z80 is not known"));
  CHECK(
      contains(refused({{"f", graph}}, {.name = "a b"}), "'a b' is no name that C can use for a library at aot.cpp:"));
  CHECK(contains(refused({{"for", graph}}, {}), "'for' is no name that C can use for an entry"));
  CHECK(contains(refused({{"f", trace([](Tensor x) { return exp(x); }, spec(f32, {dim("n")}))}}, {}),
                 "size n has no upper bound"));
  CHECK(contains(error_of([&] { aot([](Tensor x) { return exp(x); }, {}, {}); }),
                 "aot: the function has 1 arguments, got 0 examples"));

  const Tensor nothing = zeros({0});
  const Graph hollow = trace([&](Tensor x) { return x + nothing.sum(); }, spec(f32, {4}));
  CHECK(contains(refused({{"f", hollow}}, {.embed = true}), "there are no weights to embed"));

  Tensor w = ones({4}).requires_grad_();
  const Graph leaving = trace([&](Tensor x) { (x * w).sum().backward(); }, spec(f32, {4}));
  CHECK(contains(refused({{"f", leaving}}, {}),
                 "aot: the function gives a gradient to the tensor first used at aot.cpp:"));
  auto compiled = compile([](Tensor x) { return exp(x); });
  compiled(ones({4}));
  CHECK(contains(refused({{"f", compiled.graph()}}, {}), "aot: this graph belongs to a compiled function at aot.cpp:"));
}
