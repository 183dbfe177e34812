// The gradient rules: each row's vector-Jacobian product against central differences of the interpreter, its own
// gradient against those of the product, the adjoint identity <J v, w> = <v, J' w>, and the product compiled.
// Covers: vjp
#include "ir/dialect.h"
#include "passes/autodiff.h"
#include "tests/ops/data.h"
#include "tests/ops/shard.h"
#include "tools/reference/interpret.h"

#include "mlir/Parser/Parser.h"

#include <cmath>
#include <numeric>
#include <random>

namespace ogee::tests {

namespace {

/// Where the arguments of a row lie.
enum class Domain {
  all,      ///< [-2, 2]
  positive, ///< [0.5, 2.5]
  zeros,    ///< [-2, 2], some of them 0
};

struct Row {
  std::string name;
  std::vector<Index> parameters; ///< shapes
  std::string body;              ///< makes %r of %0, %1 …
  Index result;
  Domain domain = Domain::all;
  bool twice = true; ///< whether its second derivative is checked by differences
};

/// An element-wise op on two shapes: of many elements, and of none.
void addPointwise(std::vector<Row>& rows, const std::string& op, size_t operands, Domain domain = Domain::all) {
  for (const Index& shape : {Index{2, 3}, Index{}}) {
    const std::string type = typeText(DType::f64, shape);
    std::string names = "%0";
    for (size_t i = 1; i < operands; ++i) names += ", %" + std::to_string(i);
    rows.push_back(
        {op, std::vector<Index>(operands, shape), "%r = ogee." + op + " " + names + " : " + type, shape, domain});
  }
}

/// Ops of control and parts that values place; their tensors are [3] unless said otherwise.
std::vector<Row> controlRows() {
  const std::string cond = R"(
%c = ogee.constant dense<NUMBER> : tensor<f64>
%s = ogee.sum %0 [0] : tensor<3xf64> -> tensor<f64>
%p = ogee.compare lt %s, %c : tensor<f64>
%q:2 = ogee.cond %p (%0, %1 : tensor<3xf64>, tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>) then {
^bb0(%a: tensor<3xf64>, %b: tensor<3xf64>):
  %2 = ogee.sin %a : tensor<3xf64>
  %3 = ogee.mul %2, %b : tensor<3xf64>
  ogee.yield %3, %b : tensor<3xf64>, tensor<3xf64>
} else {
^bb0(%a: tensor<3xf64>, %b: tensor<3xf64>):
  %2 = ogee.mul %a, %a : tensor<3xf64>
  ogee.yield %2, %2 : tensor<3xf64>, tensor<3xf64>
}
%r = ogee.mul %q#0, %q#1 : tensor<3xf64>)";
  // A recurrence through captured weights, with a stacked result.
  const std::string scan = R"(
%q:2 = ogee.scan (%0 : tensor<3xf64>) over (%1 : tensor<4x3xf64>) captures (%2 : tensor<3x3xf64>) MODE
    -> (tensor<3xf64>, tensor<4x3xf64>) {
^bb0(%h: tensor<3xf64>, %x: tensor<3xf64>, %w: tensor<3x3xf64>):
  %3 = ogee.dot %h, %w batch [] x [] contract [0] x [0] : tensor<3xf64>, tensor<3x3xf64> -> tensor<3xf64>
  %4 = ogee.add %3, %x : tensor<3xf64>
  %5 = ogee.tanh %4 : tensor<3xf64>
  %6 = ogee.mul %5, %x : tensor<3xf64>
  ogee.yield %5, %6 : tensor<3xf64>, tensor<3xf64>
}
%s = ogee.sum %q#1 [0] : tensor<4x3xf64> -> tensor<3xf64>
%r = ogee.mul %q#0, %s : tensor<3xf64>)";
  // Newton's method for a cube root; some inputs end after few trips.
  const std::string loop = R"(
%zero = ogee.constant dense<0> : tensor<i64>
%q:2 = ogee.while (%1, %zero : tensor<3xf64>, tensor<i64>) captures (%0 : tensor<3xf64>) max_trips LIMIT
    -> (tensor<3xf64>, tensor<i64>) test {
^bb0(%y: tensor<3xf64>, %k: tensor<i64>, %x: tensor<3xf64>):
  %n = ogee.constant dense<3> : tensor<i64>
  %2 = ogee.compare lt %k, %n : tensor<i64>
  ogee.yield %2 : tensor<i1>
} do {
^bb0(%y: tensor<3xf64>, %k: tensor<i64>, %x: tensor<3xf64>):
  %one = ogee.constant dense<1> : tensor<i64>
  %c = ogee.constant dense<0.1> : tensor<3xf64>
  %2 = ogee.mul %y, %y : tensor<3xf64>
  %3 = ogee.mul %2, %y : tensor<3xf64>
  %4 = ogee.sub %x, %3 : tensor<3xf64>
  %5 = ogee.mul %4, %c : tensor<3xf64>
  %6 = ogee.add %y, %5 : tensor<3xf64>
  %7 = ogee.add %k, %one : tensor<i64>
  ogee.yield %6, %7 : tensor<3xf64>, tensor<i64>
}
%r = ogee.mul %q#0, %0 : tensor<3xf64>)";
  // A choice and a loop in a scan.
  const std::string nested = R"(
%r, %u = ogee.scan (%0 : tensor<3xf64>) over (%1 : tensor<3x3xf64>) -> (tensor<3xf64>, tensor<3xf64>) {
^bb0(%h: tensor<3xf64>, %x: tensor<3xf64>):
  %c = ogee.constant dense<0.0> : tensor<f64>
  %s = ogee.sum %x [0] : tensor<3xf64> -> tensor<f64>
  %p = ogee.compare lt %s, %c : tensor<f64>
  %q = ogee.cond %p (%h, %x : tensor<3xf64>, tensor<3xf64>) -> (tensor<3xf64>) then {
  ^bb0(%a: tensor<3xf64>, %b: tensor<3xf64>):
    %2 = ogee.mul %a, %b : tensor<3xf64>
    ogee.yield %2 : tensor<3xf64>
  } else {
  ^bb0(%a: tensor<3xf64>, %b: tensor<3xf64>):
    %2 = ogee.while (%a : tensor<3xf64>) captures (%b : tensor<3xf64>) max_trips 2 -> (tensor<3xf64>) test {
    ^bb0(%d: tensor<3xf64>, %e: tensor<3xf64>):
      %t = ogee.constant dense<true> : tensor<i1>
      ogee.yield %t : tensor<i1>
    } do {
    ^bb0(%d: tensor<3xf64>, %e: tensor<3xf64>):
      %3 = ogee.sin %d : tensor<3xf64>
      %4 = ogee.add %3, %e : tensor<3xf64>
      ogee.yield %4 : tensor<3xf64>
    }
    ogee.yield %2 : tensor<3xf64>
  }
  ogee.yield %q, %s : tensor<3xf64>, tensor<f64>
})";
  const std::string slice = R"(
%i = ogee.constant dense<1> : tensor<i64>
%k = ogee.constant dense<7> : tensor<i64>
%two = ogee.constant dense<2.0> : tensor<f64>
%s = ogee.sum %0 [0, 1] : tensor<4x3xf64> -> tensor<f64>
%p = ogee.compare lt %s, %two : tensor<f64>
%j = ogee.select %p, %i, %k : tensor<i64>
%part = ogee.dynamic_slice %0 [%j, %i] sizes [2, 2] : tensor<4x3xf64> -> tensor<2x2xf64>
%t = ogee.mul %part, %1 : tensor<2x2xf64>
%u = ogee.dynamic_update %0, %t [%i, %j] : tensor<4x3xf64>, tensor<2x2xf64>
%r = ogee.mul %u, %0 : tensor<4x3xf64>)";
  const auto with = [](std::string text, const std::string& word, const std::string& by) {
    return text.replace(text.find(word), word.size(), by);
  };
  return {{"cond, one branch", {{3}, {3}}, with(cond, "NUMBER", "100.0"), {3}},
          {"cond, the other", {{3}, {3}}, with(cond, "NUMBER", "-100.0"), {3}},
          {"scan", {{3}, {4, 3}, {3, 3}}, with(scan, "MODE", ""), {3}},
          {"scan, reverse", {{3}, {4, 3}, {3, 3}}, with(scan, "MODE", "reverse"), {3}},
          {"while that ends early", {{3}, {3}}, with(loop, "LIMIT", "5"), {3}},
          {"while that is ended", {{3}, {3}}, with(loop, "LIMIT", "2"), {3}},
          {"while that does not begin", {{3}, {3}}, with(loop, "LIMIT", "0"), {3}},
          {"regions in regions", {{3}, {3, 3}}, nested, {3}},
          {"dynamic slice and update", {{4, 3}, {2, 2}}, slice, {4, 3}}};
}

