// Programs through files: what comes back gives the same numbers, and continues where the process was.
#include "tests/frontend/support.h"
#include "tests/runtime/folder.h"

#include <thread>

using namespace ogee;
using namespace ogee::tests;
using ogee::runtime::testing::Folder;

namespace {

struct Pair {
  Tensor a, b;
};

/// Saves a function after a call, and loads it.
LoadedProgram reload(const auto& function) {
  const Folder folder;
  function.save(folder.file("p.ogee"));
  return load_program(folder.file("p.ogee"));
}

bool same_bits(const Tensor& a, const Tensor& b) { return equal(a, b) && a.dtype() == b.dtype(); }

/// A classifier and its optimizer.
struct Training {
  Tensor w1 = (randn({6, 16}) * 0.3).requires_grad_(), w2 = (randn({16, 4}) * 0.3).requires_grad_();
  optim::SGD sgd{{w1, w2}, {.lr = 0.1, .momentum = 0.9}};

  Tensor step(const Tensor& x, const Tensor& labels) {
    sgd.zero_grad();
    const Tensor hidden = relu(matmul(x, w1));
    const Tensor loss = cross_entropy(matmul(where(rand_like(hidden) > 0.25, hidden, 0), w2), labels);
    loss.backward();
    sgd.step();
    return loss.detach();
  }
};

} // namespace

TEST_CASE("program: a function comes back from its file") {
  const Tensor w = randn({784, 128}), x = randn({32, 784});
  auto g = compile([&](const Tensor& x) { return softmax(relu(matmul(x, w)), -1); }, {.args = {"x"}});
  const Folder folder;
  const std::string path = folder.file("p.ogee");
  const std::string here = OGEE_HERE, message = error_of([&] { g.save(path); });
  CHECK(message ==
        "save: the function has not been traced yet at " + here + "; hint: call it once, or use trace(fn, specs…)");
  const Tensor y = g(x);
  g.save(path);
  const LoadedProgram loaded = load_program(path);
  CHECK(same_bits(loaded(x), y));
  CHECK(same_bits(load_program(path)(x), y));
  CHECK(same_bits(loaded(x.t().contiguous().t()), y));
  CHECK(loaded.inputs() == std::vector<std::string>{"x"});
  CHECK(loaded.state() == std::vector<std::string>{"capture0"});
}

TEST_CASE("program: training continues from a file bit for bit, with momentum and random draws") {
  manual_seed(3);
  Training training;
  const Tensor x = randn({32, 6}), t = randint(0, 4, {32});
  auto step = compile([&](Tensor x, Tensor t) { return training.step(x, t); });
  for (int i = 0; i < 5; ++i) step(x, t);
  const LoadedProgram loaded = reload(step);
  for (int i = 0; i < 20; ++i) {
    const Tensor here = step(x, t), there = loaded(x, t);
    CHECK(same_bits(here, there));
  }
}

TEST_CASE("program: every program continues the draws of the process that saved it, and then its own") {
  manual_seed(11);
  auto draw = compile([](Tensor x) { return x + rand({4}) * randn({4}); });
  draw(zeros({4}));
  const LoadedProgram loaded = reload(draw);
  const Tensor here = draw(zeros({4})), next = draw(zeros({4}));
  CHECK(same_bits(loaded(zeros({4})), here));
  CHECK(same_bits(loaded(zeros({4})), next));
}

TEST_CASE("program: named sizes, whatever size the file was made with") {
  const Tensor w = randn({5, 3});
  auto f = [&](Tensor x) { return softmax(matmul(x, w), -1) * x.size(0); };
  auto g = compile(f, {.args = {"x"}, .dims = {{0, 0, dim("batch", 1, 256)}}});
  g(ones({4, 5}));
  const LoadedProgram loaded = reload(g);
  for (int64_t n : {1, 7, 256}) CHECK(same_bits(loaded(ones({n, 5})), g(ones({n, 5}))));
  CHECK(error_of([&] { loaded(ones({300, 5})); }) == "arg 0 (x) dim 0 is 300, outside batch 1..256 at " + OGEE_HERE);
}

