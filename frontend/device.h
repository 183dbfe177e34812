// Where tensors live, and what a creation function may be told: dtype and device.
#pragma once

#include "frontend/scalar.h"
#include "runtime/device.h"

#include <concepts>
#include <iosfwd>
#include <optional>
#include <string>

namespace ogee {

using runtime::Device;

/// The dtypes that operations take, by their short names: `zeros({3}, f64)`. Tensors of bytes (DType::u8, DType::i8)
/// are stored, moved, printed and converted; what computes with them, or compiles them, is an Error that says so.
inline constexpr DType boolean = DType::boolean, i32 = DType::i32, i64 = DType::i64, f32 = DType::f32, f64 = DType::f64;

namespace runtime {
/// "f32", "i64", "bool" …
std::ostream& operator<<(std::ostream& out, DType dtype);
/// "cpu", "cuda:0".
std::ostream& operator<<(std::ostream& out, Device device);
} // namespace runtime

/// Whether a CUDA device can be used; never throws.
bool cuda_is_available() noexcept;
/// Number of CUDA devices; 0 without CUDA; never throws.
int cuda_device_count() noexcept;
/// ogee's version, "1.2.3".
const char* version() noexcept;

/// How many threads compute, this one included; at first the number of cores.
int num_threads();
/// Error for less than one.
void set_num_threads(int threads, Loc loc = Loc::current());

/// The dtype of floating literals and of functions such as `zeros`; f32 at first. Per thread.
DType get_default_dtype() noexcept;
/// Error unless f32 or f64.
void set_default_dtype(DType dtype, Loc loc = Loc::current());

/// Where functions make tensors that are told no device; the CPU at first. Per thread.
Device get_default_device() noexcept;
void set_default_device(Device device) noexcept;

/// NaN mode: every operation, eager or compiled, forward or backward, is checked; the first that makes a NaN of numbers
/// or inf of finite ones (or divides an integer by zero) is an Error that names it, its line, and the ranges of what it
/// read. Slow; OGEE_NAN=1 starts with it.
void set_detect_anomaly(bool on);
bool is_anomaly_enabled() noexcept;

/// What creation functions may be told besides the shape; what is not said is the default (the source's in `…_like`).
struct Options {
  Options() = default;
  Options(DType dtype) : dtype(dtype) {}
  Options(Device device) : device(device) {}
  template <std::same_as<const char*> Text> // no number
  Options(Text device, std::source_location line = std::source_location::current()) : device(Device(device, line)) {}
  Options(DType dtype, Device device) : dtype(dtype), device(device) {}

  std::optional<DType> dtype;
  std::optional<Device> device;
};

} // namespace ogee
