// A thousand mutations of a program's file: each gives one clear Error, or a program that stays within its buffers;
// AddressSanitizer watches. What kernels touch is their code's own affair, so the program that runs here has none.
#include "runtime/hash.h"
#include "runtime/session.h"
#include "tests/catch.h"
#include "tests/runtime/folder.h"
#include "tests/runtime/programs.h"

#include <algorithm>
#include <random>

using namespace ogee::runtime;
using namespace ogee::runtime::testing;

namespace {

constexpr size_t kHeader = 28;

std::vector<uint8_t> floats(size_t count) {
  const std::vector<float> values = ramp(count);
  std::vector<uint8_t> raw(count * sizeof(float));
  std::memcpy(raw.data(), values.data(), raw.size());
  return raw;
}

/// Copies, fills, a branch, a loop and a check over arguments, state, constants and the arena.
Program interpreted_program() {
  Builder b;
  b.program.name = "interpreted";
  const uint32_t x = b.arg("x", {n, 4}), w = b.arg("w", {4}), v = b.arg("v", {4}), flag = b.arg("flag", {}, DType::u8);
  for (size_t i = 1; i < 4; ++i) b.program.args[i].role = Role::captured;
  b.program.args[3].role = Role::random;
  b.program.state = {floats(4), floats(4), {1}};
  const uint32_t out = b.result("out", {n, 4}), next = b.result("", {4}), there = b.result("", {4});
  b.program.results[1].writes = 1;
  b.program.results[2].writes = 2;
  b.program.results[2].in_place = true;
  const uint32_t c = b.constant(floats(4)), scratch = b.arena(n * 16, 0, 9), none = b.constant({0});
  const Slot row = b.sizes.slot(16), all = b.sizes.slot(n * 16);
  b.program.launches.push_back({CopyLaunch{x, scratch, all}});
  ForEntry loop;
  loop.count = b.sizes.slot(n);
  loop.induction = b.sizes.begin_loop();
  const Slot offset = b.sizes.apply(SizeOp::mul, loop.induction, row);
  loop.steps = b.sizes.end_loop();
  loop.body.push_back({CopyLaunch{scratch, out, row, offset, offset}});
  b.program.launches.push_back({loop});
  IfEntry branch;
  branch.condition = {Condition::Kind::buffer, flag};
  branch.then.push_back({CopyLaunch{w, next, row}});
  branch.otherwise.push_back({FillLaunch{next, row, 0, 4}});
  b.program.launches.push_back({branch});
  b.program.launches.push_back({CopyLaunch{v, there, b.sizes.slot(8), kNoSlot, b.sizes.slot(8)}});
  const Window window{c, DType::f32, b.sizes.slot(0), b.slots({4}), b.slots({1})};
  b.program.launches.push_back({CheckLaunch{none, {window}, "{0} is odd", "a.cpp:3", "halve it"}});
  b.program.texts = {{"trace", "the text of a stage"}};
  return b.finish();
}

std::vector<uint8_t> resealed(std::vector<uint8_t> bytes) {
  const Hash128 checksum = hash128(std::span<const uint8_t>(bytes).subspan(kHeader));
  std::memcpy(bytes.data() + 12, &checksum.lo, 8);
  std::memcpy(bytes.data() + 20, &checksum.hi, 8);
  return bytes;
}

/// One to three bytes changed from `first` on: to anything, to the next number, or to a small one, as slots are.
std::vector<uint8_t> mutated(std::vector<uint8_t> bytes, size_t first, std::mt19937& random) {
  for (unsigned i = 0; i < 1 + random() % 3; ++i) {
    uint8_t& byte = bytes[first + random() % (bytes.size() - first)];
    const unsigned how = random() % 3;
    byte = static_cast<uint8_t>(how == 0 ? random() : how == 1 ? byte + 1 : random() % 24);
  }
  return bytes;
}

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

/// Whether it ends soon: loops run as often as numbers say.
bool is_small(const Program& program) {
  return std::ranges::all_of(program.values.initial, [](int64_t value) { return -4096 <= value && value <= 4096; });
}

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

void check_text(const std::string& text) {
  REQUIRE(!text.empty());
  REQUIRE(text.size() < 500);
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
    if (!is_small(*loaded)) continue;
    const std::string text = error_of([&] { run(std::move(*loaded)); });
    check_text(text);
    ++(text == "no error" ? ran : failed);
  }
  INFO(refused << " refused, " << failed << " failed, " << ran << " ran");
  CHECK(refused > 10000);
  CHECK(failed > 100);
  CHECK(ran > 1000);
}
