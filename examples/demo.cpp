// The main job in one program: a two-layer network on digits, run eagerly, traced, compiled, inspected and timed.
//   demo [--data DIR] [--quick]      DIR holds t10k-images-idx3-ubyte.gz and its labels; without it digits are drawn
#include <ogee/ogee.h>

#include "examples/digits.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>

using namespace ogee;

namespace {

/// A network whose first layer compares an image with stored examples and whose second adds up their votes: no training
/// needed.
struct Network {
  Tensor examples, bias, votes; // [784, n], [n], [n, 10]

  Network(const Tensor& images, const Tensor& labels) {
    examples = normalize(images).t().contiguous();
    bias = full({images.size(0)}, -0.6);
    votes = (labels.view({-1, 1}) == arange(10)).to(f32);
  }

  /// Images scaled to length 1: [batch, 784] to [batch, 784].
  static Tensor normalize(const Tensor& x) { return x / sqrt(sum(x * x, 1, /*keepdim=*/true)); }

  /// Class probabilities: [batch, 784] to [batch, 10].
  Tensor operator()(const Tensor& x) const {
    Tensor hidden = relu(matmul(normalize(x), examples) + bias);
    return softmax(8 * matmul(hidden, votes), /*dim=*/1);
  }
};

double microseconds(const auto& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

/// Both ways of running, interleaved; medians.
void time_both(const auto& eager, const auto& compiled, const Tensor& x, int rounds) {
  std::vector<double> eager_times, compiled_times;
  for (int i = 0; i < rounds + 5; ++i) {
    const double e = microseconds([&] { eager(x); }), c = microseconds([&] { compiled(x); });
    if (i < 5) continue; // warm-up
    eager_times.push_back(e);
    compiled_times.push_back(c);
  }
  const double e = median(eager_times), c = median(compiled_times);
  std::printf("%8ld  %10.1f us  %10.1f us  %6.2fx\n", static_cast<long>(x.size(0)), e, c, e / c);
}

int run(int argc, char** argv) {
  std::string folder;
  int rounds = 200;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg == "--quick") {
      rounds = 20;
    } else if (arg == "--data" && i + 1 < argc) {
      folder = argv[++i];
    } else {
      std::cerr << "usage: demo [--data DIR] [--quick]\n";
      return 2;
    }
  }
  manual_seed(1);
  const Digits digits = folder.empty() ? draw_digits(3000) : load_digits(folder);
  std::cout << "digits: " << digits.images.size(0) << (folder.empty() ? " drawn ones\n" : " of MNIST\n");

  const int64_t stored = 1024, total = digits.images.size(0), tested = std::min<int64_t>(2000, total - stored);
  const Network net(digits.images.slice(0, 0, stored), digits.labels.slice(0, 0, stored));
  const Tensor x = digits.images.slice(0, total - tested, total).contiguous();
  const Tensor t = digits.labels.slice(0, total - tested, total);

  auto compiled = compile(net, {.name = "network", .args = {"x"}});
  const Tensor eager_out = net(x), compiled_out = compiled(x);
  auto accuracy = [&](const Tensor& out) { return 100 * (argmax(out, 1) == t).to(f32).mean().item<float>(); };
  std::printf("accuracy on %ld digits: %.1f %% eager, %.1f %% compiled\n", static_cast<long>(tested),
              accuracy(eager_out), accuracy(compiled_out));
  std::cout << "largest difference: " << max(abs(eager_out - compiled_out)).item<float>() << "\n\n";
  if (!allclose(eager_out, compiled_out)) {
    std::cerr << "demo: eager and compiled results differ\n";
    return 1;
  }

  const Tensor batch = x.slice(0, 0, 32).contiguous();
  compiled(batch);
  std::cout << "--- the graph as traced\n"
            << compiled.ir() << "\n--- after fusion: one group, one kernel\n"
            << compiled.ir(Stage::fuse) << "\n";

  std::printf("   batch           eager        compiled   speed-up (medians of %d)\n", rounds);
  for (int64_t size : {1, 32, 256}) {
    const Tensor part = x.slice(0, 0, size).contiguous();
    time_both(net, compiled, part, rounds);
  }
  std::cout << "\ncompiles: " << compiled.stats().compiles << "\n";
  for (const std::string& reason : compiled.stats().reasons) std::cout << "  again, because " << reason << "\n";
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    std::cerr << "demo: " << error.what() << "\n";
    return 1;
  }
}
