// Kernels of all families of ops compile for devices: where there is NVRTC, no GPU is needed.
#include "codegen/compile.h"
#include "codegen/cuda/emit.h"
#include "codegen/cuda/spell.h"
#include "runtime/cuda/nvrtc.h"
#include "tests/ops/data.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

namespace ogee::tests {

namespace {

/// A function that gives each of some ops on the same operands.
std::string functionOf(const std::vector<std::string>& ops, DType dtype, size_t operands) {
  const Index dims = {kRunTime, 65};
  std::string body, results, types;
  for (size_t i = 0; i < ops.size(); ++i) {
    const bool compares = ops[i].starts_with("compare") || ops[i] == "is_finite";
    const std::string name = "%r" + std::to_string(i);
    body +=
        "  " + name + " = ogee." + ops[i] + (operands == 2 ? " %0, %1" : " %0") + " : " + typeText(dtype, dims) + "\n";
    results += (i ? ", " : "") + name;
    types += (i ? ", " : "") + typeText(compares ? DType::boolean : dtype, dims);
  }
  std::vector<Parameter> parameters(operands, {dtype, dims, {"n", ""}});
  std::string text = "func.func @main(";
  for (size_t i = 0; i < operands; ++i) text += (i ? ", " : "") + parameterText(i, parameters[i]);
  return text + ") -> (" + types + ") {\n" + body + "  return " + results + " : " + types + "\n}\n";
}

const std::vector<std::string> kFunctions = {"exp",  "expm1", "log", "log2", "log10", "log1p",    "sqrt", "rsqrt",
                                             "cbrt", "sin",   "cos", "tan",  "tanh",  "logistic", "erf"};
const std::vector<std::string> kExact = {
    "abs", "neg", "sign", "floor", "ceil", "trunc", "round_nearest_even", "round_nearest_afz", "is_finite"};
const std::vector<std::string> kFloatPairs = {"add", "sub", "mul", "div", "rem", "max", "min", "compare lt"};
const std::vector<std::string> kIntegerPairs = {"add", "sub", "mul", "div", "rem",       "pow",       "max",
                                                "min", "and", "xor", "shl", "shr_arith", "shr_logic", "compare le"};

/// What is not pointwise.
const char* const kOthers = R"(
func.func @main(%x: tensor<?x300xf32>, %i: tensor<300x?xi64>, %key: tensor<i64>, %at: tensor<i64>, %n: index)
    -> (tensor<?xf32>, tensor<300xf32>, tensor<?x300xf32>, tensor<?xi64>, tensor<?xi64>, tensor<?x?xi64>,
        tensor<?xf32>, tensor<?xf64>, tensor<?x2xf32>) {
  %m = ogee.dim %x [0] : tensor<?x300xf32>
  %rows = ogee.sum %x [1] : tensor<?x300xf32> -> tensor<?xf32>
  %columns = ogee.prod %x [0] : tensor<?x300xf32> -> tensor<300xf32>
  %most = ogee.amax %x [1] : tensor<?x300xf32> -> tensor<?xf32>
  %wide = ogee.broadcast %most [0] sizes [%m, 300] : tensor<?xf32> -> tensor<?x300xf32>
  %less = ogee.sub %x, %wide : tensor<?x300xf32>
  %where = ogee.argmax %x [1] : tensor<?x300xf32> -> tensor<?xi64>
  %up = ogee.argmin %i [0] : tensor<300x?xi64> -> tensor<?xi64>
  %turned = ogee.transpose %i [1, 0] : tensor<300x?xi64> -> tensor<?x300xi64>
  %product = ogee.dot %turned, %i batch [] x [] contract [1] x [0]
      : tensor<?x300xi64>, tensor<300x?xi64> -> tensor<?x?xi64>
  %uniform = ogee.random_uniform %key, %at sizes [%n] : tensor<?xf32>
  %normal = ogee.random_normal %key, %at sizes [%n] : tensor<?xf64>
  %part = ogee.dynamic_slice %x [%at, %at] sizes [%n, 2] : tensor<?x300xf32> -> tensor<?x2xf32>
  return %rows, %columns, %less, %where, %up, %product, %uniform, %normal, %part : tensor<?xf32>, tensor<300xf32>,
      tensor<?x300xf32>, tensor<?xi64>, tensor<?xi64>, tensor<?x?xi64>, tensor<?xf32>, tensor<?xf64>, tensor<?x2xf32>
}
)";

} // namespace

TEST_CASE("CUDA kernels compile for devices") {
  const auto& nvrtc = runtime::cuda::Nvrtc::get();
  if (!nvrtc) {
    WARN("skipped: " << nvrtc.message());
    return;
  }
  mlir::DialectRegistry registry;
  codegen::registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  struct Group {
    std::string text;
    bool usesLibrary; ///< functions of f64, whose first guesses may be approximations
  };
  for (const Group& group : {Group{functionOf(kFunctions, DType::f32, 1), false},
                             {functionOf(kFunctions, DType::f64, 1), true},
                             {functionOf(kExact, DType::f32, 1), false},
                             {functionOf(kFloatPairs, DType::f32, 2), false},
                             {functionOf(kFloatPairs, DType::f64, 2), false},
                             {functionOf({"pow", "atan2"}, DType::f32, 2), false},
                             {functionOf(kIntegerPairs, DType::i32, 2), false},
                             {functionOf(kIntegerPairs, DType::i64, 2), false},
                             {kOthers, true}}) {
    INFO(group.text);
    auto module = mlir::parseSourceString<mlir::ModuleOp>(group.text, &context);
    REQUIRE(module);
    auto function = module->lookupSymbol<mlir::func::FuncOp>("main");
    const codegen::TargetInfo target = codegen::cudaTarget();
    const auto plan = codegen::lowerToPlan(function, {.target = &target, .fuse = false});
    REQUIRE(mlir::succeeded(plan));
    std::string program = codegen::cuda::prelude().str();
    for (const codegen::Nest& nest : plan->nests) {
      const auto kernel = codegen::cuda::emit(nest, "k" + std::to_string(program.size()));
      REQUIRE(mlir::succeeded(kernel));
      program += *kernel;
    }
    const auto code = nvrtc->compile(program, "sm_90");
    if (!code) FAIL_CHECK(code.message());
    if (!code) continue;
    CHECK(code->log.find("spill stores") != std::string::npos);
    if (group.usesLibrary) continue;
    CHECK(code->ptx.find(".approx") == std::string::npos);
    CHECK(code->ptx.find(".ftz") == std::string::npos);
  }
}

} // namespace ogee::tests
