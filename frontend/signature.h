// What a variant remembers of the arguments it was traced with. Private to the front end.
#pragma once

#include "frontend/compile.h"

#include <string>
#include <vector>

namespace ogee::detail {

struct LeafFacts {
  /// `dims` are sizes that make no difference.
  LeafFacts(const Leaf& leaf, std::span<const SymbolicDim> dims);

  std::string path, text;
  bool is_number = false, is_tensor = false;
  DType dtype = DType::f32;
  Device device;
  std::vector<int64_t> sizes;
  bool contiguous = true;  ///< dense row-major
  bool inner_dense = true; ///< the last dim has stride 1
};

/// The first difference as the reason of a retrace: "arg 0 dim 0 was 32, now 48"; "" where there is none.
std::string difference(const std::vector<LeafFacts>& was, const std::vector<LeafFacts>& now);

/// The name of a size of an argument, null where it has none.
const Dim* symbolic_dim(std::span<const SymbolicDim> dims, size_t arg, size_t axis);
/// Which argument of the function a leaf is part of.
size_t argument_number(const Leaf& leaf);

/// The name of a tensor argument: the user's, else "arg0", "arg0.1".
std::string argument_name(const Leaf& leaf, const CompileOptions& options);

} // namespace ogee::detail