std::vector<Row> makeRows() {
  std::vector<Row> rows;
  for (const char* op : {"abs", "neg", "sign", "exp", "expm1", "sin", "cos", "tan", "tanh", "logistic", "erf", "floor",
                         "ceil", "trunc", "round_nearest_even", "round_nearest_afz", "cbrt"})
    addPointwise(rows, op, 1);
  for (const char* op : {"log", "log2", "log10", "log1p", "sqrt", "rsqrt"}) addPointwise(rows, op, 1, Domain::positive);
  for (const char* op : {"add", "sub", "mul", "div", "rem", "atan2", "max", "min"}) addPointwise(rows, op, 2);
  addPointwise(rows, "pow", 2, Domain::positive);
  addPointwise(rows, "clamp", 3);
  const std::vector<Row> others = {
      {"square by pow",
       {{5}},
       "%two = ogee.constant dense<2.0> : tensor<5xf64>\n%r = ogee.pow %0, %two : tensor<5xf64>",
       {5}},
      {"select",
       {{2, 3}, {2, 3}},
       "%c = ogee.compare lt %0, %1 : tensor<2x3xf64>\n%s = ogee.mul %0, %1 : tensor<2x3xf64>\n%r = ogee.select %c, "
       "%s, %1 : tensor<2x3xf64>",
       {2, 3}},
      {"convert",
       {{4}},
       "%f = ogee.convert %0 : tensor<4xf64> -> tensor<4xf64>\n%r = ogee.mul %f, %f : tensor<4xf64>",
       {4}},
      {"a value read twice",
       {{3}},
       "%a = ogee.sin %0 : tensor<3xf64>\n%b = ogee.mul %a, %0 : tensor<3xf64>\n%r = ogee.add %a, %b : tensor<3xf64>",
       {3}},
      {"sum", {{2, 3, 4}}, "%r = ogee.sum %0 [0, 2] : tensor<2x3x4xf64> -> tensor<3xf64>", {3}},
      {"sum of all", {{2, 3}}, "%r = ogee.sum %0 [0, 1] : tensor<2x3xf64> -> tensor<f64>", {}},
      {"prod", {{2, 3}}, "%r = ogee.prod %0 [1] : tensor<2x3xf64> -> tensor<2xf64>", {2}, Domain::positive},
      {"prod with zeros", {{4, 3}}, "%r = ogee.prod %0 [1] : tensor<4x3xf64> -> tensor<4xf64>", {4}, Domain::zeros},
      {"amax", {{3, 4}}, "%r = ogee.amax %0 [1] : tensor<3x4xf64> -> tensor<3xf64>", {3}},
      {"amin", {{3, 4}}, "%r = ogee.amin %0 [0] : tensor<3x4xf64> -> tensor<4xf64>", {4}},
      {"dot",
       {{2, 3}, {3, 4}},
       "%r = ogee.dot %0, %1 batch [] x [] contract [1] x [0] : tensor<2x3xf64>, tensor<3x4xf64> -> tensor<2x4xf64>",
       {2, 4}},
      {"dot of vectors",
       {{3}, {3}},
       "%r = ogee.dot %0, %1 batch [] x [] contract [0] x [0] : tensor<3xf64>, tensor<3xf64> -> tensor<f64>",
       {}},
      {"dot, batched, transposed",
       {{3, 2, 4}, {4, 2, 5}},
       "%r = ogee.dot %0, %1 batch [1] x [1] contract [2] x [0] : tensor<3x2x4xf64>, tensor<4x2x5xf64> -> "
       "tensor<2x3x5xf64>",
       {2, 3, 5}},
      {"dot along two axes",
       {{2, 3, 4}, {4, 5, 2}},
       "%r = ogee.dot %0, %1 batch [] x [] contract [0, 2] x [2, 0] : tensor<2x3x4xf64>, tensor<4x5x2xf64> -> "
       "tensor<3x5xf64>",
       {3, 5}},
      {"outer product",
       {{2}, {3}},
       "%r = ogee.dot %0, %1 batch [] x [] contract [] x [] : tensor<2xf64>, tensor<3xf64> -> tensor<2x3xf64>",
       {2, 3}},
      {"reshape", {{2, 6}}, "%r = ogee.reshape %0 [3, 4] : tensor<2x6xf64> -> tensor<3x4xf64>", {3, 4}},
      {"transpose",
       {{2, 3, 4}},
       "%r = ogee.transpose %0 [1, 2, 0] : tensor<2x3x4xf64> -> tensor<3x4x2xf64>",
       {3, 4, 2}},
      {"broadcast",
       {{1, 3}},
       "%r = ogee.broadcast %0 [1, 2] sizes [2, 4, 3] : tensor<1x3xf64> -> tensor<2x4x3xf64>",
       {2, 4, 3}},
      {"slice", {{7, 4}}, "%r = ogee.slice %0 [1, 0] [3, 2] [2, 3] : tensor<7x4xf64> -> tensor<3x2xf64>", {3, 2}},
      {"slice of nothing", {{4}}, "%r = ogee.slice %0 [2] [0] [3] : tensor<4xf64> -> tensor<0xf64>", {0}},
      {"pad",
       {{3, 2}, {}},
       "%r = ogee.pad %0, %1 low [1, 0] high [2, 1] interior [0, 2] : tensor<3x2xf64>, tensor<f64> -> tensor<6x5xf64>",
       {6, 5}},
      {"pad that cuts",
       {{6}, {}},
       "%r = ogee.pad %0, %1 low [-2] high [-1] interior [1] : tensor<6xf64>, tensor<f64> -> tensor<8xf64>",
       {8}},
      {"concatenate",
       {{2, 3}, {2, 1}, {2, 2}},
       "%r = ogee.concatenate %0, %1, %2 [1] : tensor<2x3xf64>, tensor<2x1xf64>, tensor<2x2xf64> -> tensor<2x6xf64>",
       {2, 6}},
      {"reverse", {{2, 3}}, "%r = ogee.reverse %0 [1] : tensor<2x3xf64>", {2, 3}},
      {"softmax",
       {{2, 3}},
       "%m = ogee.amax %0 [1] : tensor<2x3xf64> -> tensor<2xf64>\n"
       "%mb = ogee.broadcast %m [0] sizes [2, 3] : tensor<2xf64> -> tensor<2x3xf64>\n"
       "%d = ogee.sub %0, %mb : tensor<2x3xf64>\n%e = ogee.exp %d : tensor<2x3xf64>\n"
       "%s = ogee.sum %e [1] : tensor<2x3xf64> -> tensor<2xf64>\n"
       "%sb = ogee.broadcast %s [0] sizes [2, 3] : tensor<2xf64> -> tensor<2x3xf64>\n"
       "%r = ogee.div %e, %sb : tensor<2x3xf64>",
       {2, 3}},
  };
  rows.insert(rows.end(), others.begin(), others.end());
  return rows;
}

