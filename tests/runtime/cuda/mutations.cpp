// Mutations of a program's file that runs on a GPU: each gives one clear Error, or a program that stays within its
// buffers; the fake machine ends the process otherwise. As tests/runtime/mutations.cpp for the CPU.
#include "runtime/session.h"
#include "runtime/storage.h"
#include "tests/cuda/machine.h"
#include "tests/runtime/mutated.h"

using namespace ogee::runtime;
using namespace ogee::runtime::testing;

namespace {

/// Memory of just the size that is asked for; a test has no more than a little.
class SmallSink final : public ResultSink {
public:
  void* memory(uint32_t, std::span<const int64_t>, int64_t bytes) override {
    if (bytes > 1 << 20) raise(ErrorCode::out_of_memory, "too large for a test");
    return blocks_.emplace_back(Storage::allocate(static_cast<size_t>(bytes), Device("cuda")))->data();
  }

private:
  std::vector<StorageRef> blocks_;
};

void run(Program program) {
  Session session(std::move(program));
  for (const int64_t rows : {1, 3}) {
    const StorageRef memory = Storage::allocate(static_cast<size_t>(rows * 16), Device("cuda"));
    cuda::fill(cuda::Gpu::get(0), memory->data(), rows * 16, 0, 1);
    const int64_t sizes[] = {rows, 4};
    const TensorArg args[] = {{memory->data(), sizes, nullptr, 2, DType::f32}};
    SmallSink sink;
    session.run({args}, sink);
    cuda::Gpu::get(0).synchronize();
  }
}

} // namespace

TEST_CASE("program code: damage of a program's file stays within the buffers of the GPU", "[fake]") {
  const std::vector<uint8_t> good = interpreted_program(Device::Kind::cuda).save().take();
  run(Program::load(good).take());
  std::mt19937 random(8);
  int refused = 0, failed = 0, ran = 0;
  for (int round = 0; round < 6000; ++round) {
    Result<Program> loaded = Program::load(resealed(mutated(good, kHeader, random)));
    if (!loaded) {
      check_text(loaded.message());
      ++refused;
      continue;
    }
    if (!is_small(*loaded) || loaded->device == Device::Kind::cpu) continue;
    const std::string text = ogee::tests::error_of([&] { run(std::move(*loaded)); });
    check_text(text);
    ++(text == "no error" ? ran : failed);
  }
  INFO(refused << " refused, " << failed << " failed, " << ran << " ran");
  CHECK(refused > 3000);
  CHECK(failed > 30);
  CHECK(ran > 300);
}
