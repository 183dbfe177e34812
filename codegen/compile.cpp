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

#include <atomic>
#include <cstdlib>
#include <future>
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

/// Calls `body` with 0 … count - 1, on as many threads as kernels run on; an exception of one call passes to the
/// caller.
void forEachOnThreads(size_t count, llvm::function_ref<void(size_t)> body) {
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < count; i = next++) body(i);
  };
  std::vector<std::future<void>> others;
  for (size_t threads = std::min<size_t>(count, runtime::Runtime::get().pool().threads()); threads > 1; --threads)
    others.push_back(std::async(std::launch::async, work));
  work();
  for (std::future<void>& other : others) other.get();
}

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
    planned->program.name = options_.name.empty() ? graph_.getSymName().str() : options_.name;
    planned->program.trusted = options_.trusted;
    return planned;
  }

private:
  /// Checks of NaN mode, and what happens before the forms of code generation come in.
  void addFirst(OpPassManager& passes) {
    passes::addDropGradientRules(passes);
    if (options_.checkNumbers)
      passes::addCheckNumbers(passes, options_.eager ? graph_.getSymName() : "", /*lines=*/!options_.eager);
    passes::addSimplify(passes);
    passes::addRematerialize(passes);
  }

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

  /// An image for each nest: from the cache, or compiled, on several threads if there are several to compile.
  LogicalResult makeKernels(Plan& plan) {
    std::vector<runtime::Result<runtime::ImageRef>> images(plan.nests.size(), runtime::Failure{""});
    if (watched())
      for (size_t i = 0; i < images.size(); ++i) images[i] = watchedImage(plan.nests[i]);
    else
      forEachOnThreads(images.size(), [&](size_t i) { images[i] = cachedImage(plan.nests[i]); });
    for (auto& image : images) {
      if (!image.ok())
        return image.failure().message.empty() ? failure() : LogicalResult(graph_.emitError(image.failure().message));
      plan.program.images.push_back(*image);
    }
    for (auto& [stage, text] : texts_) options_.onStage(stage, text);
    return success();
  }

  /// What a failed image is: a diagnostic has said why.
  static runtime::Result<runtime::ImageData> reported(FailureOr<runtime::ImageData> data) {
    if (failed(data)) return runtime::Failure{""};
    return std::move(*data);
  }

  runtime::Result<runtime::ImageRef> cachedImage(const Nest& nest) {
    const std::string key = std::string(runtime::build_id(reinterpret_cast<const void*>(&hostTarget))) + "\n" +
                            target_.key() + "\n" + toString(nest);
    return runtime::Runtime::get().kernels().image(runtime::hash128(key), [&] { return reported(compileNest(nest)); });
  }

  runtime::Result<runtime::ImageRef> watchedImage(const Nest& nest) {
    append(Stage::nest, "// " + nest.name + "\n" + toString(nest) + "\n");
    runtime::Result<runtime::ImageData> data = reported(compileNest(nest));
    if (!data.ok()) return data.failure();
    runtime::Runtime::get().counters().kernels_compiled.fetch_add(1, std::memory_order_relaxed);
    return std::make_shared<const runtime::Image>(std::move(*data));
  }

  FailureOr<runtime::ImageData> compileNest(const Nest& nest) {
    llvm::LLVMContext context;
    std::unique_ptr<llvm::Module> llvmModule = translateNest(nest, context);
    if (!llvmModule) return failure();
    cpu::optimize(*llvmModule, target_);
    if (watched()) showModule(nest, *llvmModule);
    auto object = cpu::generate(*llvmModule, target_, /*assembly=*/false, graph_.getLoc());
    if (failed(object)) return failure();
    FailureOr<runtime::ImageData> image = cpu::link(*object, target_, graph_.getLoc());
    if (succeeded(image)) // profilers know a kernel by this name
      for (runtime::ImageEntry& entry : image->entries) entry.name = nest.name;
    return image;
  }

  /// The part of a kernel's compilation that uses the graph's context, which one thread may use at a time.
  std::unique_ptr<llvm::Module> translateNest(const Nest& nest, llvm::LLVMContext& context) {
    const std::lock_guard lock(contextMutex_);
    OwningOpRef<ModuleOp> module = cpu::emit(*graph_.getContext(), nest, target_);
    if (watched()) append(Stage::loops, "// " + nest.name + "\n" + print(*module, /*locations=*/false) + "\n");
    if (failed(cpu::lowerToLLVM(*module))) return nullptr;
    std::unique_ptr<llvm::Module> llvmModule = cpu::translate(*module, context, target_);
    if (!llvmModule) graph_.emitError("cannot translate a kernel to LLVM IR for ") << target_.triple;
    return llvmModule;
  }

  void showModule(const Nest& nest, llvm::Module& module) {
    std::string text;
    llvm::raw_string_ostream out(text);
    out << "; " << nest.name << "\n" << module << "\n";
    append(Stage::llvm, text);
    auto assembly = cpu::generate(*llvm::CloneModule(module), target_, /*assembly=*/true, graph_.getLoc());
    if (succeeded(assembly))
      append(Stage::assembly, "# " + nest.name + "\n" + std::string(assembly->begin(), assembly->end()) + "\n");
  }

  void append(Stage stage, const std::string& text) {
    if (watched()) texts_[stage] += text;
  }

  func::FuncOp graph_;
  const CompileOptions& options_;
  const TargetInfo& target_;
  std::map<Stage, std::string> texts_; ///< of the stages that are per kernel
  std::mutex contextMutex_;
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

StageObserver keepStages(std::vector<runtime::StageText>& texts, StageObserver next) {
  return [&texts, next = std::move(next)](Stage stage, const std::string& text) {
    texts.push_back({nameOf(stage).str(), text});
    if (next) next(stage, text);
  };
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
