// A program that needs only ogee::runtime: it runs a saved program (program.mlir) twice and looks at the numbers.
#include <ogee/runtime/session.h>

#include <cstdio>

using namespace ogee::runtime;

namespace {

/// Memory for the only result.
struct Sink final : ResultSink {
  alignas(64) float y[3] = {};
  void* memory(uint32_t, std::span<const int64_t>, int64_t bytes) override { return bytes == sizeof y ? y : nullptr; }
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  Session session(Program::load_file(argv[1]));
  alignas(64) float x[3] = {1, 2, 3};
  const int64_t sizes[] = {3};
  const TensorArg args[] = {{x, sizes, nullptr, 1, DType::f32}};
  const float expected[2][3] = {{11, 24, 39}, {12, 26, 42}};
  for (const auto& row : expected) {
    Sink sink;
    session.run({args}, sink);
    for (int i = 0; i < 3; ++i) {
      if (sink.y[i] == row[i]) continue;
      std::fprintf(stderr, "element %d is %g, expected %g\n", i, sink.y[i], row[i]);
      return 1;
    }
  }
  return 0;
}