TEST_CASE("program: control flow on values") {
  auto f = [](Tensor x, Tensor n) {
    Tensor i = tensor(0);
    std::tie(i, x) = while_loop([&](Tensor i, Tensor) { return i < n; },
                                [](Tensor i, Tensor x) { return std::tuple(i + 1, x * 2); }, std::tuple(i, x));
    return cond(x.sum() > 10, [&] { return x; }, [&] { return -x; });
  };
  auto g = compile(f);
  g(ones({3}), tensor(1));
  const LoadedProgram loaded = reload(g);
  for (int n : {0, 1, 5}) CHECK(same_bits(loaded(ones({3}), n), f(ones({3}), tensor(n))));
}

TEST_CASE("program: several results, and structs taken apart") {
  auto g = compile([](Pair p) { return std::tuple(p.a + p.b, Pair{p.b, p.a[0]}); }, {.args = {"p"}});
  const Tensor a = randn({2, 3}), b = randn({3});
  g(Pair{a, b});
  const LoadedProgram loaded = reload(g);
  CHECK(loaded.inputs() == std::vector<std::string>{"p.a", "p.b"});
  const Results results = loaded(a, b);
  CHECK(results.size() == 3);
  CHECK(same_bits(results[0], a + b));
  CHECK(same_bits(results[1], b));
  CHECK(same_bits(results[2], a[0]));
  size_t count = 0;
  for (const Tensor& result : results) count += result.defined();
  CHECK(count == 3);
  CHECK(contains(error_of([&] { Tensor one = results; }), "a program: gives 3 results, not one at "));
  CHECK(contains(error_of([&] { results[3]; }), "a program: gives 3 results, there is no number 3"));
  CHECK(loaded.run({a, b}).size() == 3);
}

TEST_CASE("program: results have the names of their fields, or of their tensors") {
  struct Scores {
    Tensor loss, kept, input;
  };
  auto g = compile(
      [](Tensor x) {
        Tensor kept = x * 2;
        kept.set_name("doubled");
        return Scores{x.sum(), kept, x};
      },
      {.args = {"x"}});
  g(ones({3}));
  CHECK(reload(g).results() == std::vector<std::string>{"loss", "doubled", ""});
  CHECK(contains(g.standalone().ir(), "ogee.name = \"loss\""));
  auto twice = compile([](Tensor x) {
    Tensor y = x + 1;
    y.set_name("y");
    return std::vector<Tensor>{y, y, x * 2};
  });
  twice(ones({3}));
  CHECK(reload(twice).results() == std::vector<std::string>{"y", "", ""});
}

TEST_CASE("program: writes to captured tensors and to arguments") {
  Tensor total = zeros({3}), table = zeros({2, 3});
  auto g = compile([&](Tensor x, Tensor y) {
    total += x;
    table[1] = total;
    y *= 2;
    return table.sum(0);
  });
  g(ones({3}), ones({3}));
  const LoadedProgram loaded = reload(g);
  Tensor y = ones({3}), columns = ones({3, 2});
  CHECK(text(Tensor(loaded(ones({3}), y))) == "tensor([2., 2., 2.])");
  CHECK(text(Tensor(loaded(ones({3}), columns.t()[1]))) == "tensor([3., 3., 3.])");
  CHECK(text(y) == "tensor([2., 2., 2.])");
  CHECK(text(columns) == "tensor([[1., 2.],\n        [1., 2.],\n        [1., 2.]])");
  CHECK(text(total) == "tensor([1., 1., 1.])"); // the process's own
  CHECK(contains(error_of([&] { loaded(y, y); }), "two tensors of a call share memory and one of them is written"));
  CHECK(contains(error_of([&] { loaded(y, tensor(1.0).expand({3})); }), "cannot write to an expanded tensor"));
}

TEST_CASE("program: captured tensors of any strides are saved dense") {
  const Tensor w = arange(12.0).reshape({3, 4}), part = w.slice(1, 1, 3), turned = w.t();
  auto g = compile([&](Tensor x) { return std::tuple(matmul(x, part), x + turned, x.sum(1)); });
  const Tensor x = randn({4, 3});
  const auto [a, b, c] = g(x);
  const Results results = reload(g)(x);
  CHECK(allclose(results[0], a));
  CHECK(same_bits(results[1], b));
  CHECK(same_bits(results[2], c));
}

TEST_CASE("program: graphs of trace, without any call") {
  const Tensor w = randn({4, 2});
  const CompiledGraph graph = trace([&](Tensor x) { return matmul(x, w); }, spec(f32, {dim("n", 1, 9), 4})).compile();
  const Tensor x = randn({5, 4});
  CHECK(same_bits(reload(graph)(x), graph({x})[0]));
}

