// Facts about this build and machine, and the default dtype.
#include "frontend/device.h"

#include "frontend/failure.h"

#include <ostream>

namespace ogee {

namespace {
thread_local DType default_dtype = DType::f32;
}

namespace runtime {
std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name(dtype); }
std::ostream& operator<<(std::ostream& out, Device device) { return out << device.to_string(); }
} // namespace runtime

bool cuda_is_available() noexcept { return cuda_device_count() > 0; }
int cuda_device_count() noexcept { return 0; }
const char* version() noexcept { return OGEE_VERSION; }

DType get_default_dtype() noexcept { return default_dtype; }

void set_default_dtype(DType dtype, Loc loc) {
  if (dtype != DType::f32 && dtype != DType::f64)
    detail::fail(loc, "set_default_dtype: needs f32 or f64, not ", runtime::name(dtype));
  default_dtype = dtype;
}

int64_t Scalar::as_int() const {
  if (kind_ != Kind::floating) return integer_;
  if (floating_ != floating_) return 0;
  if (floating_ >= 0x1p63) return INT64_MAX;
  if (floating_ < -0x1p63) return INT64_MIN;
  return static_cast<int64_t>(floating_);
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
