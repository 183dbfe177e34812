// Nests to images: loops, LLVM IR, an object, an image; from the cache where it has one.
#include "codegen/cpu/emit.h"
#include "codegen/cpu/lower.h"
#include "codegen/kernels.h"
#include "runtime/build_id.h"
#include "runtime/runtime.h"

#include "llvm/Transforms/Utils/Cloning.h"

#include <mutex>

namespace ogee::codegen::cpu {

using namespace mlir;

namespace {

class Compiler {
public:
  explicit Compiler(const KernelJob& job) : graph_(job.graph), target_(job.target), texts_(job.texts) {}

  /// On several threads if there are several to compile, and nobody watches.
  LogicalResult run(Plan& plan) {
    std::vector<runtime::Result<runtime::ImageRef>> images(plan.nests.size(), runtime::Failure{""});
    if (texts_.watched())
      for (size_t i = 0; i < images.size(); ++i) images[i] = watchedImage(plan.nests[i]);
    else
      forEachOnThreads(images.size(), [&](size_t i) { images[i] = cachedImage(plan.nests[i]); });
    for (auto& image : images) {
      if (!image.ok())
        return image.failure().message.empty() ? failure() : LogicalResult(graph_.emitError(image.failure().message));
      plan.program.images.push_back(*image);
    }
    return success();
  }

private:
  /// What a failed image is: a diagnostic has said why.
  static runtime::Result<runtime::ImageData> reported(FailureOr<runtime::ImageData> data) {
    if (failed(data)) return runtime::Failure{""};
    return std::move(*data);
  }

  runtime::Result<runtime::ImageRef> cachedImage(const Nest& nest) {
    const std::string key = std::string(runtime::build_id(reinterpret_cast<const void*>(&hostTarget))) + "\n" +
                            target_.key() + "\n" + toString(nest);
    return runtime::Runtime::get().kernels().image(runtime::hash128(key), [&] { return reported(compile(nest)); });
  }

  runtime::Result<runtime::ImageRef> watchedImage(const Nest& nest) {
    runtime::Result<runtime::ImageData> data = reported(compile(nest));
    if (!data.ok()) return data.failure();
    runtime::Runtime::get().counters().kernels_compiled.fetch_add(1, std::memory_order_relaxed);
    return std::make_shared<const runtime::Image>(std::move(*data));
  }

  FailureOr<runtime::ImageData> compile(const Nest& nest) {
    llvm::LLVMContext context;
    std::unique_ptr<llvm::Module> llvmModule = translate(nest, context);
    if (!llvmModule) return failure();
    optimize(*llvmModule, target_);
    if (texts_.watched()) show(nest, *llvmModule);
    auto object = generate(*llvmModule, target_, /*assembly=*/false, graph_.getLoc());
    if (failed(object)) return failure();
    FailureOr<runtime::ImageData> image = link(*object, target_, graph_.getLoc());
    if (succeeded(image)) // profilers know a kernel by this name
      for (runtime::ImageEntry& entry : image->entries) entry.name = nest.name;
    return image;
  }

  /// The part of a kernel's compilation that uses the graph's context, which one thread may use at a time.
  std::unique_ptr<llvm::Module> translate(const Nest& nest, llvm::LLVMContext& context) {
    const std::lock_guard lock(contextMutex_);
    OwningOpRef<ModuleOp> module = emit(*graph_.getContext(), nest, target_);
    if (texts_.watched()) {
      std::string text;
      llvm::raw_string_ostream out(text);
      module->getOperation()->print(out, OpPrintingFlags().useLocalScope());
      texts_.append(Stage::loops, "// " + nest.name + "\n" + text + "\n");
    }
    if (failed(lowerToLLVM(*module))) return nullptr;
    std::unique_ptr<llvm::Module> llvmModule = cpu::translate(*module, context, target_);
    if (!llvmModule) graph_.emitError("cannot translate a kernel to LLVM IR for ") << target_.triple;
    return llvmModule;
  }

  void show(const Nest& nest, llvm::Module& module) {
    std::string text;
    llvm::raw_string_ostream out(text);
    out << "; " << nest.name << "\n" << module << "\n";
    texts_.append(Stage::llvm, text);
    auto assembly = generate(*llvm::CloneModule(module), target_, /*assembly=*/true, graph_.getLoc());
    if (succeeded(assembly))
      texts_.append(Stage::assembly, "# " + nest.name + "\n" + std::string(assembly->begin(), assembly->end()) + "\n");
  }

  func::FuncOp graph_;
  const TargetInfo& target_;
  KernelTexts& texts_;
  std::mutex contextMutex_;
};

} // namespace

LogicalResult compileKernels(Plan& plan, const KernelJob& job) { return Compiler(job).run(plan); }

} // namespace ogee::codegen::cpu
