// Trains a network on drawn digits for a moment, then compiles it and its training step ahead of time.
//   make_mlp <folder for the files>
#include <ogee/ogee.h>

#include "examples/digits.h"

#include <cmath>
#include <iostream>

using namespace ogee;

int main(int argc, char** argv) {
  if (argc != 2) return std::cerr << "usage: make_mlp <folder>\n", 2;
  manual_seed(1);
  const auto layer = [](int64_t inputs, int64_t outputs) {
    return ((rand({inputs, outputs}) * 2 - 1) / std::sqrt(static_cast<double>(inputs))).requires_grad_();
  };
  Tensor w1 = layer(784, 64), b1 = zeros({64}).requires_grad_(), w2 = layer(64, 10), b2 = zeros({10}).requires_grad_();
  w1.set_name("fc1.weight");
  b1.set_name("fc1.bias");
  w2.set_name("fc2.weight");
  b2.set_name("fc2.bias");
  optim::SGD sgd({w1, b1, w2, b2}, {.lr = 0.1, .momentum = 0.9});

  const auto scores = [&](const Tensor& x) { return matmul(relu(matmul(x, w1) + b1), w2) + b2; };
  auto forward = [&](Tensor x) { return softmax(scores(x), -1); };
  auto train_step = [&](Tensor x, Tensor labels) {
    sgd.zero_grad();
    Tensor loss = cross_entropy(scores(x), labels);
    loss.backward();
    sgd.step();
    return loss.detach();
  };

  const Digits digits = draw_digits(2048);
  auto step = compile(train_step);
  for (int64_t i = 0; i < 960; ++i) {
    const int64_t at = i % 32 * 64;
    step(digits.images.slice(0, at, at + 64).contiguous(), digits.labels.slice(0, at, at + 64).contiguous());
  }

  const Dim batch = dim("batch", 1, 64);
  const Tensor images = spec(f32, {batch, 784}), labels = spec(i64, {batch});
  aot({{"forward", trace(forward, images), {"x"}, {"probabilities"}},
       {"train_step", trace(train_step, images, labels), {"x", "labels"}, {"loss"}}},
      {.name = "mlp", .out = argv[1]});
}
