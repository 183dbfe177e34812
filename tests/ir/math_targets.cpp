// What holds for every function of ir/math.h and ir/philox.h: the same bits at every width, optimised or not, on
// AVX-512 and AVX2; and no call of a library function on any target.
#include "tests/catch.h"
#include "tests/ir/math_catalog.h"

#include <algorithm>

namespace ogee::ir::tests {
namespace {

constexpr size_t kElements = 4096;

/// The first element with other bits than expected; empty if there is none.
std::string difference(const std::vector<uint64_t>& got, const std::vector<uint64_t>& expected) {
  for (size_t i = 0; i < got.size(); ++i)
    if (got[i] != expected[i])
      return "element " + std::to_string(i) + ": " + std::to_string(got[i]) + ", expected " +
             std::to_string(expected[i]);
  return "";
}

TEST_CASE("bodies give the same bits at every vector width, optimised or not") {
  for (const CatalogEntry& entry : catalog()) {
    INFO(entry.name);
    const std::vector<uint64_t> expected = runOnMixedInputs(entry, {.width = 0, .optimize = false}, kElements);
    for (const unsigned width : {0u, 16u, 32u, 64u}) {
      INFO("width " << width);
      CHECK(difference(runOnMixedInputs(entry, {.width = width}, kElements), expected) == "");
    }
    const JitOptions avx2{.width = 8, .cpu = "x86-64-v3"};
    if (hostRunsAvx2()) CHECK(difference(runOnMixedInputs(entry, avx2, kElements), expected) == "");
  }
}

TEST_CASE("bodies call no library function") {
  struct Target {
    const char *triple, *cpu;
    unsigned width;
  };
  for (const Target& target : {Target{"x86_64-linux-gnu", "x86-64-v4", 16}, Target{"x86_64-linux-gnu", "x86-64-v3", 8},
                               Target{"aarch64-linux-gnu", "generic", 4}, Target{"x86_64-linux-gnu", "x86-64-v3", 0},
                               Target{"aarch64-linux-gnu", "generic", 0}})
    for (const CatalogEntry& entry : catalog()) {
      INFO(entry.name << " for " << target.cpu << " of " << target.triple << ", width " << target.width);
      for (const std::string& symbol :
           undefinedSymbols(entry.body, entry.lanes, {.width = target.width, .cpu = target.cpu}, target.triple)) {
        INFO(symbol);
        CHECK(std::count(entry.calls.begin(), entry.calls.end(), symbol) == 1);
      }
    }
}

} // namespace
} // namespace ogee::ir::tests
