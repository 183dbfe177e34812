// The gradients of the front end's functions: each row's products with its Jacobian, of the first order and the second,
// on the tape, traced, and through text, against each other and against central differences; the adjoint identity
// <J v, w> = <v, J' w>.
#include "tests/ops/composed_gradients.h"

#include "codegen/compile.h"
#include "passes/autodiff.h"
#include "tests/catch.h"
#include "tests/ops/shard.h"
#include "tests/runtime/folder.h"
#include "tools/reference/interpret.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <cmath>
#include <numeric>
#include <random>
#include <set>

namespace ogee::tests::gradients {

namespace {

using reference::Array;
using Row = GradientRow;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// ---- operands
// ----------------------------------------------------------------------------------------------------------

double draw(std::mt19937_64& random, Domain domain) {
  const double value = std::uniform_real_distribution<double>(-2, 2)(random);
  if (domain == Domain::positive) return 1.5 + value / 2;
  return domain == Domain::zeros && random() % 3 == 0 ? 0 : value;
}

Dims dims_of(const Sizes& sizes) { return std::vector<Dim>(sizes.begin(), sizes.end()); }

Sizes sizes_of(const Tensor& x) {
  Sizes sizes;
  for (const Dim& dim : x.shape()) sizes.push_back(dim.number());
  return sizes;
}

Tensor dense(const Sizes& sizes, Domain domain, std::mt19937_64& random) {
  Tensor x = zeros(dims_of(sizes), {f64, Device("cpu")});
  for (double& value : x.span<double>()) value = draw(random, domain);
  return x.to(get_default_device());
}

Tensor make_operand(const Operand& operand, Domain domain, std::mt19937_64& random) {
  Sizes sizes = operand.sizes;
  switch (operand.layout) {
  case Layout::dense: return dense(sizes, domain, random);
  case Layout::transposed:
    std::swap(sizes[sizes.size() - 1], sizes[sizes.size() - 2]);
    return dense(sizes, domain, random).transpose(-1, -2);
  case Layout::spread: sizes.back() *= 2; return dense(sizes, domain, random).slice(-1, 0, kEnd, 2);
  case Layout::repeated: {
    sizes[0] = 1;
    return dense(sizes, domain, random).expand(dims_of(operand.sizes));
  }
  }
  std::abort();
}

std::vector<double> elements(const Tensor& x) {
  const Tensor flat = x.detach().cpu().contiguous();
  const auto values = flat.span<double>();
  return {values.begin(), values.end()};
}

double dot_of(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// ---- the ways
// ----------------------------------------------------------------------------------------------------------

/// What a way gives: the function's value; the product w' J; that of <w' J, u> with the second derivatives, per operand
/// and for w, where it is J u.
struct Derivatives {
  std::vector<double> value;
  std::vector<std::vector<double>> first, second;
};

Tensor pairing(const Tensors& a, const Tensors& b) {
  Tensor sum = zeros({}, f64);
  for (size_t i = 0; i < a.size(); ++i) sum = sum + (a[i] * b[i]).sum();
  return sum;
}

std::vector<std::vector<double>> all_elements(const Tensors& tensors) {
  std::vector<std::vector<double>> all;
  for (const Tensor& tensor : tensors) all.push_back(elements(tensor));
  return all;
}

Tensors grad_or_zeros(const Tensor& y, const Tensors& inputs, const Tensors& seeds, bool create_graph) {
  Tensors found(inputs.size());
  if (y.requires_grad())
    found = autograd::grad(std::span(&y, 1), inputs, seeds, {.create_graph = create_graph, .allow_unused = true});
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!found[i].defined()) found[i] = zeros_like(inputs[i]);
  return found;
}

Tensors leaves_of(const Tensors& tensors) {
  Tensors leaves;
  for (const Tensor& x : tensors) leaves.push_back(x.detach().requires_grad_());
  return leaves;
}

Derivatives on_tape(const Row& row, const Tensors& x, const Tensor& w, const Tensors& u) {
  Tensors leaves = leaves_of(x);
  const Tensor seed = w.detach().requires_grad_();
  const Tensor y = row.call(leaves);
  const Tensors first = grad_or_zeros(y, leaves, {seed}, true);
  leaves.push_back(seed);
  return {elements(y), all_elements(first), all_elements(grad_or_zeros(pairing(first, u), leaves, {}, false))};
}

/// (operands and w, u) -> the value, the first derivatives, the second ones; to be traced.
auto derivatives_of(const Row& row) {
  return [&row](Tensors operands, Tensors u) {
    const auto f = [&row](Tensors x) { return row.call(x); };
    const auto first = [&](Tensors all) {
      const Tensor seed = all.back();
      all.pop_back();
      return vjp(f)(all, seed).second;
    };
    const auto second = grad([&](Tensors all) { return pairing(first(all), u); });
    Tensors x = operands;
    x.pop_back();
    return std::tuple<Tensor, Tensors, Tensors>(row.call(x), first(operands), second(operands));
  };
}

Derivatives compiled(const Row& row, Tensors x, const Tensor& w, const Tensors& u) {
  x.push_back(w);
  const auto [y, first, second] = compile(derivatives_of(row))(x, u);
  return {elements(y), all_elements(first), all_elements(second)};
}

mlir::MLIRContext& context() {
  static auto* context = [] {
    mlir::DialectRegistry registry;
    codegen::registerDialects(registry);
    return new mlir::MLIRContext(registry, mlir::MLIRContext::Threading::DISABLED);
  }();
  return *context;
}

/// A function as text, run by the interpreter.
class Function {
public:
  explicit Function(const std::string& text) : module_(mlir::parseSourceString<mlir::ModuleOp>(text, &context())) {
    INFO(text);
    REQUIRE(module_);
    op_ = *module_.get().getOps<mlir::func::FuncOp>().begin();
  }

