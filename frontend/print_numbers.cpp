// How PyTorch chooses the form of the numbers of a tensor.
#include "frontend/print_numbers.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ogee::detail {

namespace {

std::string print(const char* format, int precision, double value) {
  std::string text(static_cast<size_t>(std::snprintf(nullptr, 0, format, precision, value)), '\0');
  std::snprintf(text.data(), text.size() + 1, format, precision, value);
  return text;
}

} // namespace

std::string NumberFormat::fixed(double value, int digits) const {
  if (std::isnan(value)) return "nan";
  return print("%.*f", digits, value);
}

std::string NumberFormat::scientific(double value) const {
  if (std::isnan(value)) return "nan";
  return print("%.*e", precision_, value);
}

NumberFormat::NumberFormat(std::span<const Scalar> values, DType dtype, const PrintOptions& options)
    : dtype_(dtype), precision_(options.precision) {
  if (runtime::is_floating(dtype)) {
    choose_for_floats(values);
    if (options.sci_mode) scientific_ = *options.sci_mode;
    return;
  }
  for (const Scalar& value : values) width_ = std::max(width_, text(value).size());
}

void NumberFormat::choose_for_floats(std::span<const Scalar> values) {
  double smallest = INFINITY, largest = 0;
  for (const Scalar& scalar : values) {
    const double value = scalar.as_double();
    if (!std::isfinite(value) || value == 0) continue;
    smallest = std::min(smallest, std::abs(value));
    largest = std::max(largest, std::abs(value));
    integral_ = integral_ && value == std::ceil(value);
  }
  if (largest == 0) return;
  scientific_ = largest / smallest > 1000 || largest > 1e8 || (!integral_ && smallest < 1e-4);
  for (const Scalar& scalar : values) {
    const double value = scalar.as_double();
    if (!std::isfinite(value) || value == 0) continue;
    const size_t length = scientific_ ? scientific(value).size()
                          : integral_ ? fixed(value, 0).size() + 1
                                      : fixed(value, precision_).size();
    width_ = std::max(width_, length);
  }
}

std::string NumberFormat::text(const Scalar& value) const {
  std::string text;
  if (dtype_ == DType::boolean)
    text = value.as_bool() ? "True" : "False";
  else if (!runtime::is_floating(dtype_))
    text = std::to_string(value.as_int());
  else if (scientific_)
    text = scientific(value.as_double());
  else if (!integral_)
    text = fixed(value.as_double(), precision_);
  else
    text = fixed(value.as_double(), 0) + (std::isfinite(value.as_double()) ? "." : "");
  return text.size() < width_ ? std::string(width_ - text.size(), ' ') + text : text;
}

} // namespace ogee::detail