std::string textOf(const Row& row) {
  std::vector<Parameter> parameters;
  for (const Index& shape : row.parameters) parameters.push_back({DType::f64, shape});
  return functionText(parameters, row.body + "\n", "%r", typeText(DType::f64, row.result));
}

mlir::MLIRContext& context() {
  static auto* context = [] {
    auto* made = new mlir::MLIRContext(mlir::MLIRContext::Threading::DISABLED);
    made->loadDialect<ir::OgeeDialect, mlir::arith::ArithDialect, mlir::func::FuncDialect>();
    return made;
  }();
  return *context;
}

/// A function alone in its module, by the name of main.
class Function {
public:
  explicit Function(const std::string& text)
      : module_(mlir::parseSourceString<mlir::ModuleOp>(text, &context())),
        op_(*module_.get().getOps<mlir::func::FuncOp>().begin()) {}

  using Derivation = mlir::FailureOr<mlir::func::FuncOp> (*)(mlir::func::FuncOp, llvm::ArrayRef<unsigned>);

  /// Its product with respect to the first `count` arguments.
  Function derived(Derivation derive, size_t count) const {
    std::vector<unsigned> arguments(count);
    std::iota(arguments.begin(), arguments.end(), 0);
    mlir::OwningOpRef<mlir::ModuleOp> copy(mlir::cast<mlir::ModuleOp>(module_.get()->clone()));
    auto made = derive(*copy->getOps<mlir::func::FuncOp>().begin(), arguments);
    REQUIRE(mlir::succeeded(made));
    made->setSymName("main");
    std::string text;
    llvm::raw_string_ostream(text) << *made;
    return Function(text);
  }

