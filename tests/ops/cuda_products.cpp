// Products of programs for GPUs, on the fake machine: which of them the library gets, and with what epilogue; that all
// give what the CPU does, and that what the library refuses runs on kernels instead.
// Covers: plan_matmul, matmul
#include "codegen/compile.h"
#include "runtime/cuda/memory.h"
#include "runtime/executable.h"
#include "tests/cuda/machine.h"
#include "tests/ops/data.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <cmath>
#include <numeric>

namespace ogee::tests {

namespace {

using runtime::DType;
namespace cuda = runtime::cuda;

/// relu(x w + b + r), or a part of it.
struct Case {
  const char* name;
  std::string body, result;
  bool bias = false, residual = false, relu = false;
  bool gelu = false;
  bool split = false; ///< an epilogue that the library does not have
};

const std::string kProduct = "  %p = ogee.dot %x, %w batch [] x [] contract [1] x [0] : tensor<?x40xf32>, "
                             "tensor<40x50xf32> -> tensor<?x50xf32>\n";
const std::string kBias = "  %m = ogee.dim %x [0] : tensor<?x40xf32>\n"
                          "  %bb = ogee.broadcast %b [1] sizes [%m, 50] : tensor<50xf32> -> tensor<?x50xf32>\n"
                          "  %a = ogee.add %p, %bb : tensor<?x50xf32>\n";
std::string sumOf(const std::string& x, const std::string& y) {
  return "  %s = ogee.add " + x + ", " + y + " : tensor<?x50xf32>\n";
}
std::string reluOf(const std::string& x) {
  return "  %z = ogee.constant dense<0.0> : tensor<f32>\n  %n = ogee.dim %x [0] : tensor<?x40xf32>\n"
         "  %zb = ogee.broadcast %z [] sizes [%n, 50] : tensor<f32> -> tensor<?x50xf32>\n"
         "  %c = ogee.compare le " +
         x + ", %zb : tensor<?x50xf32>\n  %q = ogee.select %c, %zb, " + x + " : tensor<?x50xf32>\n";
}

const std::string kGelu = [] {
  std::string text =
      "  %one = ogee.constant dense<1.0> : tensor<f32>\n  %half = ogee.constant dense<0.5> : tensor<f32>\n"
      "  %root = ogee.constant dense<0.797884583> : tensor<f32>\n"
      "  %third = ogee.constant dense<4.471500e-02> : tensor<f32>\n";
  for (const char* name : {"one", "half", "root", "third"})
    text += std::string("  %") + name + "s = ogee.broadcast %" + name +
            " [] sizes [%m, 50] : tensor<f32> -> tensor<?x50xf32>\n";
  for (const char* line : {"%x2 = ogee.mul %a, %a", "%x3 = ogee.mul %x2, %a", "%t = ogee.mul %x3, %thirds",
                           "%i = ogee.add %a, %t", "%j = ogee.mul %i, %roots", "%h = ogee.mul %a, %halfs",
                           "%u = ogee.tanh %j", "%v = ogee.add %u, %ones", "%y = ogee.mul %h, %v"})
    text += std::string("  ") + line + " : tensor<?x50xf32>\n";
  return text;
}();

const std::vector<Case> kCases = {
    {.name = "plain", .body = kProduct, .result = "%p"},
    {.name = "bias", .body = kProduct + kBias, .result = "%a", .bias = true},
    {.name = "residual", .body = kProduct + sumOf("%r", "%p"), .result = "%s", .residual = true},
    {.name = "both", .body = kProduct + kBias + sumOf("%a", "%r"), .result = "%s", .bias = true, .residual = true},
    {.name = "relu", .body = kProduct + reluOf("%p"), .result = "%q", .relu = true},
    {.name = "all",
     .body = kProduct + kBias + sumOf("%a", "%r") + reluOf("%s"),
     .result = "%q",
     .bias = true,
     .residual = true,
     .relu = true},
    {.name = "gelu", .body = kProduct + kBias + kGelu, .result = "%y", .bias = true, .gelu = true},
    {.name = "exp", .body = kProduct + "  %e = ogee.exp %p : tensor<?x50xf32>\n", .result = "%e", .split = true},
};

mlir::MLIRContext& context() {
  static mlir::DialectRegistry registry = [] {
    mlir::DialectRegistry all;
    codegen::registerDialects(all);
    return all;
  }();
  static mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  return context;
}

runtime::Program compileFor(const std::string& text, const codegen::TargetInfo* target) {
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context());
  REQUIRE(module);
  auto program = codegen::compile(module->lookupSymbol<mlir::func::FuncOp>("main"), {.name = "main", .target = target});
  REQUIRE(mlir::succeeded(program));
  return std::move(*program);
}

/// The products of a launch list, those that wait in others' place included.
std::vector<const runtime::MatmulLaunch*> productsOf(const runtime::Program& program) {
  std::vector<const runtime::MatmulLaunch*> products;
  runtime::for_each_entry(program.launches, [&](const runtime::Entry& entry) {
    if (const auto* product = std::get_if<runtime::MatmulLaunch>(&entry.launch)) products.push_back(product);
  });
  return products;
}

std::string textOf(const Case& row) {
  return "func.func @main(%x: tensor<?x40xf32>, %w: tensor<40x50xf32>, %b: tensor<50xf32>, %r: tensor<?x50xf32>)"
         " -> tensor<?x50xf32> {\n" +
         row.body + "  return " + row.result + " : tensor<?x50xf32>\n}\n";
}

struct Argument {
  std::vector<float> values;
  std::vector<int64_t> sizes;
};

std::vector<Argument> argumentsOf(int64_t rows) {
  std::vector<Argument> arguments = {{{}, {rows, 40}}, {{}, {40, 50}}, {{}, {50}}, {{}, {rows, 50}}};
  for (size_t i = 0; i < arguments.size(); ++i) {
    int64_t count = 1;
    for (const int64_t size : arguments[i].sizes) count *= size;
    for (int64_t k = 0; k < count; ++k) arguments[i].values.push_back(float((k * 7 + int64_t(i) * 3) % 23 - 11) / 32);
  }
  return arguments;
}

std::vector<float> runHere(const runtime::Program& program, std::vector<Argument> arguments, size_t count) {
  std::vector<runtime::TensorArg> args;
  for (Argument& a : arguments)
    args.push_back({a.values.data(), a.sizes.data(), nullptr, uint32_t(a.sizes.size()), DType::f32});
  std::vector<float> result(count);
  void* memory = result.data();
  runtime::Executable(program).run({args}, std::span<void* const>(&memory, 1));
  return result;
}

std::vector<float> runThere(const runtime::Program& program, const std::vector<Argument>& arguments, size_t count) {
  cuda::Gpu& gpu = cuda::Gpu::get(0);
  std::vector<cuda::DeviceBlock> blocks;
  std::vector<runtime::TensorArg> args;
  for (const Argument& a : arguments) {
    const size_t bytes = a.values.size() * sizeof(float);
    blocks.emplace_back(gpu, bytes);
    cuda::copy_to_device(gpu, blocks.back().data(), a.values.data(), bytes);
    args.push_back({blocks.back().data(), a.sizes.data(), nullptr, uint32_t(a.sizes.size()), DType::f32});
  }
  const cuda::DeviceBlock out(gpu, count * sizeof(float));
  void* memory = out.data();
  const runtime::Executable executable(program, {}, gpu.device());
  executable.run({args}, std::span<void* const>(&memory, 1));
  std::vector<float> result(count);
  cuda::copy_to_host(gpu, result.data(), out.data(), count * sizeof(float));
  return result;
}

/// Whether results are the same but for roundings of a different order.
void checkClose(const std::vector<float>& here, const std::vector<float>& there) {
  REQUIRE(here.size() == there.size());
  for (size_t i = 0; i < here.size(); ++i)
    if (!(std::abs(here[i] - there[i]) <= 1e-5f + 1e-5f * std::abs(here[i])))
      FAIL_CHECK("element " << i << " is " << there[i] << ", not " << here[i]);
}

} // namespace

