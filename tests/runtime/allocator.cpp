// The caching allocator: alignment, reuse, accounting, bounds, threads.
#include "runtime/allocator.h"

#include "runtime/error.h"
#include "tests/catch.h"

#include <cstring>
#include <random>
#include <thread>
#include <vector>

using namespace ogee::runtime;

namespace {
constexpr size_t kMega = size_t(1) << 20;
}

TEST_CASE("allocator: blocks are aligned, usable and little larger than asked for") {
  Allocator allocator;
  CHECK(allocator.allocate(0).data == nullptr);
  size_t before = 0;
  for (size_t bytes = 1; bytes < 40 * kMega; bytes = bytes * 17 / 16 + 1) {
    const Block block = allocator.allocate(bytes);
    REQUIRE(reinterpret_cast<uintptr_t>(block.data) % Allocator::kAlignment == 0);
    REQUIRE(block.bytes >= bytes);
    if (bytes > 256) REQUIRE(block.bytes <= bytes + bytes / 4 + 64);
    REQUIRE(block.bytes == Allocator::rounded(bytes));
    REQUIRE(block.bytes >= before);
    before = block.bytes;
    std::memset(block.data, 1, bytes);
    allocator.deallocate(block);
    allocator.release_cached();
  }
  const Block large = allocator.allocate(3 * kMega);
  CHECK(reinterpret_cast<uintptr_t>(large.data) % (2 * kMega) == 0);
  allocator.deallocate(large);
  CHECK(allocator.bytes_live() == 0);
}

TEST_CASE("allocator: a freed block is the next one of its class") {
  Allocator allocator;
  for (const size_t bytes :
       {size_t(1), size_t(100), size_t(300), size_t(5000), Allocator::kMaxSmall, Allocator::kMaxSmall + 1, 5 * kMega}) {
    const Block first = allocator.allocate(bytes);
    allocator.deallocate(first);
    CHECK(allocator.bytes_cached() == static_cast<int64_t>(first.bytes));
    const Block second = allocator.allocate(first.bytes);
    CHECK(second.data == first.data);
    CHECK(allocator.bytes_cached() == 0);
    allocator.deallocate(second);
    allocator.release_cached();
  }
}

TEST_CASE("allocator: large blocks serve requests that are a little smaller, not much smaller") {
  Allocator allocator;
  const Block big = allocator.allocate(40 * kMega);
  allocator.deallocate(big);
  const Block little_less = allocator.allocate(35 * kMega);
  CHECK(little_less.data == big.data);
  CHECK(little_less.bytes == big.bytes);
  allocator.deallocate(little_less);
  const Block much_less = allocator.allocate(20 * kMega);
  CHECK(much_less.data != big.data);
  allocator.deallocate(much_less);
}

TEST_CASE("allocator: accounting") {
  Allocator allocator;
  const Block a = allocator.allocate(1000), b = allocator.allocate(2 * kMega);
  const auto both = static_cast<int64_t>(a.bytes + b.bytes);
  CHECK(allocator.bytes_live() == both);
  CHECK(allocator.bytes_peak() == both);
  allocator.deallocate(b);
  CHECK(allocator.bytes_live() == static_cast<int64_t>(a.bytes));
  CHECK(allocator.bytes_cached() == static_cast<int64_t>(b.bytes));
  CHECK(allocator.bytes_peak() == both);
  allocator.reset_peak();
  CHECK(allocator.bytes_peak() == static_cast<int64_t>(a.bytes));
  allocator.release_cached();
  CHECK(allocator.bytes_cached() == 0);
  allocator.deallocate(a);
}

TEST_CASE("allocator: what is cached stays bounded when sizes grow") {
  Allocator allocator;
  for (size_t bytes = 10 * kMega; bytes < 600 * kMega; bytes += 7 * kMega) {
    allocator.deallocate(allocator.allocate(bytes)); // never touched: costs no memory
    REQUIRE(allocator.bytes_cached() <= allocator.bytes_peak() / 2 * 3 + int64_t(256 * kMega));
  }
}

TEST_CASE("allocator: only what exceeds the bound is given back") {
  Allocator allocator; // the memory is never touched, so it costs none
  std::vector<Block> blocks;
  for (int i = 0; i < 4; ++i) blocks.push_back(allocator.allocate(100 * kMega));
  const auto each = static_cast<int64_t>(blocks[0].bytes);
  for (const Block& block : blocks) allocator.deallocate(block);
  CHECK(allocator.bytes_cached() == 4 * each);
  const Block more = allocator.allocate(500 * kMega); // 900 MB held would exceed 1.5 * 400 MB + 256 MB
  CHECK(allocator.bytes_cached() == 3 * each);
  allocator.deallocate(more);
}

TEST_CASE("allocator: out of memory names the size") {
  Allocator allocator;
  const Block live = allocator.allocate(3 * kMega);
  try {
    allocator.allocate(size_t(1) << 60);
    FAIL();
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::out_of_memory);
    CHECK(std::string(error.what()) ==
          "out of memory: cannot allocate 1152921504606846976 bytes (1.0 EiB); 3.0 MiB are in use");
  }
  CHECK_THROWS_AS(allocator.allocate(SIZE_MAX), Error);
  CHECK_THROWS_AS(allocator.allocate(SIZE_MAX - 4095), Error);
  CHECK(allocator.bytes_live() == static_cast<int64_t>(live.bytes));
  allocator.deallocate(live);
}

TEST_CASE("allocator: threads never get the same memory") {
  Allocator allocator;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 4; ++seed)
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      struct Held {
        Block block;
        size_t bytes;
      };
      std::vector<Held> held;
      for (int step = 0; step < 3000; ++step) {
        if (held.size() < 20 && random() % 2 == 0) {
          const size_t bytes = 1 + random() % (random() % 50 == 0 ? 2 * kMega : 2000);
          held.push_back({allocator.allocate(bytes), bytes});
          std::memset(held.back().block.data, static_cast<int>(seed), std::min<size_t>(bytes, 256));
        } else if (!held.empty()) {
          const Held one = held[random() % held.size()];
          for (size_t i = 0; i < std::min<size_t>(one.bytes, 256); ++i) wrong += one.block.data[i] != std::byte(seed);
          std::erase_if(held, [&](const Held& other) { return other.block.data == one.block.data; });
          allocator.deallocate(one.block);
        }
        if (step % 500 == 0) allocator.release_cached();
      }
      for (const Held& one : held) allocator.deallocate(one.block);
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(allocator.bytes_live() == 0);
}
