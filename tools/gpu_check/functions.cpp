#include "tools/gpu_check/functions.h"

#include <set>

namespace ogee::gpu_check {
namespace {

#define OGEE_FUNCTION(name, call) {name, [](const Tensor& x, const Tensor& y) -> Tensor { return (void)y, call; }}

/// The rows of ops.def, in its order.
const std::vector<Function>& all_rows() {
  static const std::vector<Function> rows = {
#define OGEE_UNARY(f) OGEE_FUNCTION(#f, ogee::f(x)),
#define OGEE_BINARY(f) OGEE_FUNCTION(#f, ogee::f(x, y)),
#define OGEE_INPLACE_OP(...)
#define OGEE_OP(...)
#include "frontend/ops.def"
  };
  return rows;
}

std::vector<Function> rows_where(auto&& holds) {
  std::vector<Function> chosen;
  for (const Function& row : all_rows())
    if (holds(row.name)) chosen.push_back(row);
  return chosen;
}

bool is_for_integers(const std::string& name) { return name.starts_with("bitwise_"); }

} // namespace

std::vector<Function> functions_of_f32() {
  std::vector<Function> functions = rows_where([](const std::string& name) { return !is_for_integers(name); });
  const std::vector<Function> more = {
      OGEE_FUNCTION("gelu", gelu(x)),
      OGEE_FUNCTION("gelu tanh", gelu(x, "tanh")),
      OGEE_FUNCTION("leaky_relu", leaky_relu(x)),
      OGEE_FUNCTION("clamp", clamp(x, -1, 2.5)),
      OGEE_FUNCTION("clamp by tensors", clamp(x, y, y + 1)),
      OGEE_FUNCTION("where", where(x > y, x, y)),
      OGEE_FUNCTION("pow 2", pow(x, 2)),
      OGEE_FUNCTION("pow 0.5", pow(x, 0.5)),
      OGEE_FUNCTION("pow -1", pow(x, -1)),
      OGEE_FUNCTION("x * y + x", x * y + x),
      OGEE_FUNCTION("exp(sin(x)) / (1 + y * y)", exp(sin(x)) / (1 + y * y)),
  };
  functions.insert(functions.end(), more.begin(), more.end());
  return functions;
}

std::vector<Function> functions_of_f64() {
  static const std::set<std::string> exact = {"add", "sub", "mul", "div",  "sqrt", "abs",   "neg",   "maximum",
                                              "eq",  "lt",  "ge",  "ceil", "relu", "floor", "trunc", "round"};
  return rows_where([](const std::string& name) { return exact.count(name) > 0; });
}

std::vector<Function> functions_of_integers() {
  static const std::set<std::string> others = {"add",          "sub",       "mul",  "abs", "neg",        "sign",
                                               "floor_divide", "remainder", "fmod", "pow", "square",     "maximum",
                                               "minimum",      "eq",        "lt",   "ge",  "logical_not"};
  return rows_where([](const std::string& name) { return is_for_integers(name) || others.count(name) > 0; });
}

} // namespace ogee::gpu_check
