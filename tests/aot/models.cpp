// Compiles the models of these tests ahead of time.
//   aot_models <folder> [<suffix of the libraries' names> [<CPUs, comma-separated> [<triple>]]]
#include "tests/aot/models.h"

#include <cmath>
#include <iostream>
#include <sstream>
#include <string>

using namespace ogee;
using tests::Mlp;

namespace {

/// One layer of a transformer encoder, of matmul, softmax, mean and variance.
struct EncoderLayer {
  static constexpr int64_t kWidth = 64, kHeads = 4, kHidden = 256;
  Tensor query = weight(kWidth, kWidth), key = weight(kWidth, kWidth), value = weight(kWidth, kWidth),
         out = weight(kWidth, kWidth), up = weight(kWidth, kHidden), down = weight(kHidden, kWidth),
         scale1 = ones({kWidth}), shift1 = zeros({kWidth}), scale2 = ones({kWidth}), shift2 = zeros({kWidth});

  static Tensor weight(int64_t inputs, int64_t outputs) {
    return randn({inputs, outputs}) / std::sqrt(static_cast<double>(inputs));
  }

  static Tensor normalized(const Tensor& x, const Tensor& scale, const Tensor& shift) {
    const Tensor centred = x - mean(x, -1, true);
    return centred * rsqrt(mean(centred * centred, -1, true) + 1e-5) * scale + shift;
  }

  /// [batch, time, width] to [batch, heads, time, width / heads].
  static Tensor heads(const Tensor& x) {
    return x.view({x.size(0), x.size(1), kHeads, kWidth / kHeads}).transpose(1, 2);
  }

  Tensor operator()(const Tensor& x) const {
    const Tensor a = normalized(x, scale1, shift1);
    const Tensor scores = matmul(heads(matmul(a, query)), heads(matmul(a, key)).transpose(2, 3));
    const Tensor weights = softmax(scores / std::sqrt(static_cast<double>(kWidth / kHeads)), -1);
    const Tensor mixed = matmul(weights, heads(matmul(a, value))).transpose(1, 2).contiguous().view(x.shape());
    const Tensor y = x + matmul(mixed, out);
    return y + matmul(gelu(matmul(normalized(y, scale2, shift2), up)), down);
  }
};

/// Where the libraries go, and for what.
struct Maker {
  AotOptions options;
  std::string suffix;

  void make(const std::string& name, const std::vector<AotEntry>& entries, bool embed = false) const {
    AotOptions one = options;
    one.name = name + suffix;
    one.embed = embed;
    aot(entries, one);
  }

  void mlp() const {
    Mlp net;
    const Dim batch = dim("batch", 1, 32);
    const Tensor images = spec(f32, {batch, 784});
    const Graph step = trace([&](Tensor x, Tensor t) { return net.train_step(x, t); }, images, spec(i64, {batch}));
    make("mlp", {{"forward", trace([&](Tensor x) { return net.forward(x); }, images), {"x"}, {"probabilities"}},
                 {"train_step", step, {"x", "labels"}, {"loss"}}});
  }

  void embedded() const {
    const Mlp net;
    make("embedded", {{"forward", trace([&](Tensor x) { return net.forward(x); }, spec(f32, {1, 784})), {"x"}, {"y"}}},
         /*embed=*/true);
  }

  void encoder() const {
    manual_seed(4);
    const EncoderLayer first, second;
    const Tensor x = spec(f32, {dim("batch", 1, 4), dim("time", 1, 32), EncoderLayer::kWidth});
    make("encoder", {{"forward", trace([&](Tensor t) { return second(first(t)); }, x), {"x"}, {"y"}}});
  }

  /// Choices and loops, several results, an argument that is written to.
  void control() const {
    const Dim n = dim("n", 1, 16);
    const Graph choose =
        trace([](Tensor x) { return cond(x.sum() > 0, [&] { return x * 2; }, [&] { return x - 1; }); }, spec(f32, {n}));
    const Graph halve = trace(
        [](Tensor x) {
          return while_loop([](const Tensor& v) { return v.abs().sum() > 1; }, [](const Tensor& v) { return v / 2; },
                            x);
        },
        spec(f32, {n}));
    const Graph running = trace(
        [](Tensor start, Tensor xs) {
          return scan(
              [](const Tensor& sum, const Tensor& x) {
                const Tensor next = sum * 0.5 + x;
                return std::pair(next, next * next);
              },
              start, xs);
        },
        spec(f32, {3}), spec(f32, {n, 3}));
    const Graph update = trace(
        [](Tensor x, Tensor total) {
          total += x;
          return std::pair(x.sum(), exp(total));
        },
        spec(f32, {n}), spec(f32, {n}));
    make("control", {{"choose", choose, {"x"}, {"y"}},
                     {"halve", halve, {"x"}, {"y"}},
                     {"running", running, {"start", "xs"}, {"last", "squares"}},
                     {"update", update, {"x", "total"}, {"sum", "grown"}}});
  }