TEST_CASE("program: no arguments, no results") {
  Tensor count = tensor(0);
  auto tick = compile([&] { count += 1; });
  tick();
  const LoadedProgram loaded = reload(tick);
  CHECK(loaded().size() == 0);
  auto now = compile([&] { return count * 2; });
  now();
  CHECK(Tensor(reload(now)()).item<int>() == 2);
}

TEST_CASE("program: arguments that do not fit are Errors with the line of the call") {
  auto g = compile([](Tensor x) { return x + 1; }, {.args = {"x"}});
  g(ones({3, 4}));
  const LoadedProgram loaded = reload(g);
  CHECK(contains(error_of([&] { loaded(ones({3, 5})); }), "arg 0 (x) dim 1 is 5, expected 4"));
  CHECK(contains(error_of([&] { loaded(ones({3, 4}, f64)); }), "arg 0 (x) is f64, expected f32"));
  CHECK(error_of([&] { loaded(); }) == "expected 1 tensors, got 0 at " + OGEE_HERE);
  CHECK(contains(error_of([&] { loaded(ones({3, 4}), 1); }), "expected 1 tensors, got 2"));
  CHECK(contains(error_of([&] { loaded(Tensor()); }), "a program: the tensor is undefined"));
  CHECK(contains(error_of([&] { compile([&](Tensor x) { return Tensor(loaded(x)); })(ones({3, 4})); }),
                 "a program: not inside a compiled function"));
}

TEST_CASE("program: files that are none") {
  const Folder folder;
  const auto load = [&](const std::string& name) { return error_of([&] { load_program(folder.file(name)); }); };
  const std::string start = "load_program: " + folder.file("");
  CHECK(contains(load("missing"), start + "missing: No such file or directory at program.cpp:"));
  CHECK(contains(load(""), ": not a regular file"));
  folder.write("empty", "");
  CHECK(contains(load("empty"), start + "empty: not a program: too short at program.cpp:"));
  auto g = compile([](Tensor x) { return x + 1; });
  g(ones({3}));
  CHECK(contains(error_of([&] { g.save(folder.file("none/p.ogee")); }),
                 "save_program: " + folder.file("none/p.ogee") + ": No such file or directory at program.cpp:"));
  g.save(folder.file("p.ogee"));
  const std::string good = folder.read("p.ogee");
  folder.write("cut", good.substr(0, good.size() / 2));
  CHECK(contains(load("cut"), "cut: not a program: wrong checksum"));
  std::string other = good;
  other[8] = 9;
  folder.write("other", other);
  CHECK(contains(load("other"), "other: made by another version of ogee (format 9, this one reads"));
}

TEST_CASE("program: stages are kept on request") {
  auto g = compile([](Tensor x) { return x + 1; });
  g(ones({3}));
  const Folder folder;
  g.save(folder.file("plain"));
  g.save(folder.file("stages"), {.stages = true});
  CHECK(folder.read("plain").find("ogee.group") == std::string::npos);
  CHECK(folder.read("stages").find("ogee.group") != std::string::npos);
  CHECK(same_bits(load_program(folder.file("stages"))(ones({3})), full({3}, 2.0)));
}

TEST_CASE("program: threads share a loaded program") {
  Tensor count = tensor(0);
  auto g = compile([&](Tensor x) {
    count += x;
    return count;
  });
  g(tensor(0));
  const LoadedProgram loaded = reload(g);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) loaded(tensor(1));
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(Tensor(loaded(tensor(0))).item<int>() == 200);
}

TEST_CASE("program: a thousand mutations of a file, each one clear Error") {
  const Tensor w = randn({5, 3});
  auto g = compile([&](Tensor x) { return softmax(matmul(x, w) + rand({3}), -1); });
  g(ones({4, 5}));
  const Folder folder;
  const std::string path = folder.file("p.ogee");
  g.save(path);
  const std::string good = folder.read("p.ogee");
  uint32_t random = 1;
  const auto next = [&](size_t below) { return (random = random * 1664525 + 1013904223) / 256 % below; };
  for (int round = 0; round < 1000; ++round) {
    std::string bad = good;
    bad[next(bad.size())] ^= static_cast<char>(1 + next(255));
    folder.write("p.ogee", bad);
    const std::string message = error_of([&] { load_program(path); });
    REQUIRE(message.starts_with("load_program: " + path + ": "));
    REQUIRE(message.find('\n') == std::string::npos);
  }
}
