// Feature tables and how they are asked for: cpuid on x86-64, the auxiliary vector on aarch64.
#include "runtime/cpu_features.h"

#include <array>
#include <span>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace ogee::runtime {
namespace {

/// The registers in which cpuid answers, by leaf.
enum X86Word : uint8_t { k1c, k7b, k7c, k7d, k71a, kExtendedC, kWords };
/// Which registers the operating system must save for it, as bits of XCR0.
constexpr uint32_t kPlain = 0, kAvx = 0x6, kAvx512 = 0xe6, kAmx = 0x60000;

struct X86Feature {
  std::string_view name;
  X86Word word;
  uint8_t bit;
  uint32_t state;
};

// Append only: the place in this table is the bit in files.
constexpr X86Feature kX86Features[] = {
    {"sse3", k1c, 0, kPlain},
    {"pclmul", k1c, 1, kPlain},
    {"ssse3", k1c, 9, kPlain},
    {"fma", k1c, 12, kAvx},
    {"cx16", k1c, 13, kPlain},
    {"sse4.1", k1c, 19, kPlain},
    {"sse4.2", k1c, 20, kPlain},
    {"movbe", k1c, 22, kPlain},
    {"popcnt", k1c, 23, kPlain},
    {"aes", k1c, 25, kPlain},
    {"xsave", k1c, 26, kPlain},
    {"avx", k1c, 28, kAvx},
    {"f16c", k1c, 29, kAvx},
    {"rdrnd", k1c, 30, kPlain},
    {"fsgsbase", k7b, 0, kPlain},
    {"bmi", k7b, 3, kPlain},
    {"avx2", k7b, 5, kAvx},
    {"bmi2", k7b, 8, kPlain},
    {"avx512f", k7b, 16, kAvx512},
    {"avx512dq", k7b, 17, kAvx512},
    {"rdseed", k7b, 18, kPlain},
    {"adx", k7b, 19, kPlain},
    {"avx512ifma", k7b, 21, kAvx512},
    {"avx512cd", k7b, 28, kAvx512},
    {"sha", k7b, 29, kPlain},
    {"avx512bw", k7b, 30, kAvx512},
    {"avx512vl", k7b, 31, kAvx512},
    {"avx512vbmi", k7c, 1, kAvx512},
    {"avx512vbmi2", k7c, 6, kAvx512},
    {"gfni", k7c, 8, kPlain},
    {"vaes", k7c, 9, kAvx},
    {"vpclmulqdq", k7c, 10, kAvx},
    {"avx512vnni", k7c, 11, kAvx512},
    {"avx512bitalg", k7c, 12, kAvx512},
    {"avx512vpopcntdq", k7c, 14, kAvx512},
    {"avx512vp2intersect", k7d, 8, kAvx512},
    {"amx-bf16", k7d, 22, kAmx},
    {"avx512fp16", k7d, 23, kAvx512},
    {"amx-tile", k7d, 24, kAmx},
    {"amx-int8", k7d, 25, kAmx},
    {"avxvnni", k71a, 4, kAvx},
    {"avx512bf16", k71a, 5, kAvx512},
    {"sahf", kExtendedC, 0, kPlain},
    {"lzcnt", kExtendedC, 5, kPlain},
};

#if defined(__x86_64__)

constexpr std::string_view kArchitecture = "x86_64";
constexpr std::array<std::string_view, 8> kAlways = {"64bit", "cmov", "cx8", "fxsr", "mmx", "sse", "sse2", "x87"};
constexpr const auto& kFeatures = kX86Features;

/// XCR0, or 0 where the operating system has not switched it on.
uint32_t saved_state(uint32_t word_1c) noexcept {
  constexpr uint32_t kOsXsave = 1u << 27;
  if (!(word_1c & kOsXsave)) return 0;
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

uint64_t ask_host() noexcept {
  std::array<uint32_t, kWords> words{};
  uint32_t a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d)) words[k1c] = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    words[k7b] = b, words[k7c] = c, words[k7d] = d;
    if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) words[k71a] = a;
  }
  if (__get_cpuid(0x80000001, &a, &b, &c, &d)) words[kExtendedC] = c;
  const uint32_t state = saved_state(words[k1c]);
  uint64_t bits = 0;
  for (size_t i = 0; i < std::size(kFeatures); ++i) {
    const X86Feature& feature = kX86Features[i];
    const bool there = (words[feature.word] >> feature.bit & 1) && (state & feature.state) == feature.state;
    bits |= uint64_t(there) << i;
  }
  return bits;
}

#elif defined(__aarch64__)

constexpr std::string_view kArchitecture = "aarch64";
constexpr std::array<std::string_view, 3> kAlways = {"neon", "fp-armv8", "v8a"};

/// Bits of AT_HWCAP, or of AT_HWCAP2 from 64 on, as Linux's asm/hwcap.h has them.
struct Feature {
  std::string_view name;
  uint8_t bit;
};

// Append only: the place in this table is the bit in files.
constexpr Feature kFeatures[] = {
    {"aes", 3},      {"sha2", 6}, {"crc", 7},      {"lse", 8},       {"fullfp16", 10},  {"rdm", 12},
    {"dotprod", 20}, {"sve", 22}, {"fp16fml", 23}, {"sve2", 64 + 1}, {"i8mm", 64 + 13}, {"bf16", 64 + 14},
};

uint64_t ask_host() noexcept {
  const uint64_t words[] = {getauxval(AT_HWCAP), getauxval(AT_HWCAP2)};
  uint64_t bits = 0;
  for (size_t i = 0; i < std::size(kFeatures); ++i)
    bits |= (words[kFeatures[i].bit / 64] >> kFeatures[i].bit % 64 & 1) << i;
  return bits;
}

#else
#error "ogee knows x86-64 and aarch64"
#endif

} // namespace

CpuFeatures CpuFeatures::host() noexcept {
  static const CpuFeatures features(ask_host());
  return features;
}

bool CpuFeatures::add(std::string_view feature) noexcept {
  for (size_t i = 0; i < std::size(kFeatures); ++i) {
    if (kFeatures[i].name != feature) continue;
    bits_ |= uint64_t(1) << i;
    return true;
  }
  for (const std::string_view always : kAlways)
    if (always == feature) return true;
  return false;
}

std::string CpuFeatures::to_string() const {
  std::string text;
  for (size_t i = 0; i < 64; ++i) {
    if (!(bits_ >> i & 1)) continue;
    if (!text.empty()) text += ", ";
    text += i < std::size(kFeatures) ? std::string(kFeatures[i].name) : "feature " + std::to_string(i);
  }
  return text;
}

std::array<uint32_t, 7> x86_requirement(std::span<const std::string_view> features) noexcept {
  std::array<uint32_t, 7> words{};
  for (const X86Feature& known : kX86Features)
    for (const std::string_view feature : features) {
      if (feature != known.name) continue;
      words[known.word] |= uint32_t(1) << known.bit;
      words[kWords] |= known.state;
    }
  return words;
}

std::string_view host_architecture() noexcept { return kArchitecture; }

} // namespace ogee::runtime
