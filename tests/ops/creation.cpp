// Rows of the ops that make tensors from nothing: constants, positions, random numbers.
#include "runtime/runtime.h"
#include "tests/ops/data.h"
#include "tests/ops/shard.h"

namespace ogee::tests {

namespace {

/// A function of two sizes, run-time index arguments or numbers.
std::string text(const std::string& op, const std::string& operands, const std::string& parameters, DType dtype,
                 const Index& shape) {
  const bool isStatic = shape[0] != kRunTime;
  const std::string sizes = isStatic ? std::to_string(shape[0]) + ", " + std::to_string(shape[1]) : "%m, %n";
  const std::string type = typeText(dtype, shape);
  return "func.func @main(" + parameters + (isStatic || parameters.empty() ? "" : ", ") +
         (isStatic ? "" : "%m: index, %n: index") + ") -> " + type + " {\n  %r = ogee." + op + " " + operands +
         "sizes [" + sizes + "] : " + type + "\n  return %r : " + type + "\n}\n";
}

const std::vector<Index> kShapes = {{1, 1}, {3, 17}, {16, 64}, {7, 65}, {0, 3}, {5, 0}, {1, 1023}, {65, 1023}};

/// Runs `op` on scalars, sizes being run-time values and numbers, on any number of threads: all the same bits.
void checkOp(const std::string& op, const std::vector<int64_t>& scalars, DType dtype, const Tolerance& tolerance) {
  if (!inShard(op + std::string(runtime::name(dtype)))) return;
  std::string operands, parameters;
  std::vector<Array> arguments;
  for (size_t i = 0; i < scalars.size(); ++i) {
    operands += (i ? ", %" : "%") + std::to_string(i) + (i + 1 == scalars.size() ? " " : "");
    parameters += (i ? ", %" : "%") + std::to_string(i) + ": tensor<i64>";
    arguments.push_back(indexArray(scalars[i]));
  }
  const Subject sizeGeneric(text(op, operands, parameters, dtype, {kRunTime, kRunTime}));
  sizeGeneric.checkRoundTrip();
  const int before = runtime::num_threads();
  for (const Index& shape : kShapes) {
    const std::string context = op + " " + std::string(runtime::name(dtype)) + " " + reference::toString(shape);
    std::vector<Array> withSizes = arguments;
    for (int64_t size : shape) withSizes.push_back(indexArray(size));
    const std::vector<Array> results = checkCase(sizeGeneric, withSizes, tolerance, context);
    for (int threads : {1, 2, 4}) {
      runtime::set_num_threads(threads);
      checkSame(sizeGeneric.run(withSizes), results, {}, context + " " + std::to_string(threads) + " threads");
    }
    runtime::set_num_threads(before);
    if (shape == kShapes[1] || shape == kShapes.back())
      checkSame(Subject(text(op, operands, parameters, dtype, shape)).run(arguments), results, {},
                context + " static sizes");
  }
}

constexpr int64_t kKey = 0x299f31d0a4093822, kDraw = 0x0370734413198a2e;

} // namespace

TEST_CASE("sizes as elements", "[ops]") {
  const Subject subject("func.func @main(%x: tensor<?x3xi64>, %n: index) -> (tensor<i64>, tensor<?x3xi64>) {\n"
                        "  %m = ogee.dim %x [0] : tensor<?x3xi64>\n"
                        "  %d = arith.subi %n, %m : index\n"
                        "  %0 = ogee.from_index %d : tensor<i64>\n"
                        "  %1 = ogee.broadcast %0 [] sizes [%m, 3] : tensor<i64> -> tensor<?x3xi64>\n"
                        "  %2 = ogee.add %x, %1 : tensor<?x3xi64>\n"
                        "  return %0, %2 : tensor<i64>, tensor<?x3xi64>\n}\n");
  subject.checkRoundTrip();
  for (int64_t m : {1, 5, 64})
    for (int64_t n : {0, 7, 1000})
      checkCase(subject, {Array({m, 3}, std::vector<int64_t>(static_cast<size_t>(3 * m), 2)), indexArray(n)}, {},
                "from_index");
}

TEST_CASE("positions", "[ops]") {
  for (DType dtype : kNumbers)
    for (const char* axis : {"iota [0]", "iota [1]"}) checkOp(axis, {}, dtype, {});
}

TEST_CASE("random numbers", "[ops]") {
  for (auto [key, draw] :
       {std::pair(kKey, kDraw), std::pair<int64_t, int64_t>(0, 0), std::pair<int64_t, int64_t>(-1, -1)}) {
    for (DType dtype : kFloats) checkOp("random_uniform", {key, draw}, dtype, {});
    // Near u = 1 the radius sqrt(-2 ln u) turns half a unit of u's last place into its square root, twice that at most.
    checkOp("random_normal", {key, draw}, DType::f32, {.ulp = 8, .absolute = 0x1p-12});
    checkOp("random_normal", {key, draw}, DType::f64, {.ulp = 8, .absolute = 0x1p-26});
    for (DType dtype : kIntegers)
      for (auto [low, high] :
           {std::pair<int64_t, int64_t>(-5, 10), std::pair<int64_t, int64_t>(7, 7), std::pair(INT64_MIN, INT64_MAX)})
        checkOp("random_integers", {key, draw, low, high}, dtype, {});
  }
}

TEST_CASE("constants", "[ops]") {
  const auto run = [](const std::string& value, const std::string& type) {
    return checkCase(Subject("func.func @main() -> " + type + " {\n  %0 = ogee.constant dense<" + value +
                             "> : " + type + "\n  return %0 : " + type + "\n}\n"),
                     {}, {}, "constant " + type)[0];
  };
  CHECK(run("[1.5, -0.0, 0x7fc00000]", "tensor<3xf32>").as<float>()[0] == 1.5f);
  CHECK(run("0.1", "tensor<f64>").as<double>()[0] == 0.1);
  CHECK(run("-7", "tensor<65x3xi64>").as<int64_t>()[194] == -7);
  CHECK(run("[[1, 2], [3, 4]]", "tensor<2x2xi32>").as<int32_t>()[2] == 3);
  CHECK(run("[true, false, true]", "tensor<3xi1>").as<bool>()[2]);
  CHECK(run("true", "tensor<17xi1>").as<bool>()[16]);
}

} // namespace ogee::tests
