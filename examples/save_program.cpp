// A network learns digits for a moment, and leaves the process as a program: beside this, `run_program` runs the file
// with the runtime alone, and so does `ogee run`.
//   save_program [FILE] [--device cuda] [--quick]     FILE is digits.ogee where none is said
#include <ogee/ogee.h>

#include "examples/digits.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <iostream>

using namespace ogee;

namespace {

int run(const std::string& path, const Device& device, int steps) {
  manual_seed(1);
  Digits digits = draw_digits(1000);
  digits = {digits.images.to(device), digits.labels.to(device)};
  set_default_device(device); // what is made from here on is there
  const auto layer = [](int64_t inputs, int64_t outputs, const char* name) {
    const Tensor w = (randn({inputs, outputs}) / std::sqrt(static_cast<double>(inputs))).requires_grad_();
    w.set_name(name); // the name that the file shows
    return w;
  };
  const Tensor w1 = layer(784, 128, "fc1.weight"), w2 = layer(128, 10, "fc2.weight");
  const auto net = [&](Tensor x) { return matmul(relu(matmul(x, w1)), w2); };
  optim::SGD sgd({w1, w2}, {.lr = 0.05, .momentum = 0.9});
  auto step = compile([&](Tensor x, Tensor labels) {
    sgd.zero_grad();
    const Tensor loss = cross_entropy(net(x), labels);
    loss.backward();
    sgd.step();
    return loss.detach();
  });
  for (int i = 0; i < steps; ++i) {
    const int64_t start = i * 100 % 1000;
    const Tensor loss = step(digits.images.slice(0, start, start + 100), digits.labels.slice(0, start, start + 100));
    if (i % 20 == 0) std::printf("step %3d: loss %.4f\n", i, loss.item());
  }

  auto classify = compile([&](Tensor x) { return softmax(net(x), -1); },
                          {.name = "classify", .args = {"image"}, .dims = {{0, 0, dim("batch", 1, 256)}}});
  const NoGradGuard off;
  const Tensor images = digits.images.slice(0, 0, 100), scores = classify(images);
  classify.save(path, {.stages = true});
  const Tensor loaded = load_program(path)(images);
  std::printf("%s: its results are %s\n", path.c_str(), equal(loaded, scores) ? "equal bit for bit" : "different");
  return equal(loaded, scores) ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) try {
  std::string path = "digits.ogee", device = "cpu";
  int steps = 100;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0)
      steps = 21;
    else if (std::strcmp(argv[i], "--device") == 0 && i + 1 < argc)
      device = argv[++i];
    else
      path = argv[i];
  }
  return run(path, Device(device), steps);
} catch (const Error& error) {
  std::cerr << "save_program: " << error.what() << "\n";
  return 1;
}
