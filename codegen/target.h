// What code is generated for: the facts of a machine that choose tiles and instructions. Part of every cache key.
#pragma once

#include "codegen/chunks.h"
#include "runtime/cpu_features.h"
#include "runtime/result.h"

#include <cstdint>
#include <string>

namespace ogee::runtime::cuda {
struct Properties;
}

namespace ogee::codegen {

/// Facts of a target, derived from its features and never from its name.
struct TargetInfo {
  /// What kernels are compiled to.
  enum class Language { machine, cuda };
  Language language = Language::machine;

  std::string architecture; ///< of CUDA devices: "sm_90", "compute_90" for PTX
  std::string triple;       ///< LLVM target triple
  std::string cpu;          ///< LLVM CPU name for scheduling only ("generic" is allowed)
  std::string features;     ///< LLVM feature string, "+avx2,+fma,…"
  unsigned vectorBits = 128;
  unsigned vectorRegisters = 16;
  bool cheapMasks = false;     ///< masked loads and stores of every element size cost like plain ones
  uint64_t l2Bytes = 1 << 20;  ///< per core
  uint64_t l3Bytes = 16 << 20; ///< whole

  int64_t busyUnits = kBusyUnits; ///< a launch with fewer units leaves processors idle
  bool hasMatmuls = false;        ///< a library multiplies matrices of floats, where it is there and can
  bool packs = true;              ///< products read their right operand from panels that are laid out before

  /// f32 lanes of one register.
  unsigned lanes() const { return vectorBits / 32; }
  /// The text that goes into cache keys.
  std::string key() const;
};

/// What is compiled for where CUDA is asked for and no device is at hand.
inline constexpr const char* kCudaArchitecture = "sm_90";
/// CUDA devices of an architecture. Its facts decide launches, never numbers.
TargetInfo cudaTarget(const std::string& architecture = kCudaArchitecture);

/// The target of a device of this machine: its architecture, or what NVRTC knows that it runs, too. A Failure without
/// NVRTC, and for a device that is too old for it.
runtime::Result<TargetInfo> cudaTargetFor(const runtime::cuda::Properties& device);

/// The machine this process runs on; `OGEE_CPU=x86-64-v3|x86-64-v4` narrows it (for tests of other code paths).
const TargetInfo& hostTarget();
/// What is wrong with `OGEE_CPU`, empty if nothing is.
const std::string& hostTargetError();

/// A named x86-64 level or "armv8": what cross compilation and tests ask for. Returns false for an unknown name.
bool namedTarget(const std::string& name, TargetInfo& info);

/// The features of a target that the runtime can check before it runs code, where this machine has its architecture.
runtime::CpuFeatures requiredFeatures(const TargetInfo& target);
/// Whether this machine runs code for a target.
bool runsHere(const TargetInfo& target);

/// A target by the name that users gave it.
struct NamedTarget {
  std::string name;
  TargetInfo info;
};

/// "x86_64", "aarch64" …: the first part of the triple.
std::string architectureOf(const TargetInfo& target);
/// Why no object can be made for a target, "" if one can: LLVM must know it, objects must be ELF, and numbers
/// little-endian.
std::string targetError(const TargetInfo& target);
/// The target of a command line: `cpu` is "native", a name as `namedTarget` knows, or, with `triple` ("" otherwise), a
/// name of LLVM's for that architecture ("generic" for "", and for "native" on another one). Returns what is wrong with
/// it, "" if nothing is.
std::string parseTarget(const std::string& cpu, const std::string& triple, NamedTarget& target);

} // namespace ogee::codegen