  std::string text() const {
    std::string text;
    llvm::raw_string_ostream(text) << module_.get();
    return text;
  }
  std::vector<Array> operator()(const std::vector<Array>& arguments) const {
    auto results = reference::interpret(op_, arguments);
    REQUIRE(mlir::succeeded(results));
    return *results;
  }

private:
  mlir::OwningOpRef<mlir::ModuleOp> module_;
  mutable mlir::func::FuncOp op_;
};

Array randomArray(const Index& shape, Domain domain, uint64_t seed) {
  std::mt19937_64 random(seed);
  Array array(DType::f64, shape);
  for (double& value : array.as<double>()) {
    value = std::uniform_real_distribution<double>(-2, 2)(random);
    if (domain == Domain::positive) value = 1.5 + value / 2;
    if (domain == Domain::zeros && random() % 3 == 0) value = 0;
  }
  return array;
}

std::vector<Array> randomLike(const std::vector<Array>& arrays, uint64_t seed) {
  std::vector<Array> made;
  for (const Array& array : arrays) made.push_back(randomArray(array.shape, Domain::all, seed++));
  return made;
}

double dot(const std::vector<Array>& a, const std::vector<Array>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum = std::inner_product(a[i].as<double>().begin(), a[i].as<double>().end(), b[i].as<double>().begin(), sum);
  return sum;
}

