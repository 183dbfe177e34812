// Graphs that the suite `programs` makes programs of: a training step, products with epilogues, rows, loops, draws, and
// every kind of number.
#include "tools/gpu_check/programs.h"
#include <ogee/ogee.h>

#include <cmath>
#include <map>

namespace ogee::gpu_check {
namespace {

namespace fs = std::filesystem;

/// The arguments by the names that the graph has for them.
void write(const fs::path& folder, const std::string& name, const Graph& graph,
           const std::map<std::string, Tensor>& arguments) {
  graph.save(folder / (name + ".mlir"));
  savez(folder / (name + ".inputs.npz"), arguments);
}

Tensor weights(std::initializer_list<int64_t> shape, const char* name) {
  Tensor w = (randn(std::vector<int64_t>(shape)) / std::sqrt(double(*shape.begin()))).requires_grad_();
  w.set_name(name);
  return w;
}

Tensor whole(int64_t value) { return tensor(value, i64); }

/// A network's step: parameters and velocities are state, and a part of the input is dropped by the generator.
void write_training(const fs::path& folder) {
  const Tensor w1 = weights({96, 64}, "w1"), b1 = weights({64}, "b1"), w2 = weights({64, 10}, "w2");
  optim::SGD sgd({w1, b1, w2}, {.lr = 0.05, .momentum = 0.9});
  const auto step = [&](Tensor x, Tensor labels) {
    sgd.zero_grad();
    const Tensor kept = where(rand_like(x) < 0.9, x, 0.0);
    const Tensor loss = cross_entropy(matmul(relu(matmul(kept, w1) + b1), w2), labels);
    loss.backward();
    sgd.step();
    return loss.detach();
  };
  const Dim n = dim("n", 1, 64);
  const Graph graph = trace(step, spec(f32, {n, 96}), spec(i64, {n}));
  write(folder, "training", graph,
        {{"arg0", randn({50, 96})},
         {"arg1", randint(10, {50})},
         {"random_key", whole(7)},
         {"random_draw", whole(0)},
         {"w1", w1},
         {"b1", b1},
         {"w2", w2},
         {"w1.velocity", zeros_like(w1)},
         {"b1.velocity", zeros_like(b1)},
         {"w2.velocity", zeros_like(w2)},
         {"momentum", tensor(0.9, f64)},
         {"lr", tensor(0.05, f64)}});
}

/// A layer of a transformer: products in batches, with what comes behind them, and norms of rows.
void write_attention(const fs::path& folder) {
  const auto norm_of = [](const Tensor& x) { return (x - mean(x, -1, true)) * rsqrt(var(x, -1, 0, true) + 1e-5); };
  const auto layer = [&](Tensor x, Tensor w_qkv, Tensor w_up, Tensor b_up, Tensor w_down) {
    const Tensor qkv = matmul(norm_of(x), w_qkv);
    const Tensor q = qkv.slice(-1, 0, 32), k = qkv.slice(-1, 32, 64), v = qkv.slice(-1, 64, 96);
    const Tensor attended = matmul(softmax(matmul(q, k.transpose(-1, -2)) / std::sqrt(32.0), -1), v);
    const Tensor y = x + attended;
    return y + matmul(gelu(matmul(norm_of(y), w_up) + b_up, "tanh"), w_down);
  };
  const Dim batch = dim("batch", 1, 16), length = dim("length", 1, 128);
  const Graph graph = trace(layer, spec(f32, {batch, length, 32}), spec(f32, {32, 96}), spec(f32, {32, 128}),
                            spec(f32, {128}), spec(f32, {128, 32}));
  write(folder, "attention", graph,
        {{"arg0", randn({3, 40, 32})},
         {"arg1", weights({32, 96}, "")},
         {"arg2", weights({32, 128}, "")},
         {"arg3", randn({128})},
         {"arg4", weights({128, 32}, "")}});
}

/// Rows and columns of a matrix, longer than a block of threads.
void write_rows(const fs::path& folder) {
  const auto rows = [](Tensor x) {
    return std::vector<Tensor>{softmax(x, -1), log_softmax(x, 0),     x.sum(0),        x.sum(1),
                               amax(x, 0),     argmin(x, 1),          logsumexp(x, 1), norm(x, 2),
                               var(x, 0, 1),   prod(x * 0.01 + 1, 1), all(x > -9, 1),  max(x, 1).indices};
  };
  const Dim n = dim("n", 0, 4096);
  write(folder, "rows", trace(rows, spec(f32, {n, 300})), {{"arg0", randn({270, 300})}});
}

/// A recurrence, a loop of as many trips as values say, and a choice.
void write_loops(const fs::path& folder) {
  const auto loops = [](Tensor x, Tensor h) {
    const auto [last, all] = scan(
        [](Tensor h, Tensor x) {
          const Tensor next = tanh(h * 0.5 + x);
          return std::pair(next, next * x);
        },
        h, x);
    auto [trips, small] =
        while_loop([](Tensor, Tensor y) { return y.abs().sum() > 1; },
                   [](Tensor trips, Tensor y) { return std::tuple(trips + 1, y * 0.5); }, std::tuple(tensor(0), last));
    const Tensor chosen = cond(trips > 3, [&] { return small * 2; }, [&] { return small - 1; });
    return std::vector<Tensor>{last, all, trips, chosen};
  };
  const Dim steps = dim("steps", 0, 100);
  write(folder, "loops", trace(loops, spec(f32, {steps, 4, 8}), spec(f32, {4, 8})),
        {{"arg0", randn({9, 4, 8})}, {"arg1", randn({4, 8})}});
}

/// Functions of every kind of number, and what moves them.
void write_numbers(const fs::path& folder) {
  const auto numbers = [](Tensor x, Tensor y, Tensor i) {
    const Tensor even = (i & 1) == 0;
    return std::vector<Tensor>{exp(x) + log1p(x * x),
                               sin(x) / (1 + erf(x) * tanh(x)),
                               pow(abs(y), 1.5),
                               atan2(y, y + 1),
                               where(even, i / 3, i % 7),
                               (i << 2) ^ i,
                               x.to(i32),
                               cat({x.t(), x.t() * 2}, 1),
                               x.slice(0, 0, kEnd, 2),
                               logical_and(even, i > 5)};
  };
  write(folder, "numbers", trace(numbers, spec(f32, {33, 65}), spec(f64, {1000}), spec(i64, {500})),
        {{"arg0", randn({33, 65})}, {"arg1", randn({1000}, f64)}, {"arg2", randint(1000, {500})}});
}

/// The generator's numbers.
void write_draws(const fs::path& folder) {
  const auto draws = [](Tensor x) { return std::vector<Tensor>{rand_like(x), randn_like(x), randint(-5, 100, {77})}; };
  write(folder, "draws", trace(draws, spec(f32, {40, 50})),
        {{"arg0", zeros({40, 50})}, {"random_key", whole(12345)}, {"random_draw", whole(3)}});
}

} // namespace

void write_graphs(const fs::path& folder) {
  manual_seed(1);
  for (const auto writer : {write_loops, write_training, write_attention, write_rows, write_numbers, write_draws})
    writer(folder);
}

} // namespace ogee::gpu_check
