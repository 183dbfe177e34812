// Machine code as data: an image is position-independent code at base 0 that calls nothing but libm functions through
// import slots. `Image` holds one and maps it executable on first use; equal kernels share one Image.
#pragma once

#include "runtime/code_memory.h"
#include "runtime/cpu_features.h"
#include "runtime/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ogee::runtime {

/// A kernel runs units [begin, end) of its outer parallel range. `scratch` has the bytes that its launch declares. 0,
/// or 1 + a fault site.
using KernelFn = int32_t (*)(void* const* buffers, const int64_t* sizes, int64_t begin, int64_t end, void* scratch);

/// A function by name and where it starts.
struct ImageEntry {
  std::string name;
  uint64_t offset = 0;
};

/// An 8-byte pointer at `offset` (a multiple of 8) to be set to a function of the allow-list: "exp" (f64), "expf" (f32)
/// ….
struct ImageImport {
  std::string function;
  uint64_t offset = 0;
};

struct ImageData {
  std::string architecture; ///< as `host_architecture`
  CpuFeatures features;     ///< needed to run it
  std::vector<uint8_t> bytes;
  std::vector<ImageEntry> entries;
  std::vector<ImageImport> imports;
  /// Functions of this process instead of code: entry i is functions[i]. For tests; cannot be saved.
  std::vector<KernelFn> functions;
};

/// The address of a libm function that images may call, or null: exp exp2 expm1 log log1p log2 log10 sin cos tan asin
/// acos atan sinh cosh tanh asinh acosh atanh erf erfc cbrt pow atan2 fmod hypot, as they are (f64) and with an `f` at
/// the end (f32).
const void* importable_function(std::string_view name) noexcept;

class Image {
public:
  explicit Image(ImageData data) : data_(std::move(data)) {}

  const ImageData& data() const noexcept { return data_; }
  /// Whether offsets lie inside and imports are allowed: a Failure (corrupt) names what is wrong.
  Status check() const;
  /// Whether this machine has the architecture and the CPU features: a Failure (unsupported) names what it lacks.
  Status check_machine() const;
  /// The code of entry `index` of an image that `check` finds right; maps it on first use. Fails (unsupported) when
  /// this machine lacks something it needs, or the system gives no executable memory.
  Result<KernelFn> function(size_t index) const;

private:
  Status map() const;

  ImageData data_;
  mutable std::mutex mutex_;
  mutable CodeBlock code_; ///< once mapped
};

using ImageRef = std::shared_ptr<const Image>;

} // namespace ogee::runtime
