// The main job in one program: a two-layer network learns digits, eagerly and by a compiled step; inspected and timed.
//   demo [--data DIR] [--device cuda] [--quick]
// DIR holds t10k-images-idx3-ubyte.gz and its labels; without it digits are drawn.
#include <ogee/ogee.h>

#include "examples/digits.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

using namespace ogee;

namespace {

/// Two layers with a relu between them: [batch, 784] to scores [batch, 10].
struct Network {
  Tensor w1, b1, w2, b2;

  Network(int64_t hidden) : w1(layer(784, hidden)), b1(zeros({hidden})), w2(layer(hidden, 10)), b2(zeros({10})) {
    for (const Tensor& parameter : parameters()) parameter.requires_grad_();
  }

  /// Uniform in ±1 / sqrt(inputs), as PyTorch starts a linear layer.
  static Tensor layer(int64_t inputs, int64_t outputs) {
    return (rand({inputs, outputs}) * 2 - 1) / std::sqrt(static_cast<double>(inputs));
  }
  std::vector<Tensor> parameters() const { return {w1, b1, w2, b2}; }
  Tensor operator()(const Tensor& x) const { return matmul(relu(matmul(x, w1) + b1), w2) + b2; }
};

/// A network with its optimizer; `step` is one step of training, on images and labels of any number.
struct Training {
  explicit Training(int64_t hidden) : net(hidden), sgd(net.parameters(), {.lr = 0.1, .momentum = 0.9}) {}

  Tensor step(const Tensor& x, const Tensor& labels) {
    sgd.zero_grad();
    const Tensor loss = cross_entropy(net(x), labels);
    loss.backward();
    sgd.step();
    return loss.detach();
  }

  Network net;
  optim::SGD sgd;
};

/// Until what it enqueues on a GPU is done.
double microseconds(const auto& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  synchronize(get_default_device());
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

void print_times(const char* what, double eager, double compiled) {
  std::printf("%-24s %10.1f us  %10.1f us  %6.2fx\n", what, eager, compiled, eager / compiled);
}

/// Both ways of running, interleaved; medians.
void time_both(const char* what, const auto& eager, const auto& compiled, int rounds) {
  std::vector<double> eager_times, compiled_times;
  for (int i = 0; i < rounds + 5; ++i) {
    const double e = microseconds(eager), c = microseconds(compiled);
    if (i < 5) continue; // warm-up
    eager_times.push_back(e);
    compiled_times.push_back(c);
  }
  print_times(what, median(eager_times), median(compiled_times));
}

struct Arguments {
  std::string folder, device = "cpu";
  int rounds = 200, epochs = 5;
};

/// Nothing for arguments that make no sense.
std::optional<Arguments> parse(int argc, char** argv) {
  Arguments options;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg == "--quick")
      options.rounds = 20, options.epochs = 3;
    else if (arg == "--data" && i + 1 < argc)
      options.folder = argv[++i];
    else if (arg == "--device" && i + 1 < argc)
      options.device = argv[++i];
    else
      return std::nullopt;
  }
  return options;
}

/// How often the largest score stands at the label.
double accuracy(const Network& net, const Tensor& x, const Tensor& labels) {
  const NoGradGuard off;
  return 100 * (argmax(net(x), 1) == labels).to(f32).mean().item();
}

/// Trains two copies of one network, one eagerly and one by a compiled step, on the same batches; the last batch of an
/// epoch is short. Returns the largest difference between the losses of a step.
double train(Training& eager, auto& compiled_step, const Digits& digits, int64_t batch, int epochs) {
  const int64_t count = digits.images.size(0);
  double largest = 0;
  std::vector<double> eager_times, compiled_times;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    double sum = 0;
    int64_t steps = 0;
    for (int64_t start = 0; start < count; start += batch, ++steps) {
      const int64_t end = std::min(start + batch, count);
      const Tensor x = digits.images.slice(0, start, end), t = digits.labels.slice(0, start, end);
      Tensor eager_loss, compiled_loss;
      eager_times.push_back(microseconds([&] { eager_loss = eager.step(x, t); }));
      compiled_times.push_back(microseconds([&] { compiled_loss = compiled_step(x, t); }));
      largest = std::max(largest, std::abs(eager_loss.item() - compiled_loss.item()));
      sum += compiled_loss.item();
    }
    std::printf("epoch %d: mean loss %.4f\n", epoch + 1, sum / static_cast<double>(steps));
  }
  std::printf("\n%-24s %13s  %13s  %7s\n", "", "eager", "compiled", "ratio");
  print_times("training step", median(eager_times), median(compiled_times));
  return largest;
}

int run(const Arguments& options) {
  manual_seed(1);
  Digits all = options.folder.empty() ? draw_digits(4000) : load_digits(options.folder);
  const int64_t total = all.images.size(0), tested = total / 5, trained = total - tested;
  std::printf("digits: %ld %s, the first %ld to train with\n", static_cast<long>(total),
              options.folder.empty() ? "drawn ones" : "of MNIST", static_cast<long>(trained));
  const Device device(options.device);
  set_default_device(device); // what is made from here on is there
  all = {all.images.to(device), all.labels.to(device)};
  const Digits digits{all.images.slice(0, 0, trained), all.labels.slice(0, 0, trained)};
  const Tensor x = all.images.slice(0, trained, total), t = all.labels.slice(0, trained, total);

  constexpr int64_t kBatch = 96, kHidden = 128;
  manual_seed(2);
  Training eager(kHidden);
  manual_seed(2); // the same weights
  Training other(kHidden);
  const Dim batch = dim("batch", 1, kBatch);
  auto step = compile([&](const Tensor& x, const Tensor& labels) { return other.step(x, labels); },
                      {.name = "step", .args = {"x", "labels"}, .dims = {{0, 0, batch}, {1, 0, batch}}});
  const double largest = train(eager, step, digits, kBatch, options.epochs);

  auto network = compile([&](const Tensor& x) { return other.net(x); }, {.name = "network", .args = {"x"}});
  {
    const NoGradGuard off;
    for (int64_t size : {1, 32, 256}) {
      const Tensor part = x.slice(0, 0, size).contiguous();
      const std::string what = "network on " + std::to_string(size);
      time_both(what.c_str(), [&] { other.net(part); }, [&] { network(part); }, options.rounds);
    }
    const Tensor part = x.slice(0, 0, 32).contiguous();
    network(part);
    std::cout << "\n--- the network as traced\n"
              << network.ir() << "\n--- after fusion: one group, one kernel\n"
              << network.ir(Stage::fuse);
  }
  std::printf("\nlargest difference between the losses, eager and compiled: %.2g\n", largest);
  std::printf("compiles of the step: %ld, for batches of %ld and, last, of %ld\n",
              static_cast<long>(step.stats().compiles), static_cast<long>(kBatch), static_cast<long>(trained % kBatch));
  std::printf("accuracy on %ld other digits: %.1f %% eager, %.1f %% compiled\n", static_cast<long>(tested),
              accuracy(eager.net, x, t), accuracy(other.net, x, t));
  if (largest < 1e-4) return 0;
  std::cerr << "demo: eager and compiled losses differ\n";
  return 1;
}

} // namespace

int main(int argc, char** argv) {
  const std::optional<Arguments> options = parse(argc, argv);
  if (!options) {
    std::cerr << "usage: demo [--data DIR] [--device cuda] [--quick]\n";
    return 2;
  }
  try {
    return run(*options);
  } catch (const Error& error) {
    std::cerr << "demo: " << error.what() << "\n";
    return 1;
  }
}
