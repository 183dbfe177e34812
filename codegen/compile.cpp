// The plot of a compilation, top to bottom. What a target makes of nests is told in `cpu/compile` and `cuda/compile`.
#include "codegen/compile.h"

#include "codegen/kernels.h"
#include "ir/dialect.h"
#include "ir/signature.h"
#include "passes/pipelines.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"

namespace ogee::codegen {

using namespace mlir;

namespace {

/// One compilation: the graph on its way to a program.
class Compilation {
public:
  Compilation(func::FuncOp graph, const CompileOptions& options)
      : graph_(graph), options_(options), target_(options.target ? *options.target : hostTarget()) {}

  FailureOr<runtime::Program> run() {
    FailureOr<Plan> planned = lower();
    if (failed(planned) || failed(makeKernels(*planned))) return failure();
    return std::move(planned->program);
  }

  FailureOr<Plan> lower() {
    report(Stage::trace);
    if (failed(rewrite([this](OpPassManager& passes) { addFirst(passes); }, Stage::simplify)) ||
        failed(rewrite(passes::addDecompose, Stage::decompose)) ||
        failed(
            rewrite([this](OpPassManager& passes) { passes::addFuse(passes, options_.fuse && !options_.checkNumbers); },
                    Stage::fuse)))
      return failure();
    FailureOr<Plan> planned = plan(graph_, target_);
    if (failed(planned)) return failure();
    if (options_.eager) dropLines(planned->program);
    planned->program.name = options_.name.empty() ? graph_.getSymName().str() : options_.name;
    planned->program.trusted = options_.trusted;
    return planned;
  }

private:
  /// Those of whoever was the first to use a kernel that many lines use.
  static void dropLines(runtime::Program& program) {
    runtime::for_each_entry(program.launches, [](runtime::Entry& entry) {
      if (auto* const kernel = std::get_if<runtime::CudaLaunch>(&entry.launch)) kernel->location.clear();
      if (auto* const product = std::get_if<runtime::MatmulLaunch>(&entry.launch)) product->location.clear();
    });
  }

  /// Checks of NaN mode, and what happens before the forms of code generation come in.
  void addFirst(OpPassManager& passes) {
    passes::addDropGradientRules(passes);
    if (options_.checkNumbers)
      passes::addCheckNumbers(passes, options_.eager ? graph_.getSymName() : "", /*lines=*/!options_.eager);
    passes::addSimplify(passes);
    passes::addRematerialize(passes);
  }

  /// The graph as text that parses again on its own.
  void report(Stage stage) {
    if (!options_.onStage) return;
    std::string text;
    llvm::raw_string_ostream out(text);
    graph_->print(out, OpPrintingFlags().enableDebugInfo().useLocalScope());
    options_.onStage(stage, text + "\n");
  }

  LogicalResult rewrite(llvm::function_ref<void(OpPassManager&)> pipeline, Stage stage) {
    PassManager passes(graph_.getContext(), func::FuncOp::getOperationName());
#ifdef NDEBUG
    passes.enableVerifier(options_.verify);
#endif
    pipeline(passes);
    if (failed(passes.run(graph_))) return failure();
    report(stage);
    return success();
  }

  LogicalResult makeKernels(Plan& plan) {
    KernelTexts texts(options_.onStage);
    for (const Nest& nest : plan.nests) texts.append(Stage::nest, "// " + nest.name + "\n" + toString(nest) + "\n");
    texts.report();
    const KernelJob job{graph_, target_, texts};
    const bool isCuda = target_.language == TargetInfo::Language::cuda;
    if (failed(isCuda ? cuda::compileKernels(plan, job) : cpu::compileKernels(plan, job))) return failure();
    texts.report();
    return success();
  }

  func::FuncOp graph_;
  const CompileOptions& options_;
  const TargetInfo& target_;
};

} // namespace

void registerDialects(DialectRegistry& registry) {
  registry.insert<ir::OgeeDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect, LLVM::LLVMDialect,
                  math::MathDialect, memref::MemRefDialect, scf::SCFDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

/// What must hold and be loaded before a compilation.
static LogicalResult prepare(func::FuncOp graph, const CompileOptions& options) {
  if (!options.target && !hostTargetError().empty()) return graph.emitError(hostTargetError());
  if (failed(ir::verifySignature(graph))) return failure();
  MLIRContext* context = graph.getContext();
  if (context->getLoadedDialect<math::MathDialect>()) return success();
  DialectRegistry registry;
  registerDialects(registry);
  context->appendDialectRegistry(registry);
  context->loadAllAvailableDialects();
  return success();
}

FailureOr<runtime::Program> compile(func::FuncOp graph, const CompileOptions& options) {
  if (failed(prepare(graph, options))) return failure();
  return Compilation(graph, options).run();
}

FailureOr<Plan> lowerToPlan(func::FuncOp graph, const CompileOptions& options) {
  if (failed(prepare(graph, options))) return failure();
  return Compilation(graph, options).lower();
}

} // namespace ogee::codegen
