// The same network from C++: spans are checked, shapes are constants. argv[1] is the weights file.
#include <mlp.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

alignas(mlp::kAlignment) static std::byte state[mlp::kStateBytes], workspace[mlp::workspace_bytes()];

int main(int argc, char** argv) {
  std::ifstream in(argc > 1 ? argv[1] : "mlp.weights.safetensors", std::ios::binary);
  const std::vector<char> file{std::istreambuf_iterator<char>(in), {}};
  mlp::Model model(state, workspace);
  mlp::Status status = model.status();
  if (status) status = model.read_weights(std::as_bytes(std::span(file)));

  // Three ones, at three places: a bar two pixels wide.
  constexpr std::int64_t count = 3, pixels = mlp::forward_shapes::x[1], classes = mlp::forward_shapes::probabilities[1];
  std::vector<float> x(count * pixels), probabilities(count * classes);
  for (std::int64_t image = 0; image < count; ++image)
    for (std::int64_t row = 0; row < 14; ++row)
      for (std::int64_t column = 0; column < 2; ++column)
        x[static_cast<std::size_t>(image * pixels + (row + 7) * 28 + 14 + 4 * image + column)] = 1;
  if (status) status = model.forward(count, x, probabilities);
  if (!status) return std::puts(status.text().c_str()), 1;
  for (auto row = probabilities.begin(); row != probabilities.end(); row += classes) {
    const auto best = std::max_element(row, row + classes);
    std::printf("a %d, with probability %.2f\n", static_cast<int>(best - row), static_cast<double>(*best));
  }
}
