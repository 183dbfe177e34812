// A hundred steps of training by the object and by the compiled function of this process: the same bits everywhere.
#include "runtime/runtime.h"
#include "tests/aot/models.h"
#include "tests/catch.h"

#include <mlp_tested.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

using namespace ogee;
using tests::Mlp;

namespace {

/// The caller's memory for the library: state from its weights file, and a workspace.
class OnDevice {
public:
  OnDevice() : state_(aligned(MLP_TESTED_STATE_BYTES)), workspace_(aligned(MLP_TESTED_WORKSPACE_BYTES(1))) {
    std::ifstream in(OGEE_TEST_WEIGHTS, std::ios::binary);
    const std::string file{std::istreambuf_iterator<char>(in), {}};
    REQUIRE(mlp_tested_init(&ctx, nullptr) == mlp_tested_ok);
    REQUIRE(mlp_tested_read_weights(file.data(), file.size(), state_.data(), MLP_TESTED_STATE_BYTES) == mlp_tested_ok);
  }

  mlp_tested_memory memory() {
    return {state_.data(), MLP_TESTED_STATE_BYTES, workspace_.data(), MLP_TESTED_WORKSPACE_BYTES(1)};
  }

  /// Whether a tensor of the state has the bits of `tensor`.
  bool holds(const std::string& name, const Tensor& tensor) const {
    const mlp_tested_state_info& info = find(name);
    const Tensor dense = tensor.contiguous();
    const std::span<const float> elements = dense.span<float>();
    return elements.size_bytes() == info.bytes &&
           std::memcmp(state_.data() + info.offset, elements.data(), info.bytes) == 0;
  }

  int64_t number(const std::string& name) const {
    int64_t value = 0;
    std::memcpy(&value, state_.data() + find(name).offset, sizeof value);
    return value;
  }

  mlp_tested_ctx ctx;

private:
  struct alignas(MLP_TESTED_ALIGNMENT) Line {
    char bytes[MLP_TESTED_ALIGNMENT];
  };
  struct Memory {
    std::vector<Line> lines;
    char* data() { return lines.front().bytes; }
    const char* data() const { return lines.front().bytes; }
  };
  static Memory aligned(size_t bytes) { return {std::vector<Line>(bytes / sizeof(Line) + 1)}; }

  static const mlp_tested_state_info& find(const std::string& name) {
    const mlp_tested_library_info* info = mlp_tested_info();
    for (int32_t i = 0; i < info->state_count; ++i)
      if (name == info->state[i].name) return info->state[i];
    FAIL("the state has no tensor " << name);
    return info->state[0];
  }

  Memory state_, workspace_;
};

} // namespace

TEST_CASE("aot: a hundred steps of training are those of this process") {
  OnDevice device;
  Mlp net;
  auto& generator = runtime::Runtime::get().generator();
  const auto check_state = [&] {
    const char* const names[] = {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"};
    for (size_t i = 0; i < 4; ++i) {
      CHECK(device.holds(names[i], net.sgd.parameters()[i].detach()));
      CHECK(device.holds(std::string(names[i]) + ".velocity", net.sgd.velocities()[i]));
    }
    CHECK(device.number("random_key") == static_cast<int64_t>(generator.state().key));
    CHECK(device.number("random_draw") == static_cast<int64_t>(generator.state().number));
  };
  generator.set_state(
      {static_cast<uint64_t>(device.number("random_key")), static_cast<uint64_t>(device.number("random_draw"))});
  check_state();
  const Dim batch = dim("batch", 1, 32);
  auto step = compile([&](const Tensor& x, const Tensor& labels) { return net.train_step(x, labels); },
                      {.dims = {{0, 0, batch}, {1, 0, batch}}});
  const Tensor images = randn({200, 784}), labels = randint(0, 10, {200});
  generator.set_state(
      {static_cast<uint64_t>(device.number("random_key")), static_cast<uint64_t>(device.number("random_draw"))});
  const mlp_tested_memory memory = device.memory();
  for (int64_t i = 0; i < 100; ++i) {
    const int64_t size = 1 + i * 7 % 32, at = i * 11 % (200 - size);
    const Tensor x = images.slice(0, at, at + size).contiguous(), t = labels.slice(0, at, at + size).contiguous();
    float loss = 0;
    REQUIRE(mlp_tested_train_step(&device.ctx, &memory, size, x.span<float>().data(), t.span<int64_t>().data(),
                                  &loss) == mlp_tested_ok);
    const Tensor expected = step(x, t);
    REQUIRE(std::memcmp(&loss, expected.span<float>().data(), sizeof loss) == 0);
  }
  check_state();
  const Tensor x = images.slice(0, 0, 5).contiguous(), expected = net.forward(x);
  std::vector<float> got(50);
  REQUIRE(mlp_tested_forward(&device.ctx, &memory, 5, x.span<float>().data(), got.data()) == mlp_tested_ok);
  const std::span<const float> wanted = expected.span<float>();
  for (size_t i = 0; i < got.size(); ++i) CHECK(std::abs(got[i] - wanted[i]) < 1e-6F); // eager: other fusion
}
