// Facts about this build and machine, and the default dtype.
#include "frontend/device.h"

#include "frontend/failure.h"
#include "runtime/cuda/device.h"
#include "runtime/runtime.h"

#include <charconv>
#include <cmath>
#include <ostream>

namespace ogee {

namespace {
thread_local DType default_dtype = DType::f32;
thread_local Device default_device;
} // namespace

namespace runtime {
std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name(dtype); }
std::ostream& operator<<(std::ostream& out, Device device) { return out << device.to_string(); }
} // namespace runtime

bool cuda_is_available() noexcept { return cuda_device_count() > 0; }
int cuda_device_count() noexcept { return runtime::cuda::device_count(); }
const char* version() noexcept { return OGEE_VERSION; }

int num_threads() { return runtime::num_threads(); }
void set_num_threads(int threads, Loc loc) {
  detail::with_place(loc, [&] { runtime::set_num_threads(threads); });
}

void set_detect_anomaly(bool on) { runtime::Runtime::get().set_detects_anomalies(on); }
bool is_anomaly_enabled() noexcept { return runtime::Runtime::get().detects_anomalies(); }

Device get_default_device() noexcept { return default_device; }
void set_default_device(Device device) noexcept { default_device = device; }

DType get_default_dtype() noexcept { return default_dtype; }

void set_default_dtype(DType dtype, Loc loc) {
  if (dtype != DType::f32 && dtype != DType::f64)
    detail::fail(loc, "set_default_dtype: needs f32 or f64, not ", runtime::name(dtype));
  default_dtype = dtype;
}

int64_t Scalar::as_int() const {
  if (kind_ != Kind::floating) return beyond_i64_ ? INT64_MAX : integer_;
  if (floating_ != floating_) return 0;
  if (floating_ >= 0x1p63) return INT64_MAX;
  if (floating_ < -0x1p63) return INT64_MIN;
  return static_cast<int64_t>(floating_);
}

bool Scalar::fits(DType dtype) const {
  if (!runtime::is_integer(dtype)) return true;
  if (beyond_i64_ || as_double() != as_double()) return false;
  const int bits = 8 * static_cast<int>(runtime::item_size(dtype));
  const bool is_signed = dtype != DType::u8;
  if (kind_ == Kind::floating) { // truncation: everything above lowest - 1 and below largest + 1
    const double limit = std::ldexp(1.0, bits - is_signed);
    return floating_ < limit &&
           (is_signed && bits > 52 ? floating_ >= -limit : floating_ > (is_signed ? -limit : 0) - 1);
  }
  if (bits == 64) return true;
  const int64_t limit = int64_t{1} << (bits - is_signed);
  return integer_ < limit && integer_ >= (is_signed ? -limit : 0);
}

std::string Scalar::to_string() const {
  if (kind_ == Kind::boolean) return integer_ ? "true" : "false";
  if (kind_ == Kind::integer)
    return beyond_i64_ ? std::to_string(static_cast<uint64_t>(integer_)) : std::to_string(integer_);
  // The shortest text of a float is that of the float, not of the double it has become.
  char text[40];
  const auto narrow = static_cast<float>(floating_);
  const auto end = narrow == floating_ ? std::to_chars(text, text + sizeof text, narrow)
                                       : std::to_chars(text, text + sizeof text, floating_);
  return {text, end.ptr};
}

DType Scalar::dtype() const {
  switch (kind_) {
  case Kind::boolean: return DType::boolean;
  case Kind::integer: return DType::i64;
  case Kind::floating: break;
  }
  return default_dtype;
}

} // namespace ogee
