// Derives the facts in `TargetInfo` from CPU features.
#include "codegen/target.h"

#include "runtime/cuda/architecture.h"
#include "runtime/cuda/device.h"
#include "runtime/cuda/nvrtc.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/TargetParser/X86TargetParser.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace ogee::codegen {

namespace {

/// The features that a level guarantees and that codegen relies on or LLVM profits from.
constexpr const char* kV3 =
    "+avx,+avx2,+bmi,+bmi2,+cmov,+cx16,+cx8,+f16c,+fma,+fxsr,+lzcnt,+mmx,+movbe,+popcnt,+sse,+sse2,+sse3,"
    "+sse4.1,+sse4.2,+ssse3,+x87,+xsave";
constexpr const char* kV4Extra = ",+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl";

bool has(llvm::StringRef features, llvm::StringRef name) {
  llvm::SmallVector<llvm::StringRef, 64> parts;
  features.split(parts, ',');
  return llvm::is_contained(parts, ("+" + name).str());
}

void deriveFacts(TargetInfo& info) {
  if (llvm::StringRef(info.triple).starts_with("aarch64")) {
    info.vectorBits = 128;
    info.vectorRegisters = 32;
    return;
  }
  const bool avx512 = has(info.features, "avx512f") && has(info.features, "avx512bw") &&
                      has(info.features, "avx512vl") && has(info.features, "avx512dq");
  info.vectorBits = avx512 ? 512 : has(info.features, "avx2") ? 256 : 128;
  info.vectorRegisters = avx512 ? 32 : 16;
  info.cheapMasks = avx512;
}

uint64_t cacheBytes(int name, uint64_t fallback) {
  const long bytes = sysconf(name);
  return bytes > 0 ? static_cast<uint64_t>(bytes) : fallback;
}

TargetInfo detectHost() {
  TargetInfo info;
  info.triple = llvm::sys::getProcessTriple();
  info.cpu = llvm::sys::getHostCPUName().str();
  std::vector<std::string> parts;
  for (const auto& feature : llvm::sys::getHostCPUFeatures())
    parts.push_back((feature.second ? "+" : "-") + feature.first().str());
  std::sort(parts.begin(), parts.end());
  for (const std::string& part : parts) info.features += (info.features.empty() ? "" : ",") + part;
  info.l2Bytes = cacheBytes(_SC_LEVEL2_CACHE_SIZE, info.l2Bytes);
  info.l3Bytes = cacheBytes(_SC_LEVEL3_CACHE_SIZE, info.l3Bytes);
  deriveFacts(info);
  return info;
}

} // namespace

std::string TargetInfo::key() const {
  return language == Language::cuda ? "cuda/" + architecture : triple + "/" + cpu + "/" + features;
}

bool namedTarget(const std::string& name, TargetInfo& info) {
  info = TargetInfo();
  info.cpu = "generic";
  if (name == "armv8") {
    info.triple = "aarch64-unknown-linux-gnu";
    info.features = "+neon,+fp-armv8";
  } else if (name == "x86-64-v3" || name == "x86-64-v4") {
    info.triple = "x86_64-unknown-linux-gnu";
    info.features = name == "x86-64-v4" ? std::string(kV3) + kV4Extra : kV3;
    info.cpu = name;
  } else {
    return false;
  }
  deriveFacts(info);
  return true;
}

runtime::CpuFeatures requiredFeatures(const TargetInfo& target) {
  runtime::CpuFeatures features;
  llvm::SmallVector<llvm::StringRef, 64> parts;
  llvm::StringRef(target.features).split(parts, ',');
  for (llvm::StringRef part : parts)
    if (part.consume_front("+")) features.add(part);
  return features;
}

bool runsHere(const TargetInfo& target) {
  return architectureOf(target) == runtime::host_architecture() &&
         runtime::CpuFeatures::host().contains(requiredFeatures(target));
}

std::string architectureOf(const TargetInfo& target) { return llvm::Triple(target.triple).getArchName().str(); }

