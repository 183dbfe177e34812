// The hash is MurmurHash3_x64_128, as SMHasher verifies it.
#include "runtime/hash.h"

#include "tests/catch.h"

#include <cstring>
#include <vector>

using namespace ogee::runtime;

TEST_CASE("hash128: SMHasher's verification value") {
  // SMHasher: hash the keys {}, {0}, {0, 1} … of length i with seed 256 - i, then all results with seed 0; the first 32
  // bits count.
  std::vector<uint8_t> key, results;
  for (unsigned i = 0; i < 256; ++i) {
    const Hash128 hash = hash128(key, 256 - i);
    uint8_t bytes[16];
    std::memcpy(bytes, &hash.lo, 8);
    std::memcpy(bytes + 8, &hash.hi, 8);
    results.insert(results.end(), bytes, bytes + 16);
    key.push_back(static_cast<uint8_t>(i));
  }
  CHECK(static_cast<uint32_t>(hash128(results).lo) == 0x6384BA69u);
}

TEST_CASE("hash128: text") {
  CHECK(hash128("").to_string() == "00000000000000000000000000000000");
  CHECK(hash128("a").to_string().size() == 32);
  CHECK(hash128("a") != hash128("b"));
  CHECK(hash128("a") == hash128(std::string("a")));
}