std::vector<Array> joined(std::vector<Array> first, const std::vector<Array>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// Each element's influence on <f(arguments), cotangents>, by central differences, against the product.
void checkDifferences(const Function& f, const Function& product, std::vector<Array> arguments, size_t count,
                      const std::vector<Array>& cotangents, const std::string& name) {
  constexpr double kStep = 1e-6, kAbsolute = 1e-5, kRelative = 1e-3;
  const std::vector<Array> gradients = product(joined(arguments, cotangents));
  REQUIRE(gradients.size() == count);
  for (size_t i = 0; i < count; ++i)
    for (size_t k = 0; k < arguments[i].as<double>().size(); ++k) {
      double& element = arguments[i].as<double>()[k];
      const double at = element;
      element = at + kStep;
      const double above = dot(f(arguments), cotangents);
      element = at - kStep;
      const double below = dot(f(arguments), cotangents);
      element = at;
      const double expected = (above - below) / (2 * kStep), actual = gradients[i].as<double>()[k];
      INFO(name << ", argument " << i << ", element " << k << " at " << at);
      CHECK(std::abs(actual - expected) <= kAbsolute + kRelative * std::abs(expected));
    }
}

void checkRow(const Row& row, uint64_t seed) {
  const Function f(textOf(row));
  const size_t count = row.parameters.size();
  std::vector<Array> arguments;
  for (const Index& shape : row.parameters) arguments.push_back(randomArray(shape, row.domain, ++seed));
  const Function vjp = f.derived(passes::buildVjp, count), jvp = f.derived(passes::buildJvp, count);
  const std::vector<Array> cotangents = randomLike(f(arguments), seed + 10),
                           tangents = randomLike(arguments, seed + 20);
  INFO(row.name << "\n" << vjp.text());
  checkDifferences(f, vjp, arguments, count, cotangents, row.name);

  const double forward = dot(jvp(joined(arguments, tangents)), cotangents),
               backward = dot(tangents, vjp(joined(arguments, cotangents)));
  CHECK(std::abs(forward - backward) <= 1e-10 * std::max(1.0, std::abs(forward)));

  if (row.twice) {
    const std::vector<Array> all = joined(arguments, cotangents);
    const Function second = vjp.derived(passes::buildVjp, all.size());
    checkDifferences(vjp, second, all, all.size(), tangents, row.name + ", second order");
  }
  for (const Function* product : {&vjp, &jvp})
    checkCase(Subject(product->text()), joined(arguments, product == &vjp ? cotangents : tangents), {64, 1e-12},
              row.name + ", compiled");
}

} // namespace

TEST_CASE("gradients", "[ops]") {
  for (const Row& row : makeRows())
    for (uint64_t seed : {1, 100})
      if (inShard(row.name)) checkRow(row, seed);
}

TEST_CASE("gradients of regions", "[ops]") {
  for (const Row& row : controlRows())
    for (uint64_t seed : {1, 100})
      if (inShard(row.name)) checkRow(row, seed);
}

TEST_CASE("gradients: every op says whether it has one") {
  // Structure and sizes; and the ops of control, whose gradients the pass builds region by region.
  const std::vector<std::string> kOthers = {"ogee.group", "ogee.yield", "ogee.dim",
                                            "ogee.cond",  "ogee.while", "ogee.scan"};
  for (mlir::RegisteredOperationName name : context().getRegisteredOperations()) {
    if (name.getDialectNamespace() != "ogee") continue;
    const std::string op = name.getStringRef().str();
    if (llvm::is_contained(kOthers, op)) continue;
    INFO(op);
    CHECK(name.hasInterface<ir::DifferentiableOpInterface>() != name.hasTrait<ir::NoGradient>());
  }
}

} // namespace ogee::tests