namespace {

/// What LLVM may use for an x86-64 CPU by its name: only what is said here is asked of a machine before code runs.
std::string featuresOf(const std::string& cpu) {
  std::string text;
  if (llvm::X86::parseArchX86(cpu, /*Only64Bit=*/true) == llvm::X86::CK_None) return text;
  llvm::SmallVector<llvm::StringRef, 64> features;
  llvm::X86::getFeaturesForCPU(cpu, features);
  llvm::sort(features);
  for (const llvm::StringRef feature : features) text += (text.empty() ? "+" : ",+") + feature.str();
  return text;
}

} // namespace

std::string parseTarget(const std::string& asked, const std::string& triple, NamedTarget& target) {
  const bool isHost = triple.empty() || llvm::Triple(triple).getArch() == llvm::Triple(hostTarget().triple).getArch();
  if (isHost && (asked == "native" || (asked.empty() && triple.empty()))) {
    target = {"native", hostTarget()};
    if (!triple.empty()) target.info.triple = llvm::Triple::normalize(triple);
    return hostTargetError();
  }
  const std::string cpu = asked == "native" ? "" : asked;
  target.name = cpu.empty() ? "generic" : cpu;
  if (namedTarget(cpu, target.info)) {
    const llvm::Triple asked(triple.empty() ? target.info.triple : llvm::Triple::normalize(triple));
    if (asked.getArch() != llvm::Triple(target.info.triple).getArch()) return "cpu " + cpu + " is none of " + triple;
    target.info.triple = asked.str();
    return "";
  }
  if (triple.empty()) return "cpu " + cpu + " is not known: native, x86-64-v3, x86-64-v4 or armv8, or name a triple";
  const llvm::Triple machine(llvm::Triple::normalize(triple));
  target.info = TargetInfo();
  if (!cpu.empty() || machine.getArch() != llvm::Triple::aarch64 || !namedTarget("armv8", target.info))
    target.info.cpu = target.name;
  target.info.triple = machine.str();
  if (machine.getArch() == llvm::Triple::x86_64) target.info.features = featuresOf(target.name);
  if (cpu.empty() && machine.isRISCV64())
    target.info.features = "+m,+a,+f,+d,+c"; // what Linux and its libm are built for
  if (cpu.empty() && machine.isLoongArch64()) target.info.features = "+f,+d";
  deriveFacts(target.info);
  return "";
}

namespace {

struct Host {
  TargetInfo info = detectHost();
  std::string error;

  Host() {
    const char* name = std::getenv("OGEE_CPU");
    if (!name || !*name) return;
    TargetInfo narrowed;
    if (!namedTarget(name, narrowed) ||
        llvm::StringRef(narrowed.triple).split('-').first != llvm::StringRef(info.triple).split('-').first) {
      error = std::string("OGEE_CPU is ") + name +
              ": it has to be x86-64-v3 or x86-64-v4 (or armv8 on such a machine), or not set";
      return;
    }
    narrowed.triple = info.triple;
    narrowed.l2Bytes = info.l2Bytes;
    narrowed.l3Bytes = info.l3Bytes;
    info = narrowed;
  }
};

const Host& host() {
  static const Host host;
  return host;
}

} // namespace

TargetInfo cudaTarget(const std::string& architecture) {
  TargetInfo info;
  info.language = TargetInfo::Language::cuda;
  info.architecture = architecture;
  info.busyUnits = 256; // blocks: about two for each multiprocessor of a large device
  info.packs = false;
  info.hasMatmuls = true;
  return info;
}

runtime::Result<TargetInfo> cudaTargetFor(const runtime::cuda::Properties& device) {
  const auto& nvrtc = runtime::cuda::Nvrtc::get();
  if (!nvrtc) return nvrtc.failure();
  auto architecture = runtime::cuda::architecture_for(device.major * 10 + device.minor, nvrtc->architectures());
  if (!architecture)
    return runtime::Failure{
        runtime::concat("CUDA: ", device.name, ": NVRTC ", nvrtc->version(), ": ", architecture.message()),
        architecture.failure().code};
  return cudaTarget(architecture->to_string());
}

const TargetInfo& hostTarget() { return host().info; }
const std::string& hostTargetError() { return host().error; }

} // namespace ogee::codegen
