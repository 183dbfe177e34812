// The texts of checks: numbers and ranges of tensors as they are in memory.
#include "runtime/check.h"

#include "runtime/error.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <span>

namespace ogee::runtime {
namespace {

std::string text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.6g", value);
  return std::isnan(value) ? "nan" : buffer; // without a sign
}
std::string text(int64_t value) { return std::to_string(value); }

/// The least and the greatest element of a tensor; NaNs are told apart.
template <class T>
struct Range {
  T least{}, greatest{};
  bool any = false, nan = false;

  void add(T value) {
    if (value != value) {
      nan = true;
      return;
    }
    if (!any || value < least) least = value;
    if (!any || value > greatest) greatest = value;
    any = true;
  }

  std::string to_string(bool single) const {
    if (!any) return nan ? "nan" : "[]";
    if (single) return text(least);
    return concat("[", text(least), ", ", text(greatest), "]", nan ? " with nan" : "");
  }
};

/// Calls `use` with the element number of every element of a window.
template <class Use>
void for_each_element(const Window& window, const int64_t* values, const Use& use) {
  const size_t rank = window.dims.size();
  for (const Slot dim : window.dims)
    if (values[dim] <= 0) return;
  std::vector<int64_t> index(rank);
  int64_t at = values[window.offset];
  while (true) {
    use(at);
    size_t axis = rank;
    for (; axis > 0; --axis) { // the next one in row-major order
      const int64_t stride = values[window.strides[axis - 1]];
      at += stride;
      if (++index[axis - 1] < values[window.dims[axis - 1]]) break;
      at -= stride * index[axis - 1];
      index[axis - 1] = 0;
    }
    if (axis == 0) return;
  }
}

template <class T, class Shown>
std::string range_text(const Window& window, const void* data, const int64_t* values) {
  Range<Shown> range;
  for_each_element(window, values, [&](int64_t at) { range.add(static_cast<Shown>(static_cast<const T*>(data)[at])); });
  return range.to_string(window.dims.empty());
}

std::string text_of(const Window& window, const void* data, const int64_t* values) {
  switch (window.dtype) {
  case DType::f32: return range_text<float, double>(window, data, values);
  case DType::f64: return range_text<double, double>(window, data, values);
  case DType::i32: return range_text<int32_t, int64_t>(window, data, values);
  case DType::i64: return range_text<int64_t, int64_t>(window, data, values);
  case DType::i8: return range_text<int8_t, int64_t>(window, data, values);
  case DType::u8:
  case DType::boolean: return range_text<uint8_t, int64_t>(window, data, values);
  default: return std::string(name(window.dtype));
  }
}

} // namespace

void raise_failed(const CheckLaunch& check, void* const* buffers, const int64_t* values) {
  std::string message;
  for (std::string_view rest = check.message; !rest.empty();) {
    const size_t open = rest.find('{'), close = rest.find('}', open);
    message += rest.substr(0, close == rest.npos ? rest.npos : open);
    if (close == rest.npos) break;
    size_t number = check.values.size();
    const auto [stop, error] = std::from_chars(rest.data() + open + 1, rest.data() + close, number);
    if (error == std::errc() && stop == rest.data() + close && number < check.values.size())
      message += text_of(check.values[number], buffers[check.values[number].buffer], values);
    else
      message += rest.substr(open, close + 1 - open);
    rest.remove_prefix(close + 1);
  }
  raise(ErrorCode::invalid_argument, message, check.location.empty() ? "" : " at ", check.location,
        check.hint.empty() ? "" : "; hint: ", check.hint);
}

} // namespace ogee::runtime