TEST_CASE("products on GPUs: the library gets the epilogues that it has") {
  const codegen::TargetInfo target = codegen::cudaTarget("sm_90");
  for (const Case& row : kCases) {
    INFO(row.name);
    const runtime::Program program = compileFor(textOf(row), &target);
    const auto products = productsOf(program);
    REQUIRE(products.size() == (row.bias || row.residual || row.relu || row.gelu ? 2 : 1));
    const runtime::MatmulLaunch& whole = *products[0];
    CHECK((whole.bias != runtime::kNoBuffer) == row.bias);
    CHECK(whole.has_residual == row.residual);
    CHECK((whole.function == runtime::MatmulFunction::relu) == row.relu);
    CHECK((whole.function == runtime::MatmulFunction::gelu_tanh) == row.gelu);
    CHECK(program.launches.size() == (row.split ? 2 : 1));
    const runtime::MatmulLaunch& plain = *products.back();
    CHECK((plain.bias == runtime::kNoBuffer && !plain.has_residual));
    CHECK(std::get_if<runtime::CudaLaunch>(&plain.otherwise.at(0).launch));
  }
}

TEST_CASE("products on GPUs: with the library or without it, they are those of the CPU") {
  const codegen::TargetInfo target = codegen::cudaTarget("sm_90");
  int64_t rows = 30; // other sizes are asked for anew
  for (const char* refused : {"none", "relu", "gelu", "bias", "all"}) {
    const Setting setting("OGEE_FAKE_CUBLASLT_REFUSE", refused);
    for (const Case& row : kCases) {
      INFO(row.name << " without " << refused);
      const auto arguments = argumentsOf(++rows);
      const auto count = size_t(rows * 50);
      checkClose(runHere(compileFor(textOf(row), nullptr), arguments, count),
                 runThere(compileFor(textOf(row), &target), arguments, count));
    }
  }
}