  /// What every target computes alike, bit for bit.
  void pointwise() const {
    const Dim n = dim("n", 1, 100);
    const Graph floats = trace(
        [](Tensor x, Tensor y) {
          return std::tuple(exp(x), log(abs(x) + 0.1), tanh(x * 3), sin(x * 10) * cos(y), pow(abs(x) + 0.5, y),
                            gelu(x) + sigmoid(y), where(x > y, sqrt(abs(x)), erf(y)), x / y, rand(x.shape()));
        },
        spec(f32, {n}), spec(f32, {n}));
    const Graph integers = trace(
        [](Tensor a, Tensor b) { return std::tuple(a / b, remainder(a, b), a * b - 3, (a > b).to(i64), a.to(f32)); },
        spec(i32, {n}), spec(i32, {n}));
    make("pointwise", {{"floats", floats, {"x", "y"}}, {"integers", integers, {"a", "b"}}});
  }

  /// Odd ones: bools, numbers, batches of nothing, an output that is an argument, names that C has
  /// other uses for.
  void types() const {
    const Dim n = dim("n", 0, 20);
    const Graph wide = trace([](Tensor x, Tensor y) { return std::pair((x * 2 + 1).to(f32), y + x.to(f64)); },
                             spec(f32, {n}), spec(f64, {n}));
    const Graph flags = trace([](Tensor b, Tensor k) { return std::tuple(logical_not(b), k > 3, k.to(i32)); },
                              spec(boolean, {n}), spec(i64, {n}));
    const Graph number = trace([](Tensor a, Tensor x) { return (x * a).sum(); }, spec(f32, {}), spec(f32, {n, 3}));
    const Graph same = trace([](Tensor x) { return std::pair(x, x.view({2, 3})); }, spec(f32, {6}));
    make("types", {{"wide", wide, {"x", "stdin"}, {"int", "EOF"}},
                   {"flags", flags, {"n", "x y"}},
                   {"number", number, {"status", "Status"}, {"memory"}},
                   {"same", same, {"x"}, {"a", "b"}}});
  }

  /// f64 functions come from libm.
  void wide() const {
    const Graph graph = trace([](Tensor x) { return exp(x) + log(x * x + 1); }, spec(f64, {dim("n", 1, 50)}));
    const Graph loss = trace([](Tensor scores, Tensor labels) { return cross_entropy(scores, labels); },
                             spec(f64, {9, 2}), spec(i64, {9})); // there is no third class
    make("wide", {{"forward", graph, {"x"}, {"y"}}, {"loss", loss}});
  }

  /// Names that headers have other uses for, sizes that may be 0, and an entry that writes to state beside what it does
  /// not know.
  void names() const {
    Tensor seen = ones({3}), other = ones({0, 5});
    const Dim n = dim("name_dim", 0, 9);
    const std::vector<std::string> inputs = {
        "x.y",         "x y",       "naïve",  "if",   "names_ok", "names_call", "EOF",   "and_eq",
        "static_cast", "NAMES_ABI", "Status", "ctx_", "status_",  "name_ok",    "Model", "a\"b\\c?\?/\td"};
    const Graph count = trace(
        [](const std::vector<Tensor>& all) {
          Tensor sum = all[0];
          for (size_t i = 1; i < all.size(); ++i) sum = sum + all[i];
          return std::pair(sum, cat({sum, sum}, 0));
        },
        std::vector<Tensor>(inputs.size(), spec(f32, {n})));
    const Graph tick = trace(
        [&](Tensor x, Tensor y) {
          seen += x;
          x += y;
          return exp(y);
        },
        spec(f32, {}), spec(f32, {}));
    const Graph look = trace([&](Tensor x) { return std::pair(matmul(x, other), seen.sum()); }, spec(f32, {n, 0}));
    make("names", {{"count", count, inputs, {"filename_x", "twice"}},
                   {"tick", tick, {"state", "dims"}, {"dims"}},
                   {"look", look}});
  }
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: aot_models <folder> [<suffix> [<CPUs> [<triple>]]]\n", 2;
  try {
    Maker maker{{.out = argv[1]}, argc > 2 ? argv[2] : ""};
    if (argc > 3) maker.options.cpus = split(argv[3]);
    if (argc > 4) maker.options.triple = argv[4];
    maker.mlp();
    maker.embedded();
    maker.encoder();
    maker.control();
    maker.pointwise();
    maker.types();
    maker.wide();
    maker.names();
    return 0;
  } catch (const Error& error) {
    std::cerr << "aot_models: " << error.what() << "\n";
    return 1;
  }
}
