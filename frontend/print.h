// Tensors as text, as PyTorch prints them.
#pragma once

#include "frontend/tensor.h"

#include <iosfwd>
#include <optional>
#include <string>

namespace ogee {

/// How tensors are printed.
struct PrintOptions {
  int precision = 4;            ///< digits after the point, at most 100
  int64_t threshold = 1000;     ///< tensors with more elements are summarised
  int64_t edge_items = 3;       ///< elements shown at each end of an axis of a summarised tensor
  int line_width = 80;          ///< in characters, at least 1
  std::optional<bool> sci_mode; ///< scientific notation: always, never, or (not set) where numbers need it
};

/// The options of this process.
PrintOptions get_print_options();
/// Error for numbers that make no sense: the options stay as they are.
void set_print_options(const PrintOptions& options, Loc loc = Loc::current());

/// "tensor([[1., 2.],\n        [3., 4.]])". Error in a trace.
std::string to_string(const Tensor& x, Loc loc = Loc::current());
/// A tensor on its way into a stream, with the line where it stands.
class Printed {
public:
  Printed(const Tensor& tensor, Loc loc = Loc::current()) : tensor_(tensor), loc_(loc) {}
  const Tensor& tensor() const { return tensor_; }
  Loc loc() const { return loc_; }

private:
  const Tensor& tensor_;
  Loc loc_;
};
std::ostream& operator<<(std::ostream& out, const Printed& x);
/// "<AddBackward>"; "none" for a leaf.
std::ostream& operator<<(std::ostream& out, const GradFn& function);

} // namespace ogee
