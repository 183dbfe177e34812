// The models of these tests, made the same way in the program that compiles them and in the one that runs both.
#pragma once

#include <ogee/ogee.h>

#include <vector>

namespace ogee::tests {

/// Two layers on digits, trained with momentum and with inputs dropped at random.
struct Mlp {
  Tensor w1, b1, w2, b2;
  optim::SGD sgd;

  Mlp() : Mlp(parameters()) {}

  Tensor scores(const Tensor& x) const { return matmul(relu(matmul(x, w1) + b1), w2) + b2; }

  /// [batch, 784] to [batch, 10].
  Tensor forward(const Tensor& x) const {
    const NoGradGuard off;
    return softmax(scores(x), -1);
  }

  /// One step on images [batch, 784] and labels [batch] i64; gives the loss.
  Tensor train_step(const Tensor& x, const Tensor& labels) {
    sgd.zero_grad();
    const Tensor loss = cross_entropy(scores(x * (rand(x.shape()) > 0.1)), labels);
    loss.backward();
    sgd.step();
    return loss.detach();
  }

private:
  explicit Mlp(const std::vector<Tensor>& p)
      : w1(p[0]), b1(p[1]), w2(p[2]), b2(p[3]), sgd(p, {.lr = 0.05, .momentum = 0.9}) {}

  static std::vector<Tensor> parameters() {
    manual_seed(3);
    std::vector<Tensor> list = {randn({784, 64}) * 0.05, zeros({64}), randn({64, 10}) * 0.1, zeros({10})};
    const char* const names[] = {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"};
    for (size_t i = 0; i < list.size(); ++i) {
      list[i] = list[i].detach().requires_grad_();
      list[i].set_name(names[i]);
    }
    return list;
  }
};

} // namespace ogee::tests
