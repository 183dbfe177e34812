// The functions of the front end, each against its own scalar formula in double: element-wise ones and those along an
// axis, over shapes, layouts and special values, eager and compiled.
#include "tests/catch.h"
#include "tests/ops/shard.h"
#include <ogee/ogee.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace ogee;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

using Arguments = std::vector<Tensor>;

/// What the arguments of an element-wise function are drawn from.
enum class Domain {
  all,        ///< ordinary values, and NaN, infinities, zeros, subnormals, large and small ones
  modest,     ///< ordinary values and zeros: the formula is no good elsewhere
  nonzero,    ///< ordinary values other than 0
  cancelling, ///< ordinary values and zeros; the bound is in units of the first operand's last place
};

struct Pointwise {
  std::string name;
  size_t operands;
  std::function<Tensor(const Arguments&)> call;
  std::function<double(const double*)> formula;
  double ulps = 4; ///< of f32; f64 gets the same bound, since the formula itself is in double
  Domain domain = Domain::all;
  bool integers = false; ///< the formula holds for them too
};

#define UNARY(f, formula, ...)                                                                                         \
  {#f, 1, [](const Arguments& x) { return ogee::f(x[0]); }, [](const double* x) -> double { return formula; },         \
   ##__VA_ARGS__}
#define BINARY(f, formula, ...)                                                                                        \
  {#f, 2, [](const Arguments& x) { return ogee::f(x[0], x[1]); }, [](const double* x) -> double { return formula; },   \
   ##__VA_ARGS__}

double floor_mod(double x, double y) {
  const double r = std::fmod(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

double floor_quotient(double x, double y) { return std::round((x - floor_mod(x, y)) / y); }

double larger(double x, double y) { return std::isnan(x) || std::isnan(y) ? kNan : std::max(x, y); }
double smaller(double x, double y) { return std::isnan(x) || std::isnan(y) ? kNan : std::min(x, y); }

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

const std::vector<Pointwise> kPointwise = {
    UNARY(abs, std::abs(x[0]), 0, Domain::all, true),
    UNARY(neg, -x[0], 0, Domain::all, true),
    UNARY(sign, std::isnan(x[0]) ? kNan : (x[0] > 0) - (x[0] < 0), 0, Domain::all, true),
    UNARY(positive, x[0], 0, Domain::all, true),
    UNARY(square, x[0] * x[0], 0.5, Domain::all, true),
    UNARY(reciprocal, 1 / x[0], 0.5),
    UNARY(sqrt, std::sqrt(x[0]), 0.5),
    UNARY(rsqrt, 1 / std::sqrt(x[0]), 1.5),
    UNARY(cbrt, std::cbrt(x[0]), 1),
    UNARY(exp, std::exp(x[0]), 1.5),
    UNARY(exp2, std::exp2(x[0]), 1.5),
    UNARY(expm1, std::expm1(x[0])),
    UNARY(log, std::log(x[0]), 1.5),
    UNARY(log2, std::log2(x[0])),
    UNARY(log10, std::log10(x[0])),
    UNARY(log1p, std::log1p(x[0])),
    UNARY(sin, std::sin(x[0])),
    UNARY(cos, std::cos(x[0])),
    UNARY(tan, std::tan(x[0])),
    UNARY(atan, std::atan(x[0])),
    UNARY(sinh, std::sinh(x[0]), 6),
    UNARY(cosh, std::cosh(x[0]), 6),
    UNARY(tanh, std::tanh(x[0])),
    UNARY(erf, std::erf(x[0])),
    UNARY(sigmoid, sigmoid_of(x[0])),
    UNARY(relu, x[0] <= 0 ? 0 : x[0], 0, Domain::all, true),
    UNARY(silu, x[0] * sigmoid_of(x[0]), 4, Domain::modest),
    UNARY(softplus, larger(x[0], 0) + std::log1p(std::exp(-std::abs(x[0])))),
    UNARY(floor, std::floor(x[0]), 0, Domain::all, true),
    UNARY(ceil, std::ceil(x[0]), 0, Domain::all, true),
    UNARY(trunc, std::trunc(x[0]), 0, Domain::all, true),
    UNARY(round, std::nearbyint(x[0]), 0, Domain::all, true),
    UNARY(isnan, std::isnan(x[0]), 0, Domain::all, true),
    UNARY(isinf, std::isinf(x[0]), 0, Domain::all, true),
    UNARY(isfinite, std::isfinite(x[0]), 0, Domain::all, true),
    UNARY(logical_not, x[0] == 0, 0, Domain::all, true),
    {"gelu", 1, [](const Arguments& x) { return gelu(x[0]); },
     [](const double* x) { return 0.5 * x[0] * (1 + std::erf(x[0] * M_SQRT1_2)); }, 4, Domain::cancelling},
    {"gelu tanh", 1, [](const Arguments& x) { return gelu(x[0], "tanh"); },
     [](const double* x) {
       return 0.5 * x[0] * (1 + std::tanh(M_2_SQRTPI * M_SQRT1_2 * (x[0] + 0.044715 * x[0] * x[0] * x[0])));
     },
     4, Domain::cancelling},
    {"leaky_relu", 1, [](const Arguments& x) { return leaky_relu(x[0], 0.25); },
     [](const double* x) { return x[0] < 0 ? 0.25 * x[0] : x[0]; }, 0.5},
    {"clamp numbers", 1, [](const Arguments& x) { return clamp(x[0], -1, 2); },
     [](const double* x) { return smaller(larger(x[0], -1), 2); }, 0, Domain::all, true},
    {"pow 2", 1, [](const Arguments& x) { return pow(x[0], 2); }, [](const double* x) { return x[0] * x[0]; }, 0.5,
     Domain::all, true},
    {"pow 3", 1, [](const Arguments& x) { return pow(x[0], 3); }, [](const double* x) { return x[0] * x[0] * x[0]; },
     1.5, Domain::modest, true},
    {"pow 0.5", 1, [](const Arguments& x) { return pow(x[0], 0.5); }, [](const double* x) { return std::sqrt(x[0]); },
     0.5},
    {"pow -1", 1, [](const Arguments& x) { return pow(x[0], -1.0); }, [](const double* x) { return 1 / x[0]; }, 0.5},

    BINARY(add, x[0] + x[1], 0.5, Domain::all, true),
    BINARY(sub, x[0] - x[1], 0.5, Domain::all, true),
    BINARY(mul, x[0] * x[1], 0.5, Domain::all, true),
    BINARY(div, x[0] / x[1], 0.5),
    BINARY(floor_divide, floor_quotient(x[0], x[1]), 0, Domain::nonzero, true),
    BINARY(remainder, floor_mod(x[0], x[1]), 0.5, Domain::nonzero, true),
    BINARY(fmod, std::fmod(x[0], x[1]), 0, Domain::nonzero, true),
    BINARY(pow, std::pow(x[0], x[1])),
    BINARY(atan2, std::atan2(x[0], x[1])),
    BINARY(maximum, larger(x[0], x[1]), 0, Domain::modest, true),
    BINARY(minimum, smaller(x[0], x[1]), 0, Domain::modest, true),
    BINARY(eq, x[0] == x[1], 0, Domain::all, true),
    BINARY(ne, x[0] != x[1], 0, Domain::all, true),
    BINARY(lt, x[0] < x[1], 0, Domain::all, true),
    BINARY(le, x[0] <= x[1], 0, Domain::all, true),
    BINARY(gt, x[0] > x[1], 0, Domain::all, true),
    BINARY(ge, x[0] >= x[1], 0, Domain::all, true),
    BINARY(logical_and, x[0] != 0 && x[1] != 0, 0, Domain::all, true),
    BINARY(logical_or, x[0] != 0 || x[1] != 0, 0, Domain::all, true),
    BINARY(logical_xor, (x[0] != 0) != (x[1] != 0), 0, Domain::all, true),
    {"where", 2, [](const Arguments& x) { return where(x[0] > 0, x[0], x[1]); },
     [](const double* x) { return x[0] > 0 ? x[0] : x[1]; }, 0, Domain::all, true},
    {"masked_fill", 2, [](const Arguments& x) { return masked_fill(x[0], x[1] < 0, 7); },
     [](const double* x) { return x[1] < 0 ? 7 : x[0]; }, 0, Domain::all, true},
    {"clamp tensors", 3, [](const Arguments& x) { return clamp(x[0], x[1], x[2]); },
     [](const double* x) { return smaller(larger(x[0], x[1]), x[2]); }, 0, Domain::modest, true},
};

/// Rows that only integers have: bits. The formula is in the integer itself.
struct Bits {
  std::string name;
  std::function<Tensor(const Tensor&, const Tensor&)> call;
  std::function<int64_t(int64_t, int64_t)> formula;
};

const std::vector<Bits> kBits = {
    {"bitwise_and", [](const Tensor& x, const Tensor& y) { return x & y; }, [](int64_t x, int64_t y) { return x & y; }},
    {"bitwise_or", [](const Tensor& x, const Tensor& y) { return x | y; }, [](int64_t x, int64_t y) { return x | y; }},
    {"bitwise_xor", [](const Tensor& x, const Tensor& y) { return x ^ y; }, [](int64_t x, int64_t y) { return x ^ y; }},
    {"bitwise_not", [](const Tensor& x, const Tensor&) { return ~x; }, [](int64_t x, int64_t) { return ~x; }},
    {"bitwise_left_shift", [](const Tensor& x, const Tensor& y) { return x << (y & 15); },
     [](int64_t x, int64_t y) { return x * (int64_t{1} << (y & 15)); }},
    {"bitwise_right_shift", [](const Tensor& x, const Tensor& y) { return x >> (y & 15); },
     [](int64_t x, int64_t y) { return x >> (y & 15); }},
};

// --- arguments and comparison

const std::vector<std::vector<int64_t>> kShapes = {
    {},
    {0},
    {1},
    {3},
    {16},
    {17},
    {64},
    {65},
    {1023},
    {3, 17},
    {17, 3},
    {64, 16},
    {0, 16},
    {1, 65},
    {2, 3, 5},
    {2, 1, 3, 17},
    {2, 3, 1, 2, 5},
};
const std::vector<std::vector<int64_t>> kStaticShapes = {{}, {5, 17}, {130}};

/// The same for the same seed, in every process.
Tensor make_argument(const std::vector<int64_t>& shape, DType dtype, Domain domain, uint64_t seed) {
  static const double kSpecial[] = {kNan,  kInf,  -kInf,  0.0,   -0.0, 1e-40, -1e-40, 1e-310, 3e38,
                                    -3e38, 1e-30, 88.5,   -88.5, 1,    -1,    0.5,    -5.5,   89.2,
                                    -89.2, 10,    -12.25, 8,     1024, 1000,  709.5,  -745};
  std::mt19937_64 random(seed);
  std::vector<double> values(
      static_cast<size_t>(std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>())));
  for (double& value : values) {
    const uint64_t bits = random();
    if (domain == Domain::all && runtime::is_floating(dtype) && bits % 3 == 0)
      value = kSpecial[(bits >> 8) % std::size(kSpecial)];
    else if (!runtime::is_floating(dtype))
      value = static_cast<double>(static_cast<int64_t>((bits >> 8) % 41) - 20);
    else
      value = static_cast<double>(static_cast<int64_t>((bits >> 8) % 20001) - 10000) / 1250;
    if (domain == Domain::nonzero && value == 0) value = 3;
  }
  return tensor(values, f64).reshape(shape).to(dtype);
}

std::vector<double> doubles(const Tensor& x) {
  const Tensor dense = x.cpu().to(f64).contiguous();
  const auto span = dense.span<double>();
  return {span.begin(), span.end()};
}

/// Units in the last place of `dtype` at `value`.
double ulp(double value, DType dtype) {
  if (!std::isfinite(value)) return 0;
  const int digits = dtype == f64 ? 52 : 23, lowest = dtype == f64 ? -1074 : -149;
  const int exponent = value == 0 ? lowest : std::max(std::ilogb(value) - digits, lowest);
  return std::ldexp(1.0, exponent);
}

/// `value` as an element of `dtype`: beyond f32's range it is infinite.
double rounded(double value, DType dtype) {
  return dtype == f32 ? static_cast<double>(static_cast<float>(value)) : value;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.dim() != b.dim()) return false;
  const std::vector<double> p = doubles(a), q = doubles(b);
  return std::ranges::equal(p, q, [](double x, double y) {
    return (std::isnan(x) && std::isnan(y)) || std::bit_cast<uint64_t>(x) == std::bit_cast<uint64_t>(y);
  });
}

/// Checks each element against the formula of the operands' elements.
void check_formula(const Pointwise& row, const Arguments& arguments, const Tensor& result) {
  std::vector<int64_t> shape;
  for (int64_t axis = 0; axis < result.dim(); ++axis) shape.push_back(result.size(axis));
  std::vector<std::vector<double>> operands;
  for (const Tensor& argument : arguments) operands.push_back(doubles(argument.expand(shape)));
  const std::vector<double> actual = doubles(result);
  const DType dtype = arguments[0].dtype();
  for (size_t i = 0; i < actual.size(); ++i) {
    double x[3];
    for (size_t k = 0; k < operands.size(); ++k) x[k] = operands[k][i];
    const double exact = row.formula(x), expected = rounded(exact, result.dtype());
    if (actual[i] == expected || (std::isnan(actual[i]) && std::isnan(expected))) continue;
    const double place = ulp(row.domain == Domain::cancelling ? x[0] : expected, result.dtype());
    const double bound = runtime::is_floating(result.dtype()) ? std::max(row.ulps, 0.5) * place : 0;
    if (std::abs(actual[i] - exact) <= bound) continue;
    if (result.dtype() == f32 && std::isinf(expected) && std::abs(actual[i]) > 3.40282e38) continue;
    std::string text = row.name + " " + std::string(runtime::name(dtype)) + " of";
    for (size_t k = 0; k < operands.size(); ++k) text += " " + std::to_string(x[k]);
    char line[160];
    std::snprintf(line, sizeof line, "%s (%.9g): %.17g, expected %.17g, %.1f ulp", text.c_str(), x[0], actual[i], exact,
                  std::abs(actual[i] - exact) / ulp(expected, result.dtype()));
    FAIL_CHECK(line);
    return;
  }
}

std::string describe(const Pointwise& row, DType dtype) { return row.name + " " + std::string(runtime::name(dtype)); }

/// The same elements in other places of memory.
std::vector<Tensor> layouts(const Tensor& x) {
  std::vector<Tensor> all;
  if (x.dim() == 0) return all;
  const int64_t last = x.dim() - 1;
  all.push_back(x.transpose(0, last).contiguous().transpose(0, last));
  all.push_back(stack({x, x}, last + 1).select(last + 1, 1)); // every second element
  return all;
}

void check_row(const Pointwise& row, DType dtype) {
  INFO(describe(row, dtype));
  uint64_t seed = 1;
  const auto make = [&](const std::vector<int64_t>& shape) {
    Arguments arguments;
    for (size_t i = 0; i < row.operands; ++i) arguments.push_back(make_argument(shape, dtype, row.domain, ++seed));
    return arguments;
  };
  for (const auto& shape : kShapes) {
    const Arguments arguments = make(shape);
    const Tensor result = row.call(arguments);
    check_formula(row, arguments, result);
    Arguments other = arguments;
    for (const Tensor& moved : layouts(arguments[0])) {
      other[0] = moved;
      CHECK(same_bits(row.call(other), result));
    }
  }
  for (const auto& [a, b] : std::vector<std::pair<std::vector<int64_t>, std::vector<int64_t>>>{
           {{3, 17}, {17}}, {{3, 1}, {1, 65}}, {{4, 16}, {}}, {{}, {16}}, {{0, 3}, {1, 3}}}) {
    if (row.operands < 2) break;
    Arguments arguments = make(a);
    arguments[1] = make(b)[1];
    check_formula(row, arguments, row.call(arguments));
  }
  auto compiled = compile(row.call);
  for (const auto& shape : kStaticShapes) {
    const Arguments arguments = make(shape);
    CHECK(same_bits(compiled(arguments), row.call(arguments)));
  }
}

} // namespace

TEST_CASE("composed: element-wise functions are their formulas", "[ops]") {
  for (const Pointwise& row : kPointwise)
    for (DType dtype : {f32, f64, i32, i64}) {
      if (!runtime::is_floating(dtype) && !row.integers) continue;
      if (tests::inShard(describe(row, dtype))) check_row(row, dtype);
    }
}

TEST_CASE("composed: bits", "[ops]") {
  for (const Bits& row : kBits)
    for (DType dtype : {i32, i64}) {
      if (!tests::inShard(row.name)) continue;
      const Tensor x = make_argument({3, 65}, dtype, Domain::all, 5), y = make_argument({3, 65}, dtype, Domain::all, 6);
      const std::vector<double> p = doubles(x), q = doubles(y), r = doubles(row.call(x, y));
      for (size_t i = 0; i < r.size(); ++i) {
        INFO(row.name << " of " << p[i] << " and " << q[i]);
        CHECK(r[i] == static_cast<double>(row.formula(static_cast<int64_t>(p[i]), static_cast<int64_t>(q[i]))));
      }
    }
}

TEST_CASE("composed: every element-wise function has a row") {
  std::set<std::string> names;
  for (const Pointwise& row : kPointwise) names.insert(row.name.substr(0, row.name.find(' ')));
  for (const Bits& row : kBits) names.insert(row.name);
#define OGEE_UNARY(f) CHECK(names.count(#f) == 1);
#define OGEE_BINARY(f) CHECK(names.count(#f) == 1);
#define OGEE_INPLACE_OP(f, ...) CHECK(names.count(#f) == 1);
#define OGEE_OP(...)
#include "frontend/ops.def"
}

// --- along an axis

namespace {

using Row = std::vector<double>;

struct Rowwise {
  std::string name;
  std::function<Tensor(const Tensor&, int64_t axis)> call; ///< keeps the axis
  std::function<Row(const Row&)> formula;                  ///< a value, or one per element
  double relative = 1e-5;                                  ///< of f32 results; f64: its square
  bool integers = false, empty = true;                     ///< whether integers, or rows of no elements, are allowed
};

double sum_of(const Row& x) { return std::accumulate(x.begin(), x.end(), 0.0); }
double mean_of(const Row& x) { return sum_of(x) / static_cast<double>(x.size()); }
double largest(const Row& x) { return std::accumulate(x.begin(), x.end(), -kInf, larger); }
double log_sum_exp(const Row& x) {
  const double top = largest(x);
  if (std::isinf(top)) return top;
  double total = 0;
  for (double value : x) total += std::exp(value - top);
  return top + std::log(total);
}
double variance(const Row& x, double correction) {
  const double mean = mean_of(x);
  double total = 0;
  for (double value : x) total += (value - mean) * (value - mean);
  return total / std::max(0.0, static_cast<double>(x.size()) - correction);
}
double norm_of(const Row& x, double p) {
  double total = 0;
  for (double value : x) total += std::pow(std::abs(value), p);
  return std::pow(total, 1 / p);
}
Row each(const Row& x, const std::function<double(double)>& f) {
  Row result;
  for (double value : x) result.push_back(f(value));
  return result;
}

const std::vector<Rowwise> kRowwise = {
    {"sum", [](const Tensor& x, int64_t d) { return sum(x, d, true); }, [](const Row& x) { return Row{sum_of(x)}; },
     1e-5, true},
    {"mean", [](const Tensor& x, int64_t d) { return mean(x, d, true); }, [](const Row& x) { return Row{mean_of(x)}; }},
    {"prod", [](const Tensor& x, int64_t d) { return prod(x * 0.25, d, true); },
     [](const Row& x) {
       return Row{std::accumulate(x.begin(), x.end(), 1.0, [](double a, double b) { return a * b * 0.25; })};
     }},
    {"var", [](const Tensor& x, int64_t d) { return var(x, d, 1, true); },
     [](const Row& x) { return Row{variance(x, 1)}; }},
    {"var of all", [](const Tensor& x, int64_t d) { return var(x, d, 0, true); },
     [](const Row& x) { return Row{variance(x, 0)}; }},
    {"std", [](const Tensor& x, int64_t d) { return ogee::std(x, d, 1, true); },
     [](const Row& x) { return Row{std::sqrt(variance(x, 1))}; }},
    {"amax", [](const Tensor& x, int64_t d) { return amax(x, d, true); }, [](const Row& x) { return Row{largest(x)}; },
     0, true, false},
    {"amin", [](const Tensor& x, int64_t d) { return amin(x, d, true); },
     [](const Row& x) { return Row{-largest(each(x, std::negate<>()))}; }, 0, true, false},
    {"argmax", [](const Tensor& x, int64_t d) { return argmax(x, d, true); },
     [](const Row& x) { return Row{double(std::ranges::max_element(x) - x.begin())}; }, 0, true, false},
    {"argmin", [](const Tensor& x, int64_t d) { return argmin(x, d, true); },
     [](const Row& x) { return Row{double(std::ranges::min_element(x) - x.begin())}; }, 0, true, false},
    {"max", [](const Tensor& x, int64_t d) { return max(x, d, true).values; },
     [](const Row& x) { return Row{largest(x)}; }, 0, true, false},
    {"min", [](const Tensor& x, int64_t d) { return min(x, d, true).indices; },
     [](const Row& x) { return Row{double(std::ranges::min_element(x) - x.begin())}; }, 0, true, false},
    {"all", [](const Tensor& x, int64_t d) { return all(x, d, true); },
     [](const Row& x) { return Row{double(std::ranges::all_of(x, [](double v) { return v != 0; }))}; }, 0, true},
    {"any", [](const Tensor& x, int64_t d) { return any(x, d, true); },
     [](const Row& x) { return Row{double(std::ranges::any_of(x, [](double v) { return v != 0; }))}; }, 0, true},
    {"norm", [](const Tensor& x, int64_t d) { return norm(x, 2, d, true); },
     [](const Row& x) { return Row{norm_of(x, 2)}; }},
    {"norm 1", [](const Tensor& x, int64_t d) { return norm(x, 1, d, true); },
     [](const Row& x) { return Row{norm_of(x, 1)}; }},
    {"norm 3", [](const Tensor& x, int64_t d) { return norm(x, 3, d, true); },
     [](const Row& x) { return Row{norm_of(x, 3)}; }},
    {"norm inf", [](const Tensor& x, int64_t d) { return norm(x, kInf, d, true); },
     [](const Row& x) { return Row{largest(each(x, [](double v) { return std::abs(v); }))}; }, 0, false, false},
    {"logsumexp", [](const Tensor& x, int64_t d) { return logsumexp(x, d, true); },
     [](const Row& x) { return Row{log_sum_exp(x)}; }},
    {"softmax", [](const Tensor& x, int64_t d) { return softmax(x, d); },
     [](const Row& x) { return each(x, [total = log_sum_exp(x)](double v) { return std::exp(v - total); }); }},
    {"log_softmax", [](const Tensor& x, int64_t d) { return log_softmax(x, d); },
     [](const Row& x) { return each(x, [total = log_sum_exp(x)](double v) { return v - total; }); }},
};

/// The rows of `x` along `axis`, in order of the other axes.
std::vector<Row> rows_of(const Tensor& x, int64_t axis) {
  const Tensor moved = x.transpose(axis, -1).contiguous();
  const std::vector<double> flat = doubles(moved);
  const size_t length = static_cast<size_t>(int64_t{moved.size(-1)});
  std::vector<Row> rows;
  const size_t count = length == 0 ? 0 : flat.size() / length;
  for (size_t i = 0; i < count; ++i) rows.emplace_back(flat.begin() + i * length, flat.begin() + (i + 1) * length);
  return rows;
}

void check_row(const Rowwise& row, const Tensor& x, int64_t axis) {
  const Tensor result = row.call(x, axis);
  const bool reduces = result.size(axis) == 1 && x.size(axis) != 1;
  const std::vector<Row> actual = rows_of(result, axis);
  std::vector<Row> operands = rows_of(x, axis);
  if (operands.empty() && reduces) operands.resize(actual.size());
  REQUIRE(actual.size() == operands.size());
  const double relative = result.dtype() == f64 ? row.relative * row.relative : row.relative;
  for (size_t i = 0; i < actual.size(); ++i) {
    const Row expected = row.formula(operands[i]);
    REQUIRE(actual[i].size() == expected.size());
    double scale = 1;
    for (double value : operands[i]) scale = std::max(scale, std::abs(value));
    for (size_t k = 0; k < expected.size(); ++k) {
      if (actual[i][k] == expected[k] || (std::isnan(actual[i][k]) && std::isnan(expected[k]))) continue;
      INFO(row.name << " " << runtime::name(x.dtype()) << " of " << operands[i].size() << " elements, row " << i);
      CHECK(actual[i][k] == Approx(expected[k]).epsilon(relative).margin(relative * scale));
    }
  }
}

} // namespace

TEST_CASE("composed: functions along an axis are their formulas", "[ops]") {
  for (const Rowwise& row : kRowwise)
    for (DType dtype : {f32, f64, i32, i64}) {
      if (!runtime::is_floating(dtype) && !row.integers) continue;
      if (!tests::inShard(row.name + std::string(runtime::name(dtype)))) continue;
      uint64_t seed = 9;
      for (const auto& shape : kShapes) {
        const Tensor x = make_argument(shape, dtype, Domain::modest, ++seed);
        for (int64_t axis = 0; axis < x.dim(); ++axis)
          if (x.size(axis) > 0 || row.empty) check_row(row, x, axis);
      }
      const Tensor x = make_argument({2, 300, 33}, dtype, Domain::modest, 3);
      for (const Tensor& moved : layouts(x)) check_row(row, moved, 1);
      check_row(row, make_argument({2, 9000}, dtype, Domain::modest, 4), 1);
      check_row(row, make_argument({9000, 2}, dtype, Domain::modest, 4), 0);
      const Tensor small = make_argument({5, 70}, dtype, Domain::modest, 8);
      CHECK(allclose(compile([&](const Tensor& t) { return row.call(t, 1); })(small), row.call(small, 1), 1e-5, 1e-6));
    }
}

TEST_CASE("composed: every function along an axis has a row") {
  std::set<std::string> names;
  for (const Rowwise& row : kRowwise) names.insert(row.name.substr(0, row.name.find(' ')));
  for (const char* name : {"sum", "mean", "prod", "var", "std", "amax", "amin", "all", "any", "norm", "logsumexp",
                           "argmax", "argmin", "max", "min", "softmax", "log_softmax"})
    CHECK(names.count(name) == 1);
}
