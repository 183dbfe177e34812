#include "tools/gpu_check/training_runs.h"

#include "runtime/error.h"

#include <cmath>

namespace ogee::gpu_check {
namespace {

/// Weights as PyTorch starts a linear layer; drawn on the CPU, so that they are the same everywhere.
Tensor weights(int64_t inputs, int64_t outputs, const Options& options) {
  const double range = 1 / std::sqrt(static_cast<double>(inputs));
  return ((rand({inputs, outputs}) * 2 - 1) * range).to(*options.device).to(*options.dtype).requires_grad_();
}

Tensor bias(int64_t outputs, const Options& options) { return zeros({outputs}, options).requires_grad_(); }

/// Trains with `loss` of a batch that `next` makes; the learning rate changes halfway.
std::vector<double> train(const Way& way, int steps, double rate, const std::vector<Tensor>& parameters,
                          const auto& loss, const auto& next) {
  optim::SGD sgd(parameters, {.lr = rate, .momentum = 0.9, .weight_decay = 1e-3, .nesterov = true});
  const auto eager = [&](Tensor x, Tensor t) {
    sgd.zero_grad();
    const Tensor value = loss(x, t);
    value.backward();
    sgd.step();
    return value.detach();
  };
  const auto compiled = compile(eager);
  std::vector<double> losses;
  for (int i = 0; i < steps; ++i) {
    if (i == steps / 2) sgd.set_lr(rate / 2);
    const auto [x, t] = next(i);
    losses.push_back((way.compiled ? compiled(x, t) : eager(x, t)).item());
  }
  return losses;
}

/// Scores of classes from points of a few clusters; the last batch of a round is short.
std::vector<double> classify(const Way& way, int steps) {
  manual_seed(1);
  const Options options(f32, way.device);
  const Tensor w1 = weights(20, 48, options), b1 = bias(48, options), w2 = weights(48, 5, options),
               b2 = bias(5, options), centers = (randn({5, 20}) * 0.6).to(way.device);
  const auto loss = [&](const Tensor& x, const Tensor& labels) {
    return cross_entropy(matmul(relu(matmul(x, w1) + b1), w2) + b2, labels);
  };
  return train(way, steps, 0.1, {w1, b1, w2, b2}, loss, [&](int i) {
    const int64_t count = i % 4 == 3 ? 17 : 64;
    const Tensor labels = randint(5, {count}, way.device);
    const Tensor chosen = matmul((labels.unsqueeze(1) == arange(5, way.device)).to(f32), centers);
    return std::pair(chosen + randn({count, 20}, way.device), labels);
  });
}

/// A function of f64, through tanh.
std::vector<double> regress(const Way& way, int steps) {
  manual_seed(2);
  const Options options(f64, way.device);
  const Tensor w1 = weights(3, 32, options), b1 = bias(32, options), w2 = weights(32, 1, options);
  const auto loss = [&](const Tensor& x, const Tensor& y) { return mse_loss(matmul(tanh(matmul(x, w1) + b1), w2), y); };
  return train(way, steps, 0.1, {w1, b1, w2}, loss, [&](int) {
    const Tensor x = rand({40, 3}, {f64, way.device}) * 4 - 2;
    return std::pair(x, (x * x).sum({1}, /*keepdim=*/true) * 0.1);
  });
}

Tensor normalized(const Tensor& x, const Tensor& scale) {
  const Tensor mean = x.mean({-1}, true), centered = x - mean;
  return centered * rsqrt(centered.square().mean({-1}, true) + 1e-5) * scale;
}

/// One block of a transformer: attention, norms, gelu, residuals, dropout with draws of the step's own.
std::vector<double> attend(const Way& way, int steps) {
  manual_seed(3);
  constexpr int64_t kWidth = 24;
  const Options options(f32, way.device);
  const Tensor q = weights(kWidth, kWidth, options), k = weights(kWidth, kWidth, options),
               v = weights(kWidth, kWidth, options), up = weights(kWidth, 64, options),
               down = weights(64, kWidth, options), out = weights(kWidth, 7, options),
               scale = ones({kWidth}, options).requires_grad_();
  const auto loss = [&](const Tensor& x, const Tensor& labels) {
    const Tensor n = normalized(x, scale);
    const Tensor scores = matmul(matmul(n, q), matmul(n, k).transpose(1, 2)) / std::sqrt(double(kWidth));
    const Tensor mixed = x + matmul(softmax(scores, -1), matmul(n, v));
    const Tensor kept = (rand_like(mixed) < 0.9).to(f32) / 0.9;
    const Tensor mapped = mixed + matmul(gelu(matmul(mixed * kept, up)), down);
    return cross_entropy(matmul(mapped.mean({1}), out), labels);
  };
  return train(way, steps, 0.01, {q, k, v, up, down, out, scale}, loss, [&](int) {
    const Tensor labels = randint(7, {8}, way.device);
    return std::pair(randn({8, 12, kWidth}, way.device) + labels.to(f32).reshape({8, 1, 1}), labels);
  });
}

} // namespace

const std::vector<TrainingRun>& training_runs() {
  static const std::vector<TrainingRun> runs = {{"classify", classify}, {"regress", regress}, {"attend", attend}};
  return runs;
}

std::string loss_difference(const std::vector<double>& a, const std::vector<double>& b, double tolerance) {
  for (size_t i = 0; i < a.size(); ++i)
    if (!(std::abs(a[i] - b[i]) <= tolerance * (1 + std::abs(b[i]))))
      return runtime::concat("the losses of step ", i, " differ: ", Scalar(a[i]).to_string(), " and ",
                             Scalar(b[i]).to_string());
  return "";
}

} // namespace ogee::gpu_check
