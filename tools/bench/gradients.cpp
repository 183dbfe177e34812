// Small networks, where the cost of the tape shows, and one step of training.
#include "tools/bench/gradients.h"

#include "tools/bench/timing.h"
#include <ogee/ogee.h>

#include <cmath>
#include <cstdio>

namespace ogee::bench {

namespace {

/// Two layers; 7 operations forward with the loss.
struct Network {
  Network(int64_t inputs, int64_t hidden, int64_t outputs)
      : w1((randn({inputs, hidden}) * 0.05).requires_grad_()), b1(zeros({hidden}).requires_grad_()),
        w2((randn({hidden, outputs}) * 0.05).requires_grad_()), b2(zeros({outputs}).requires_grad_()),
        sgd({w1, b1, w2, b2}, {.lr = 0.01, .momentum = 0.9}) {}

  Tensor loss(const Tensor& x) const { return mean(square(matmul(relu(matmul(x, w1) + b1), w2) + b2)); }
  Tensor step(const Tensor& x) {
    sgd.zero_grad();
    const Tensor l = loss(x);
    l.backward();
    sgd.step();
    return l.detach();
  }

  Tensor w1, b1, w2, b2;
  optim::SGD sgd;
};

void small_operations(int rounds) {
  const Tensor x = randn({64}), y = randn({64}), z = y.clone().requires_grad_();
  std::printf("a + b, 64 elements, eager, recorded: %.0f ns (%.0f ns else)\n", nanoseconds([&] { return x + z; }),
              nanoseconds([&] { return x + y; }));
  Network net(16, 16, 4);
  const Tensor input = randn({8, 16});
  std::vector<double> forward, backward;
  for (int i = 0; i < 50 * rounds; ++i) {
    Tensor loss;
    forward.push_back(seconds([&] { loss = net.loss(input); }));
    backward.push_back(seconds([&] { loss.backward(); }));
    net.sgd.zero_grad();
  }
  std::printf("network of 7 operations on 8 x 16, per operation: forward %.2f us, backward %.2f us\n",
              1e6 * median(forward) / 7, 1e6 * median(backward) / 7);
}

bool training_step(int rounds) {
  const auto make = [] {
    manual_seed(3);
    return Network(784, 128, 10);
  };
  Network eager = make(), fixed = make(), ranged = make();
  const Tensor x = randn({64, 784});
  auto fixed_step = compile([&](const Tensor& x) { return fixed.step(x); });
  auto ranged_step = compile([&](const Tensor& x) { return ranged.step(x); }, {.dims = {{0, 0, dim("batch", 1, 256)}}});
  std::vector<double> times[3];
  for (int i = 0; i < 5 * rounds; ++i) {
    Tensor losses[3];
    times[0].push_back(seconds([&] { losses[0] = eager.step(x); }));
    times[1].push_back(seconds([&] { losses[1] = fixed_step(x); }));
    times[2].push_back(seconds([&] { losses[2] = ranged_step(x); }));
    for (const Tensor& loss : losses)
      if (std::abs(loss.item() - losses[0].item()) > 1e-4) return std::puts("losses differ"), false;
  }
  const double e = median(times[0]), f = median(times[1]), r = median(times[2]);
  std::printf(
      "training step 784-128-10 on 64: eager %.0f us, compiled %.0f us (%.2fx), for a range of batches %.0f us\n",
      1e6 * e, 1e6 * f, e / f, 1e6 * r);
  return true;
}

} // namespace

bool gradients(bool quick) {
  small_operations(quick ? 5 : 51);
  return training_step(quick ? 5 : 51);
}

} // namespace ogee::bench
