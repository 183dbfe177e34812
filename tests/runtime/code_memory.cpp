// Executable memory: both ways to get it, many blocks, large blocks, reuse.
#include "runtime/code_memory.h"

#include "runtime/image.h"
#include "tests/catch.h"
#include "tests/runtime/programs.h"

#include <thread>

using namespace ogee::runtime;
using namespace ogee::runtime::testing;

namespace {

bool works(const CodeBlock& block, int64_t value) {
  const auto kernel = reinterpret_cast<KernelFn>(reinterpret_cast<uintptr_t>(block.data()));
  int64_t out = 0;
  void* const buffers[] = {&out};
  return kernel(buffers, &value, 0, 1, nullptr) == 0 && out == value;
}

/// Slabs on or off for a while.
class Slabs {
public:
  explicit Slabs(bool enabled) { CodeBlock::set_slabs(enabled); }
  ~Slabs() { CodeBlock::set_slabs(true); }
};

} // namespace

TEST_CASE("code memory: with slabs and without, code runs and stays as it is") {
  const auto stamped = [](uint8_t stamp) {
    std::vector<uint8_t> code = store_size_code();
    code.resize(200, stamp);
    return code;
  };
  for (const bool slabs : {true, false}) {
    const Slabs setting(slabs);
    if (!slabs) CHECK_FALSE(CodeBlock::uses_slabs());
    std::vector<CodeBlock> blocks(300);
    for (size_t round = 0; round < 3; ++round) // drops a third of the blocks, then makes them anew
      for (const bool drop : {true, false})
        for (size_t i = round; i < blocks.size(); i += round == 0 ? 1 : 3) {
          blocks[i] = drop ? CodeBlock() : CodeBlock(stamped(static_cast<uint8_t>(i)));
          REQUIRE(reinterpret_cast<uintptr_t>(blocks[i].data()) % 64 == 0);
        }
    for (size_t i = 0; i < blocks.size(); ++i) {
      REQUIRE(works(blocks[i], static_cast<int64_t>(i)));
      const std::vector<uint8_t> expected = stamped(static_cast<uint8_t>(i));
      REQUIRE(std::memcmp(blocks[i].data(), expected.data(), expected.size()) == 0);
    }
  }
}

TEST_CASE("code memory: blocks larger than a slab, and more than one slab") {
  std::vector<uint8_t> code = store_size_code();
  code.resize(700 << 10);
  std::vector<CodeBlock> blocks;
  for (int i = 0; i < 5; ++i) blocks.emplace_back(code);
  code.resize(3 << 20);
  blocks.emplace_back(code);
  blocks.emplace_back(store_size_code());
  for (const CodeBlock& block : blocks) CHECK(works(block, 5));
  blocks.erase(blocks.begin() + 1, blocks.end() - 1);
  for (const CodeBlock& block : blocks) CHECK(works(block, 6));
}

TEST_CASE("code memory: an empty slab is filled again") {
  if (!CodeBlock::uses_slabs()) return;
  const std::vector<uint8_t> code = store_size_code();
  const CodeBlock fence(std::vector<uint8_t>(900 << 10)); // the next slab is ours alone
  const void* first = nullptr;
  for (int i = 0; i < 20; ++i) {
    const CodeBlock block(std::vector<uint8_t>(600 << 10));
    if (i == 0) first = block.data();
    CHECK(block.data() == first);
  }
}

TEST_CASE("code memory: threads map and drop code at the same time") {
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int64_t id = 0; id < 4; ++id)
    threads.emplace_back([&, id] {
      for (int64_t i = 0; i < 200; ++i) {
        const CodeBlock block(store_size_code());
        wrong += !works(block, id * 1000 + i);
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}
