// The C++ header, with the shapes as constants; sizes of spans are checked.
#include <mlp.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

static_assert(mlp::forward_shapes::x[0] == -1 && mlp::forward_shapes::x[1] == 784);
static_assert(mlp::train_step_shapes::loss.empty());

alignas(mlp::kAlignment) static std::byte state[mlp::kStateBytes], workspace[mlp::workspace_bytes()];

int main(int argc, char** argv) {
  std::ifstream in(argv[argc - 1], std::ios::binary);
  const std::vector<char> file{std::istreambuf_iterator<char>(in), {}};
  mlp::Model model(state, workspace);
  if (!model.status() || !model.read_weights(std::as_bytes(std::span(file)))) return 1;
  std::vector<char> again(MLP_WEIGHTS_BYTES);
  if (!model.write_weights(std::as_writable_bytes(std::span(again))) || again != file) return 5;
  std::vector<float> x(3 * 784, 0.5F), y(3 * 10), small(29);
  std::vector<std::int64_t> labels = {1, 2, 3};
  float loss = 0;
  if (!model.forward(3, x, y) || !model.train_step(3, x, labels, loss) || loss <= 0) return 2;
  const mlp::Status status = model.forward(3, x, small);
  if (status || status.error() != mlp_error_size) return 3;
  std::puts(status.text().c_str());
  return status.text() == "mlp_forward: probabilities has the wrong size" ? 0 : 4;
}
