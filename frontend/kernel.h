// Eager kernels: small programs, one per key, generic in all sizes, kept in memory and on disk.
#pragma once

#include "frontend/graph.h"
#include "frontend/tensor_impl.h"
#include "runtime/executable.h"
#include "runtime/hash.h"

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>

namespace ogee::detail {

/// What selects a kernel, without sizes. A plain value: looking one up touches no heap.
struct KernelKey {
  const void* op = nullptr; ///< the operation's descriptor, by address
  uint32_t device = 0;      ///< device_word of where it runs
  uint32_t extra = 0;       ///< attributes of the operation that are no sizes
  uint8_t rank = 0;
  uint8_t operands = 0;
  uint8_t compute = 0, result = 0; ///< dtypes
  static constexpr size_t kMaxOperands = 8;
  static constexpr uint8_t kChecked = 0x80; ///< in `operands`: a kernel for NaN mode
  static constexpr uint8_t kHost = 0x40;    ///< in `operand`: its element is in the host's memory
  uint8_t operand[kMaxOperands] = {};       ///< dtype + 16 * StrideClass + 128 where dense
  uint32_t more = 0;                        ///< further structure: reduced axes as bits, size classes

  friend bool operator==(const KernelKey&, const KernelKey&) = default;
  uint64_t hash() const noexcept;
  /// The key in words, for files: `name` stands for the descriptor.
  std::string text(const char* name) const;
};

/// A device as a number: 0 is the CPU.
constexpr uint32_t device_word(Device device) {
  return device.is_cpu() ? 0 : 1 + static_cast<uint32_t>(device.index());
}

/// The device of that number.
constexpr Device device_of(uint64_t word) {
  return word == 0 ? Device() : Device(Device::Kind::cuda, static_cast<int>(word - 1));
}

/// The innermost stride of an operand: an element repeated, neighbours, anything else; or a single element.
enum class StrideClass : uint8_t { zero, one, other, scalar };

/// Records the graph of a kernel into the current trace; returns its results.
using KernelBody = std::function<std::vector<Tensor>()>;

/// The graph that `body` records in a trace of its own, all of whose values are on `device`.
Graph record_graph(const char* name, Device device, const KernelBody& body, Loc loc);
/// The name of a kernel in the cache on disk: `text`, and what makes code differ between builds and machines.
runtime::Hash128 kernel_hash(const std::string& text, Device device);

/// The kernel of a key if this thread has used it before.
const runtime::Executable* cached_kernel(const KernelKey& key) noexcept;
/// The kernel of a key from memory or disk; else `body` records its graph, which is compiled.
const runtime::Executable& load_kernel(const KernelKey& key, const char* name, const KernelBody& body, Loc loc);

/// The kernel of a key; `body` is a KernelBody that is made into one only where it is needed.
template <class Body>
const runtime::Executable& find_kernel(const KernelKey& key, const char* name, const Body& body, Loc loc) {
  const runtime::Executable* kernel = cached_kernel(key);
  return kernel ? *kernel : load_kernel(key, name, std::cref(body), loc);
}

/// Runs a kernel whose results are dense, into memory that the caller has. What its graph writes to arguments goes to
/// their memory, whatever their strides.
void run_kernel(const runtime::Executable& kernel, std::span<const runtime::TensorArg> args,
                std::span<void* const> results, Loc loc, std::span<const int64_t> indices = {});

/// Named sizes of a kernel's operands: "d0", "d1" … of at least `lowest`.
Shape kernel_dims(size_t rank, int64_t lowest = 1);
/// The stand-in of an operand in the trace of a kernel; `host`: its element is in the host's memory.
Tensor kernel_argument(size_t index, DType dtype, const Shape& dims, StrideClass innermost, bool dense, Loc loc,
                       bool host = false);

} // namespace ogee::detail
