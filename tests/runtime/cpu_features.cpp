// CPU features: the host's against the compiler's own question, sets, names.
#include "runtime/cpu_features.h"

#include "tests/catch.h"

using namespace ogee::runtime;

namespace {

bool host_has(std::string_view feature) {
  CpuFeatures wanted;
  REQUIRE(wanted.add(feature));
  return CpuFeatures::host().contains(wanted);
}

} // namespace

TEST_CASE("cpu features: unknown names are refused, those of every CPU need no bit") {
  CpuFeatures features;
  CHECK_FALSE(features.add("warp-drive"));
  CHECK_FALSE(features.add(""));
  CHECK(features == CpuFeatures());
  CHECK(features.to_string().empty());
#if defined(__x86_64__)
  CHECK(features.add("sse2"));
#else
  CHECK(features.add("neon"));
#endif
  CHECK(features == CpuFeatures());
  CHECK(CpuFeatures::host().contains(features));
}

#if defined(__x86_64__)
TEST_CASE("cpu features: the host has what the compiler's runtime says") {
  CHECK(host_architecture() == "x86_64");
  CHECK(host_has("avx") == bool(__builtin_cpu_supports("avx")));
  CHECK(host_has("avx2") == bool(__builtin_cpu_supports("avx2")));
  CHECK(host_has("fma") == bool(__builtin_cpu_supports("fma")));
  CHECK(host_has("popcnt") == bool(__builtin_cpu_supports("popcnt")));
  CHECK(host_has("bmi2") == bool(__builtin_cpu_supports("bmi2")));
  CHECK(host_has("sse4.2") == bool(__builtin_cpu_supports("sse4.2")));
  CHECK(host_has("avx512f") == bool(__builtin_cpu_supports("avx512f")));
  CHECK(host_has("avx512vl") == bool(__builtin_cpu_supports("avx512vl")));
  CHECK(host_has("avx512bf16") == bool(__builtin_cpu_supports("avx512bf16")));
  CHECK(host_has("avx512vpopcntdq") == bool(__builtin_cpu_supports("avx512vpopcntdq")));
  CHECK(host_has("vaes") == bool(__builtin_cpu_supports("vaes")));
}

TEST_CASE("cpu features: sets") {
  CpuFeatures some, more;
  CHECK(some.add("fma"));
  CHECK((more.add("avx2") && more.add("fma")));
  CHECK(more.contains(some));
  CHECK_FALSE(some.contains(more));
  CHECK(more.without(some).to_string() == "avx2");
  CHECK(more.to_string() == "fma, avx2");
  CHECK(CpuFeatures(more.bits()) == more);
}
#else
TEST_CASE("cpu features: the host's architecture") {
  CHECK(host_architecture() == "aarch64");
  CHECK(host_has("neon"));
}
#endif