  Function derived(size_t count) const {
    std::vector<unsigned> wrt(count);
    std::iota(wrt.begin(), wrt.end(), 0);
    mlir::OwningOpRef<mlir::ModuleOp> copy(mlir::cast<mlir::ModuleOp>(module_.get()->clone()));
    auto made = passes::buildVjp(*copy->getOps<mlir::func::FuncOp>().begin(), wrt);
    REQUIRE(mlir::succeeded(made));
    std::string text;
    llvm::raw_string_ostream(text) << *made;
    return Function(text);
  }
  std::vector<std::vector<double>> operator()(const Tensors& arguments) const {
    std::vector<Array> arrays;
    for (const Tensor& x : arguments) { arrays.emplace_back(sizes_of(x), elements(x)); }
    auto results = reference::interpret(op_, arrays);
    REQUIRE(mlir::succeeded(results));
    std::vector<std::vector<double>> all;
    for (const Array& result : *results) all.emplace_back(result.as<double>().begin(), result.as<double>().end());
    return all;
  }

private:
  mlir::OwningOpRef<mlir::ModuleOp> module_;
  mutable mlir::func::FuncOp op_;
};

Tensors together(Tensors first, const Tensors& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// What `save` writes.
std::string text_of(const Graph& graph) {
  static const runtime::testing::Folder folder;
  graph.save(folder.file("graph.mlir"));
  return folder.read("graph.mlir");
}

/// The derivatives traced, as text.
Derivatives traced(const Row& row, Tensors x, const Tensor& w, const Tensors& u) {
  const size_t count = x.size();
  x.push_back(w);
  const auto results = Function(text_of(trace(derivatives_of(row), x, u)))(together(x, u));
  const auto after = results.begin() + 1;
  return {results[0], {after, after + count}, {after + count, results.end()}};
}

/// The function as text, and what the passes derive from that.
Derivatives through_text(const Row& row, const Tensors& x, const Tensor& w, const Tensors& u) {
  const Function f(text_of(trace([&](Tensors operands) { return row.call(operands); }, x)));
  const Function first = f.derived(x.size()), second = first.derived(x.size() + 1);
  const Tensors all = together(x, {w});
  return {f(x)[0], first(all), second(together(all, u))};
}

// ---- what is checked
// ---------------------------------------------------------------------------------------------------

bool close(double a, double b, double absolute, double relative) {
  return a == b || std::abs(a - b) <= absolute + relative * std::abs(b);
}

void check_same(const std::vector<double>& actual, const std::vector<double>& expected, double tolerance,
                const std::string& what) {
  REQUIRE(actual.size() == expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    if (close(actual[i], expected[i], tolerance, tolerance)) continue;
    INFO(what << ", element " << i);
    CHECK(actual[i] == expected[i]);
  }
}

void check_same(const Derivatives& actual, const Derivatives& expected, double tolerance, const std::string& way) {
  check_same(actual.value, expected.value, tolerance, way + ": value");
  REQUIRE(actual.first.size() == expected.first.size());
  REQUIRE(actual.second.size() == expected.second.size());
  for (size_t i = 0; i < actual.first.size(); ++i)
    check_same(actual.first[i], expected.first[i], tolerance, way + ": derivative of operand " + std::to_string(i));
  for (size_t i = 0; i < actual.second.size(); ++i)
    check_same(actual.second[i], expected.second[i], tolerance,
               way + ": second derivative of operand " + std::to_string(i));
}

/// The derivatives of `f`, a number, against differences.
void check_differences(const std::function<double(const Tensors&)>& f, const Tensors& x,
                       const std::vector<std::vector<double>>& derivatives, bool precise, const std::string& what) {
  const double eps = precise ? 1e-6 : 1e-3, atol = precise ? 1e-5 : 2e-2, rtol = precise ? 1e-3 : 2e-2;
  for (size_t i = 0; i < x.size(); ++i)
    for (size_t k = 0; k < derivatives[i].size(); ++k) {
      const auto moved = [&](double by) {
        Tensors arguments = x;
        Tensor elements = x[i].cpu().contiguous().clone();
        elements.span<double>()[k] += by;
        arguments[i] = elements.to(x[i].device());
        return f(arguments);
      };
      const double numeric = (moved(eps) - moved(-eps)) / (2 * eps);
      if (close(derivatives[i][k], numeric, atol, rtol)) continue;
      INFO(what << " of operand " << i << ", element " << k << " at " << elements(x[i])[k]);
      CHECK(derivatives[i][k] == numeric);
    }
}

void check_case(const Row& row, const Case& at, uint64_t seed, bool compiles) {
  std::mt19937_64 random(seed);
  Tensors x, u;
  for (const Operand& operand : at) x.push_back(make_operand(operand, row.domain, random));
  for (const Operand& operand : at) u.push_back(make_operand({operand.sizes}, Domain::all, random));
  const Tensor w = dense(sizes_of(row.call(x)), Domain::all, random);

  const Derivatives tape = on_tape(row, x, w, u);
  const bool precise = row.precise < 1e-8;
  check_differences([&](const Tensors& moved) { return dot_of(elements(row.call(moved)), elements(w)); }, x, tape.first,
                    precise, "derivative");
  const auto product = [&](const Tensors& moved) {
    const Tensors leaves = leaves_of(moved);
    return elements(pairing(grad_or_zeros(row.call(leaves), leaves, {w}, false), u))[0];
  };
  check_differences(product, x, tape.second, precise, "second derivative");
  double forward = dot_of(tape.second.back(), elements(w)), backward = 0;
  for (size_t i = 0; i < x.size(); ++i) backward += dot_of(elements(u[i]), tape.first[i]);
  CHECK(close(forward, backward, row.precise, row.precise));

  check_same(traced(row, x, w, u), tape, row.precise, "traced");
  check_same(through_text(row, x, w, u), tape, row.precise, "through text");
  if (compiles) check_same(compiled(row, x, w, u), tape, row.precise, "compiled");
}

/// At two points each; compiled where a function comes first.
void check_rows(const std::vector<Row>& rows) {
  std::string function;
  for (const Row& row : rows) {
    if (!inShard(row.name)) continue;
    const std::string before = std::exchange(function, row.name.substr(0, row.name.find(' ')));
    for (size_t i = 0; i < row.cases.size(); ++i)
      for (uint64_t seed : {1, 2}) {
        INFO(row.name << ", case " << i);
        try {
          check_case(row, row.cases[i], 10 * i + seed, function != before && i == 0 && seed == 1);
        } catch (const Error& error) { FAIL_CHECK(error.what()); }
      }
  }
}

} // namespace

TEST_CASE("gradients of functions: pointwise", "[ops]") { check_rows(pointwise_rows()); }
TEST_CASE("gradients of functions: along axes", "[ops]") { check_rows(reduction_rows()); }
TEST_CASE("gradients of functions: products", "[ops]") { check_rows(product_rows()); }
TEST_CASE("gradients of functions: movement", "[ops]") { check_rows(movement_rows()); }
TEST_CASE("gradients of functions: cond, while_loop and scan", "[ops]") { check_rows(control_rows()); }

TEST_CASE("gradients of functions: where there are several derivatives, or none, one is chosen", "[ops]") {
  const auto gradient = [](const std::function<Tensor(const Tensor&)>& f, const Tensor& at) {
    const Tensor x = at.clone().requires_grad_();
    f(x).sum().backward();
    const auto traced = grad([&](Tensor y) { return f(y).sum(); });
    CHECK(equal(traced(at), x.grad()));
    return elements(x.grad());
  };
  using Values = std::vector<double>;
  const Tensor zero = zeros({3}, f64), limits = tensor({-1.0, 0.5, 1.0, 2.0, -2.0}, f64);
  CHECK(gradient([](const Tensor& x) { return relu(x); }, zero) == Values{0, 0, 0});
  CHECK(gradient([](const Tensor& x) { return abs(x); }, zero) == Values{0, 0, 0});
  CHECK(gradient([](const Tensor& x) { return clamp(x, -1, 1); }, limits) == Values{0, 1, 0, 0, 0});
  CHECK(gradient([](const Tensor& x) { return clamp(x, -1); }, limits) == Values{0, 1, 1, 1, 0});
  CHECK(gradient([](const Tensor& x) { return clamp(x, {}, 1); }, limits) == Values{1, 1, 0, 0, 1});
  CHECK(gradient([](const Tensor& x) { return clamp(x, 1, -1); }, limits) == Values{0, 0, 0, 0, 0});
  CHECK(gradient([](const Tensor& x) { return clamp(x, x, x); }, limits) == Values{1, 1, 1, 1, 1});
  CHECK(gradient([](const Tensor& x) { return maximum(x, x.detach()); }, zero) == Values{0.5, 0.5, 0.5});
  CHECK(gradient([](const Tensor& x) { return amax(x); }, tensor({1.0, 2.0, 2.0}, f64)) == Values{0, 0.5, 0.5});
  CHECK(gradient([](const Tensor& x) { return max(x, 0).values; }, tensor({1.0, 2.0, 2.0}, f64)) == Values{0, 1, 0});
  CHECK(gradient([](const Tensor& x) { return pow(x, x.detach()); }, zero) == Values{0, 0, 0});
  CHECK(gradient([](const Tensor& x) { return pow(x.detach(), x); }, zero) == Values{0, 0, 0});
  // Roots of sums that are 0: of equal elements, of no elements but zeros.
  CHECK(gradient([](const Tensor& x) { return ogee::std(x); }, ones({2}, f64)) == Values{0, 0});
  for (const double p : {1.0, 2.0, 3.0, 0.5}) {
    CHECK(gradient([=](const Tensor& x) { return norm(x, p); }, zero) == Values{0, 0, 0});
    const Values of_two = gradient([=](const Tensor& x) { return norm(x, p); }, tensor({0.0, 2.0}, f64));
    CHECK(of_two[0] == 0);
    CHECK(of_two[1] == Approx(1));
  }
  CHECK(norm(zero, 3).item() == 0);
  CHECK(norm(tensor({0.0, 2.0}, f64), -1).item() == 0);
  CHECK(std::isnan(norm(tensor({kNan, 0.0}, f64)).item()));
}

TEST_CASE("gradients of functions: every function has a row, or gives no floats that depend on x", "[ops]") {
  std::set<std::string> names;
  for (const auto& rows : {pointwise_rows(), reduction_rows(), product_rows(), movement_rows()})
    for (const Row& row : rows) names.insert(row.name.substr(0, row.name.find(' ')));
  const std::set<std::string> kWithout = {"cpu", // as `to`
                                          "cuda",
                                          "isnan",
                                          "isinf",
                                          "isfinite",
                                          "logical_not",
                                          "bitwise_not",
                                          "eq",
                                          "ne",
                                          "lt",
                                          "le",
                                          "gt",
                                          "ge",
                                          "logical_and",
                                          "logical_or",
                                          "logical_xor",
                                          "bitwise_and",
                                          "bitwise_or",
                                          "bitwise_xor",
                                          "bitwise_left_shift",
                                          "bitwise_right_shift",
                                          "all",
                                          "any",
                                          "argmax",
                                          "argmin",
                                          "zeros_like",
                                          "ones_like",
                                          "full_like",
                                          "empty_like",
                                          "rand_like",
                                          "randn_like"};
  for (const char* name : {
#define OGEE_UNARY(f) #f,
#define OGEE_BINARY(f) #f,
#define OGEE_INPLACE_OP(f, parameters, arguments) #f,
#define OGEE_OP(result, f, parameters, arguments) #f,
#include "frontend/ops.def"
       }) {
    INFO(name);
    CHECK(names.count(name) != kWithout.count(name));
  }
}

} // namespace ogee::tests::gradients
