// The functions of the front end whose gradients are checked, one row each.
#pragma once

#include <ogee/ogee.h>

#include <functional>
#include <string>
#include <vector>

namespace ogee::tests::gradients {

using Tensors = std::vector<Tensor>;
using Sizes = std::vector<int64_t>;

/// Where the elements of operands lie.
enum class Domain {
  all,      ///< [-2, 2]
  positive, ///< [0.5, 2.5]
  zeros,    ///< [-2, 2], and some are 0: the function is smooth there
};

/// How an operand lies in memory.
enum class Layout { dense, transposed, spread, repeated };

struct Operand {
  Sizes sizes;
  Layout layout = Layout::dense;
};
using Case = std::vector<Operand>;

struct GradientRow {
  std::string name; ///< starts with the function's
  std::function<Tensor(const Tensors&)> call;
  std::vector<Case> cases;
  Domain domain = Domain::all;
  double precise = 1e-10; ///< how well the ways agree
};

/// The rows of a family.
std::vector<GradientRow> pointwise_rows();
std::vector<GradientRow> reduction_rows();
std::vector<GradientRow> product_rows();
std::vector<GradientRow> movement_rows();
std::vector<GradientRow> control_rows();

} // namespace ogee::tests::gradients
