#include "tools/gpu_check/patterns.h"

#include "runtime/error.h"

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <vector>

namespace ogee::gpu_check {
namespace {

using Words = std::vector<uint64_t>;
constexpr uint64_t kOddFactor = 0x9e3779b97f4a7c15u;

int64_t item_bytes(DType dtype) { return static_cast<int64_t>(runtime::item_size(dtype)); }

/// The bytes of a dense tensor of the CPU.
std::byte* bytes_of(const Tensor& tensor) {
  switch (tensor.dtype()) {
  case DType::boolean: return reinterpret_cast<std::byte*>(tensor.data_ptr<bool>());
  case DType::i32: return reinterpret_cast<std::byte*>(tensor.data_ptr<int32_t>());
  case DType::i64: return reinterpret_cast<std::byte*>(tensor.data_ptr<int64_t>());
  case DType::f32: return reinterpret_cast<std::byte*>(tensor.data_ptr<float>());
  case DType::f64: return reinterpret_cast<std::byte*>(tensor.data_ptr<double>());
  default: break;
  }
  runtime::raise(runtime::ErrorCode::unsupported, "gpu-check: has no patterns of ", runtime::name(tensor.dtype()));
}

template <class F, class Bits>
Words special_floats() {
  using Limits = std::numeric_limits<F>;
  Words words;
  for (const F value :
       {F(0), F(1), F(0.5), F(2), F(3), F(10), F(1.5), F(0.1), Limits::infinity(), Limits::max(), Limits::min(),
        Limits::denorm_min(), std::nextafter(F(1), F(0)), F(0x1p31), F(0x1p63), Limits::quiet_NaN()})
    for (const F signed_value : {value, -value}) words.push_back(std::bit_cast<Bits>(signed_value));
  return words;
}

template <class I>
Words special_integers() {
  Words words;
  for (const int64_t value : {0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 65, 1000})
    for (const int64_t signed_value : {value, -value}) words.push_back(static_cast<uint64_t>(signed_value));
  for (const I value : {std::numeric_limits<I>::min(), std::numeric_limits<I>::max()})
    words.push_back(static_cast<uint64_t>(value));
  return words;
}

Words specials(DType dtype) {
  switch (dtype) {
  case DType::f32: return special_floats<float, uint32_t>();
  case DType::f64: return special_floats<double, uint64_t>();
  case DType::i32: return special_integers<int32_t>();
  case DType::i64: return special_integers<int64_t>();
  default: return {0, 1};
  }
}

/// The i-th of `count` patterns that lie evenly; every other one has low bits, too.
uint64_t spread(uint64_t i, uint64_t count, DType dtype) {
  if (dtype == DType::boolean) return i * kOddFactor >> 63;
  const uint64_t step = UINT64_MAX / count + 1, low = i % 2 == 0 ? 0 : i * kOddFactor % step;
  return (i * step + low) >> (64 - 8 * item_bytes(dtype));
}

Tensor tensor_of(const Words& words, DType dtype) {
  Tensor tensor = empty({static_cast<int64_t>(words.size())}, {dtype, Device("cpu")});
  const auto item = static_cast<size_t>(item_bytes(dtype));
  std::byte* to = bytes_of(tensor);
  for (const uint64_t word : words) { // the low bytes come first
    std::memcpy(to, &word, item);
    to += item;
  }
  return tensor;
}

uint64_t word_of(const Tensor& tensor, int64_t at) {
  uint64_t word = 0;
  const int64_t item = item_bytes(tensor.dtype());
  std::memcpy(&word, bytes_of(tensor) + at * item, static_cast<size_t>(item));
  return word;
}

bool is_nan(DType dtype, uint64_t word) {
  if (dtype == DType::f32) return std::isnan(std::bit_cast<float>(static_cast<uint32_t>(word)));
  return dtype == DType::f64 && std::isnan(std::bit_cast<double>(word));
}

} // namespace

Operands patterns(DType dtype, int64_t count) {
  Words x, y;
  const Words special = specials(dtype);
  for (const uint64_t a : special)
    for (const uint64_t b : special) x.push_back(a), y.push_back(b);
  const auto total = static_cast<uint64_t>(count);
  for (uint64_t i = 0; i < total; ++i) {
    x.push_back(spread(i, total, dtype));
    y.push_back(spread(i * (kOddFactor >> 32) % total, total, dtype));
  }
  return {tensor_of(x, dtype), tensor_of(y, dtype)};
}

Difference difference(const Tensor& a, const Tensor& b) {
  Difference found;
  const auto bytes = static_cast<size_t>(static_cast<int64_t>(a.numel()) * item_bytes(a.dtype()));
  if (std::memcmp(bytes_of(a), bytes_of(b), bytes) == 0) return found;
  for (int64_t i = 0; i < static_cast<int64_t>(a.numel()); ++i) {
    const uint64_t left = word_of(a, i), right = word_of(b, i);
    if (left == right || (is_nan(a.dtype(), left) && is_nan(b.dtype(), right))) continue;
    if (found.count++ == 0) found.at = i;
  }
  return found;
}

std::string element_text(const Tensor& tensor, int64_t at) {
  const uint64_t word = word_of(tensor, at);
  char text[64];
  if (tensor.dtype() == DType::f32)
    std::snprintf(text, sizeof text, "0x%08llx (%.9g)", static_cast<unsigned long long>(word),
                  static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(word))));
  else if (tensor.dtype() == DType::f64)
    std::snprintf(text, sizeof text, "0x%016llx (%.17g)", static_cast<unsigned long long>(word),
                  std::bit_cast<double>(word));
  else
    return tensor.flatten()[at].item_scalar().to_string();
  return text;
}

} // namespace ogee::gpu_check
