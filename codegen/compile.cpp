// The plot of a compilation, top to bottom.
#include "codegen/compile.h"

#include "codegen/cpu/emit.h"
#include "codegen/cpu/lower.h"
#include "codegen/plan.h"
#include "ir/dialect.h"
#include "ir/signature.h"
#include "passes/pipelines.h"
#include "runtime/build_id.h"
#include "runtime/runtime.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <cstdlib>
#include <map>
#include <mutex>

namespace ogee::codegen {

using namespace mlir;

namespace {

/// `op` as text that parses again on its own.
std::string print(Operation* op, bool locations) {
  std::string text;
  llvm::raw_string_ostream out(text);
  OpPrintingFlags flags;
  op->print(out, flags.enableDebugInfo(locations).useLocalScope());
  return text;
}

/// One compilation: the graph on its way to a program.
class Compilation {
public:
  Compilation(func::FuncOp graph, const CompileOptions& options)
      : graph_(graph), options_(options), target_(options.target ? *options.target : hostTarget()) {}

  FailureOr<runtime::Program> run() {
    report(Stage::trace);
    if (failed(rewrite(passes::addSimplify, Stage::simplify)) ||
        failed(rewrite(passes::addDecompose, Stage::decompose)) ||
        failed(rewrite([this](OpPassManager& passes) { passes::addFuse(passes, options_.fuse); }, Stage::fuse)))
      return failure();
    FailureOr<Plan> planned = plan(graph_, target_);
    if (failed(planned) || failed(makeKernels(*planned))) return failure();
    planned->program.name = options_.name.empty() ? graph_.getSymName().str() : options_.name;
    planned->program.trusted = options_.trusted;
    return std::move(planned->program);
  }

private:
  bool watched() const { return static_cast<bool>(options_.onStage); }

