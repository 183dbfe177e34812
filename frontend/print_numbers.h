// One format for all elements of a printed tensor. Private to the front end.
#pragma once

#include "frontend/print.h"
#include "frontend/scalar.h"

#include <span>
#include <string>

namespace ogee::detail {

/// Chosen from the elements that will be printed: integers without digits after the point, scientific notation where
/// the range asks for it, all of one width.
class NumberFormat {
public:
  NumberFormat(std::span<const Scalar> values, DType dtype, const PrintOptions& options);
  std::string text(const Scalar& value) const;
  size_t width() const { return width_; }

private:
  void choose_for_floats(std::span<const Scalar> values);
  std::string fixed(double value, int digits) const;
  std::string scientific(double value) const;

  DType dtype_;
  int precision_;
  bool integral_ = true;
  bool scientific_ = false;
  size_t width_ = 1;
};

} // namespace ogee::detail
