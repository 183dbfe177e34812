// Runs what ir/math.h builds: a loop over arrays around one body, through MLIR's standard conversions and LLVM, in
// process.
#pragma once

#include "ir/math.h"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace ogee::ir::tests {

using math::Builder;
using mlir::Value;
using Body = std::function<Value(Builder&, mlir::ValueRange)>;

/// The element types of arrays; boolean is i1 in a body and one byte in memory.
enum class Lane { boolean, i8, i32, i64, f32, f64 };

template <typename T>
constexpr Lane laneOf() {
  if constexpr (std::is_same_v<T, bool>) return Lane::boolean;
  if constexpr (std::is_same_v<T, int8_t>) return Lane::i8;
  if constexpr (std::is_same_v<T, int32_t>) return Lane::i32;
  if constexpr (std::is_same_v<T, int64_t>) return Lane::i64;
  if constexpr (std::is_same_v<T, float>) return Lane::f32;
  if constexpr (std::is_same_v<T, double>) return Lane::f64;
}

struct JitOptions {
  /// Lanes of the vectors that the body computes; 0 for a scalar.
  unsigned width = 16;
  bool optimize = true;
  /// An LLVM CPU name; empty for this machine.
  std::string cpu;
};

/// The element type of a body's values.
mlir::Type laneType(Builder& b, Lane lane);

/// A signature: the result, then the arguments.
using Lanes = std::vector<Lane>;

/// The undefined symbols of the object file compiled for a target ("x86_64-linux-gnu", "aarch64-linux-gnu").
std::vector<std::string> undefinedSymbols(const Body& body, const Lanes& lanes, const JitOptions& options,
                                          const std::string& triple);

/// The name of the op that gives the body's result on scalars.
std::string opBuiltBy(const Body& body, const Lanes& lanes);

/// Whether this machine runs code for x86-64-v3.
bool hostRunsAvx2();

/// A compiled loop; it may not call anything outside itself but the C library's f64 functions.
class Loop {
public:
  Loop(const Body& body, const Lanes& lanes, const JitOptions& options);
  ~Loop();
  Loop(Loop&&) noexcept;
  /// Computes n elements; buffers are result, arguments. n is rounded down to a multiple of the width.
  void operator()(void* const* buffers, int64_t n) const { entry_(buffers, n); }

private:
  struct Jit;
  std::unique_ptr<Jit> jit_;
  void (*entry_)(void* const*, int64_t) = nullptr;
};

template <typename Signature>
class Kernel;

/// A typed loop: Kernel<float(float)> kernel(body).
template <typename Result, typename... Args>
class Kernel<Result(Args...)> {
public:
  explicit Kernel(const Body& body, const JitOptions& options = {})
      : loop_(body, {laneOf<Result>(), laneOf<Args>()...}, options) {}

  /// Arrays of n elements; n is rounded down to a multiple of the width.
  void run(Result* result, const Args*... args, size_t n) const {
    void* const buffers[] = {result, const_cast<Args*>(args)...};
    loop_(buffers, static_cast<int64_t>(n));
  }

  /// One element (all lanes compute it).
  Result operator()(Args... args) const {
    std::array<Result, kMaxWidth> results{};
    run(results.data(), splat(args).data()..., kMaxWidth);
    return results[0];
  }

private:
  static constexpr size_t kMaxWidth = 64;
  template <typename T>
  static std::array<T, kMaxWidth> splat(T value) {
    std::array<T, kMaxWidth> lanes;
    lanes.fill(value);
    return lanes;
  }
  Loop loop_;
};

} // namespace ogee::ir::tests