  void report(Stage stage) {
    if (watched()) options_.onStage(stage, print(graph_, /*locations=*/true) + "\n");
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

  /// An image for each nest: from the cache, or compiled.
  LogicalResult makeKernels(Plan& plan) {
    for (const Nest& nest : plan.nests) {
      const std::string text = toString(nest);
      append(Stage::nest, "// " + nest.name + "\n" + text + "\n");
      auto image = watched() ? runtime::Result<runtime::ImageRef>(build(nest)) : cached(nest, text);
      if (!image.ok())
        return image.failure().message.empty() ? failure() : LogicalResult(graph_.emitError(image.failure().message));
      plan.program.images.push_back(*image);
    }
    for (auto& [stage, text] : texts_) options_.onStage(stage, text);
    return success();
  }

  runtime::Result<runtime::ImageRef> cached(const Nest& nest, const std::string& text) {
    const std::string key =
        std::string(runtime::build_id(reinterpret_cast<const void*>(&hostTarget))) + "\n" + target_.key() + "\n" + text;
    return runtime::Runtime::get().kernels().image(runtime::hash128(key), [&]() -> runtime::Result<runtime::ImageData> {
      FailureOr<runtime::ImageData> data = compileNest(nest);
      if (failed(data)) return runtime::Failure{""}; // a diagnostic has said why
      return std::move(*data);
    });
  }

  runtime::Result<runtime::ImageRef> build(const Nest& nest) {
    FailureOr<runtime::ImageData> data = compileNest(nest);
    if (failed(data)) return runtime::Failure{""};
    return std::make_shared<const runtime::Image>(std::move(*data));
  }

  FailureOr<runtime::ImageData> compileNest(const Nest& nest) {
    OwningOpRef<ModuleOp> module = cpu::emit(*graph_.getContext(), nest, target_);
    if (watched()) append(Stage::loops, "// " + nest.name + "\n" + print(*module, /*locations=*/false) + "\n");
    if (failed(cpu::lowerToLLVM(*module))) return failure();
    llvm::LLVMContext context;
    std::unique_ptr<llvm::Module> llvmModule = cpu::translate(*module, context, target_);
    if (!llvmModule) return graph_.emitError("cannot translate a kernel to LLVM IR for ") << target_.triple;
    if (watched()) {
      std::string text;
      llvm::raw_string_ostream out(text);
      out << "; " << nest.name << "\n" << *llvmModule << "\n";
      append(Stage::llvm, text);
      auto assembly = cpu::generate(*llvm::CloneModule(*llvmModule), target_, /*assembly=*/true, graph_.getLoc());
      if (succeeded(assembly))
        append(Stage::assembly, "# " + nest.name + "\n" + std::string(assembly->begin(), assembly->end()) + "\n");
    }
    auto object = cpu::generate(*llvmModule, target_, /*assembly=*/false, graph_.getLoc());
    if (failed(object)) return failure();
    FailureOr<runtime::ImageData> image = cpu::link(*object, target_, graph_.getLoc());
    if (succeeded(image)) // profilers know a kernel by this name
      for (runtime::ImageEntry& entry : image->entries) entry.name = nest.name;
    return image;
  }

  void append(Stage stage, const std::string& text) {
    if (watched()) texts_[stage] += text;
  }

  func::FuncOp graph_;
  const CompileOptions& options_;
  const TargetInfo& target_;
  std::map<Stage, std::string> texts_; ///< of the stages that are per kernel
};

} // namespace

StringRef nameOf(Stage stage) {
  static constexpr const char* kNames[] = {"trace", "simplify", "decompose", "fuse", "nest", "loops", "llvm", "asm"};
  return kNames[static_cast<int>(stage)];
}

void registerDialects(DialectRegistry& registry) {
  registry.insert<ir::OgeeDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect, LLVM::LLVMDialect,
                  math::MathDialect, memref::MemRefDialect, scf::SCFDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

FailureOr<runtime::Program> compile(func::FuncOp graph, const CompileOptions& options) {
  if (!options.target && !hostTargetError().empty()) return graph.emitError(hostTargetError());
  if (failed(ir::verifySignature(graph))) return failure();
  MLIRContext* context = graph.getContext();
  if (!context->getLoadedDialect<math::MathDialect>()) {
    DialectRegistry registry;
    registerDialects(registry);
    context->appendDialectRegistry(registry);
    context->loadAllAvailableDialects();
  }
  return Compilation(graph, options).run();
}

namespace {

/// A name of its own for each function that is dumped, fit for a file: "main", "main-2" …
std::string dumpName(StringRef function) {
  static std::mutex mutex;
  static std::map<std::string, int> used;
  std::string name = function.str();
  for (char& c : name)
    if (!llvm::isAlnum(c) && c != '_' && c != '-') c = '_';
  std::lock_guard lock(mutex);
  const int number = ++used[name];
  return number == 1 ? name : name + "-" + std::to_string(number);
}

StringRef suffixOf(Stage stage) {
  switch (stage) {
  case Stage::nest: return ".txt";
  case Stage::llvm: return ".ll";
  case Stage::assembly: return ".s";
  default: return ".mlir";
  }
}

} // namespace

StageObserver dumpFromEnvironment(StringRef function, bool eager, std::string& error) {
  const char* folder = std::getenv("OGEE_DUMP");
  const char* withEager = std::getenv("OGEE_DUMP_EAGER");
  if (!folder || !*folder || (eager && !(withEager && *withEager == '1'))) return nullptr;
  std::error_code failed = llvm::sys::fs::create_directories(folder);
  if (!failed) failed = llvm::sys::fs::access(folder, llvm::sys::fs::AccessMode::Write);
  if (failed) {
    error = std::string("OGEE_DUMP: ") + folder + ": " + failed.message();
    return nullptr;
  }
  return [prefix = std::string(folder) + "/" + dumpName(function)](Stage stage, const std::string& text) {
    const std::string number = llvm::formatv("{0:2}", static_cast<int>(stage) + 1).str();
    std::error_code failed;
    llvm::raw_fd_ostream out(prefix + "." + number + "-" + nameOf(stage).str() + suffixOf(stage).str(), failed);
    if (!failed) out << text;
  };
}

} // namespace ogee::codegen
