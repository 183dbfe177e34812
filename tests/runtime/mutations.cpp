// A thousand mutations of a program's file: each gives one clear Error, or a program that stays within its buffers;
// AddressSanitizer watches. What kernels touch is their code's own affair, so the program that runs here has none.
#include "runtime/session.h"
#include "tests/catch.h"
#include "tests/runtime/folder.h"
#include "tests/runtime/mutated.h"

using namespace ogee::runtime;
using namespace ogee::runtime::testing;

namespace {

/// Memory of just the size that is asked for; a test has no more than a little.
class SmallSink final : public ResultSink {
public:
  void* memory(uint32_t, std::span<const int64_t>, int64_t bytes) override {
    if (bytes > 1 << 20) raise(ErrorCode::out_of_memory, "too large for a test");
    blocks_.push_back(std::make_unique<std::byte[]>(static_cast<size_t>(bytes)));
    return blocks_.back().get();
  }

private:
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
};

/// Calls with one and with three rows, in memory of their size: an Error or none.
void run(Program program) {
  Session session(std::move(program));
  for (const int64_t rows : {1, 3, 1}) {
    const auto memory = std::make_unique<float[]>(static_cast<size_t>(rows * 4));
    const int64_t sizes[] = {rows, 4};
    const TensorArg args[] = {{memory.get(), sizes, nullptr, 2, DType::f32}};
    SmallSink sink;
    session.run({args}, sink);
  }
}

} // namespace

TEST_CASE("mutations: a damaged file is one clear Error") {
  const Folder folder;
  const std::string path = folder.file("p.ogee");
  interpreted_program().save_file(path);
  run(Program::load_file(path));
  const std::string good = folder.read("p.ogee");
  std::mt19937 random(6);
  for (int round = 0; round < 1000; ++round) {
    const std::vector<uint8_t> bytes = mutated({good.begin(), good.end()}, 0, random);
    const std::string bad(bytes.begin(), bytes.end());
    if (bad == good) continue;
    folder.write("p.ogee", bad);
    const std::string text = error_of([&] { Program::load_file(path); });
    REQUIRE(text.starts_with("load_program: " + path + ": "));
    REQUIRE(text.find('\n') == std::string::npos);
  }
  for (size_t length = 0; length < good.size(); length += 1 + length / 64) {
    folder.write("p.ogee", good.substr(0, length));
    REQUIRE(error_of([&] { Program::load_file(path); }).starts_with("load_program: " + path + ": not a program: "));
  }
}

TEST_CASE("mutations: damage behind a right checksum stays within the buffers") {
  const std::vector<uint8_t> good = interpreted_program().save().take();
  std::mt19937 random(7);
  int refused = 0, failed = 0, ran = 0;
  for (int round = 0; round < 20000; ++round) {
    Result<Program> loaded = Program::load(resealed(mutated(good, kHeader, random)));
    if (!loaded) {
      check_text(loaded.message());
      ++refused;
      continue;
    }
    if (!is_small(*loaded) || loaded->device != Device::Kind::cpu) continue;
    const std::string text = error_of([&] { run(std::move(*loaded)); });
    check_text(text);
    ++(text == "no error" ? ran : failed);
  }
  INFO(refused << " refused, " << failed << " failed, " << ran << " ran");
  CHECK(refused > 10000);
  CHECK(failed > 100);
  CHECK(ran > 1000);
}