TEST_CASE("products on GPUs: no rows and no depth are for kernels") {
  const codegen::TargetInfo target = codegen::cudaTarget("sm_90");
  const auto text = [](int k) {
    const std::string x = "tensor<?x" + std::to_string(k) + "xf32>", w = "tensor<" + std::to_string(k) + "x3xf32>";
    return "func.func @main(%x: " + x + ", %w: " + w + ") -> tensor<?x3xf32> {\n  %p = ogee.dot %x, %w batch [] x [] " +
           "contract [1] x [0] : " + x + ", " + w + " -> tensor<?x3xf32>\n  return %p : tensor<?x3xf32>\n}\n";
  };
  CHECK(runThere(compileFor(text(4), &target), {{{}, {0, 4}}, {std::vector<float>(12, 1), {4, 3}}}, 0).empty());
  const std::vector<float> zeros = runThere(compileFor(text(0), &target), {{{}, {2, 0}}, {{}, {0, 3}}}, 6);
  CHECK(zeros == std::vector<float>(6, 0.0f));
}

TEST_CASE("products on GPUs: integers, and matrices that lie otherwise, are for kernels") {
  const codegen::TargetInfo target = codegen::cudaTarget("sm_90");
  const std::string integers =
      "func.func @main(%x: tensor<4x5xi32>, %w: tensor<5x3xi32>) -> tensor<4x3xi32> {\n  %p = ogee.dot %x, %w batch [] "
      "x [] contract [1] x [0] : tensor<4x5xi32>, tensor<5x3xi32> -> tensor<4x3xi32>\n  return %p : "
      "tensor<4x3xi32>\n}\n";
  CHECK(productsOf(compileFor(integers, &target)).empty());
}

} // namespace ogee::tests
