// Kernels by the hash of their text, in files that hold some hundred each.
#include "tests/ops/cuda_text.h"

#include "codegen/compile.h"
#include "codegen/cuda/emit.h"
#include "codegen/cuda/kernel.h"
#include "codegen/cuda/spell.h"
#include "runtime/hash.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace ogee::tests {

namespace {

constexpr int kBlocks = 3; ///< of every launch: fewer than most need, so that blocks go on to further units
constexpr size_t kPerFile = 150;

std::string setting() {
  const char* value = std::getenv("OGEE_TEST_CUDA");
  return value ? value : "";
}

std::string folder() { return setting().substr(setting().find(':') + 1); }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

struct Kernel {
  std::string name, text;
};

/// The kernel of a nest under a name that its text has alone.
std::optional<Kernel> kernelOf(const codegen::Nest& nest) {
  const std::string anyName = "KERNEL"; // the name is made from the text
  auto text = codegen::cuda::emit(nest, anyName);
  if (mlir::failed(text)) return std::nullopt;
  const runtime::Hash128 hash = runtime::hash128(*text);
  const std::string name = "k" + hash.to_string();
  return Kernel{name, replaced(*text, anyName, name)};
}

/// The function that a program of this process calls.
std::string callerOf(const Kernel& kernel, const codegen::Nest& nest) {
  std::vector<std::string> arguments;
  for (size_t i = 0; i < nest.buffers.size(); ++i)
    arguments.push_back(llvm::formatv("({0}*)buffers[{1}]", codegen::cuda::storageName(nest.buffers[i].element), i));
  for (size_t i = 0; i < codegen::runtimeSizes(nest).size(); ++i)
    arguments.push_back("sizes[" + std::to_string(i) + "]");
  const bool synchronises = kernel.text.find("__sync") != std::string::npos ||
                            kernel.text.find("from_first") != std::string::npos ||
                            kernel.text.find("from_above") != std::string::npos;
  return llvm::formatv("extern \"C\" int run_{0}(void* const* buffers, const int64_t* sizes, int64_t begin, int64_t "
                       "end, void*) {{\n"
                       "  shim::launch(begin, end, {1}, {2}, [=] {{ {0}({3}); });\n  return 0;\n}\n",
                       kernel.name, kBlocks, synchronises ? "true" : "false", llvm::join(arguments, ", "));
}

/// All kernels so far; written when the process ends.
struct Collection {
  std::map<std::string, std::string> texts; ///< by name, so that files are the same from run to run

  ~Collection() {
    size_t number = 0;
    std::ofstream file;
    for (const auto& [name, text] : texts) {
      if (number++ % kPerFile == 0) {
        file = std::ofstream(folder() + "/" + std::to_string(number / kPerFile) + ".cpp");
        file << "#include \"tests/cuda/shim.h\"\n" << codegen::cuda::prelude().str();
      }
      file << "\n" << text;
    }
  }
};

std::optional<codegen::Plan> planOf(mlir::func::FuncOp function, bool fuse) {
  const codegen::TargetInfo target = codegen::cudaTarget();
  auto plan = codegen::lowerToPlan(function, {.target = &target, .fuse = fuse});
  if (mlir::failed(plan)) return std::nullopt;
  return std::move(*plan);
}

runtime::KernelFn find(const std::string& name) {
  static const std::vector<void*> libraries = [] {
    std::vector<void*> opened;
    for (const auto& entry : std::filesystem::directory_iterator(folder()))
      if (entry.path().extension() == ".so")
        if (void* library = dlopen(entry.path().c_str(), RTLD_NOW | RTLD_LOCAL)) opened.push_back(library);
    return opened;
  }();
  for (void* library : libraries)
    if (void* function = dlsym(library, ("run_" + name).c_str())) return reinterpret_cast<runtime::KernelFn>(function);
  return nullptr;
}

/// Launches on a device become launches of this process, all of the same number of blocks. What is planned, and not yet
/// compiled, runs the nest of its module's number.
void toHost(runtime::LaunchList& list, runtime::Slot blocks) {
  runtime::for_each_entry(list, [&](runtime::Entry& entry) {
    const auto* launch = std::get_if<runtime::CudaLaunch>(&entry.launch);
    if (!launch) return;
    runtime::KernelLaunch here;
    here.image = launch->module;
    here.buffers = launch->buffers;
    here.sizes = launch->sizes;
    here.units = blocks;
    here.name = launch->name;
    entry.launch = std::move(here);
  });
}

} // namespace

CudaText cudaText() {
  static const CudaText mode = setting().empty()                  ? CudaText::off
                               : setting().starts_with("collect") ? CudaText::collect
                                                                  : CudaText::run;
  return mode;
}

bool collectCuda(mlir::func::FuncOp function, bool fuse) {
  static Collection collection;
  const auto plan = planOf(function, fuse);
  if (!plan) return false;
  for (const codegen::Nest& nest : plan->nests) {
    const auto kernel = kernelOf(nest);
    if (!kernel) return false;
    std::string& text = collection.texts[kernel->name];
    if (text.empty()) text = kernel->text + callerOf(*kernel, nest);
  }
  return true;
}

std::optional<runtime::Program> cudaProgram(mlir::func::FuncOp function, bool fuse) {
  auto plan = planOf(function, fuse);
  if (!plan) return std::nullopt;
  runtime::Program& program = plan->program;
  for (const codegen::Nest& nest : plan->nests) {
    const auto kernel = kernelOf(nest);
    const runtime::KernelFn run = kernel ? find(kernel->name) : nullptr;
    if (!run) return std::nullopt;
    runtime::ImageData image;
    image.entries = {{nest.name, 0}};
    image.functions = {run};
    program.images.push_back(std::make_shared<const runtime::Image>(std::move(image)));
  }
  program.device = runtime::Device::Kind::cpu;
  program.values.initial.push_back(kBlocks);
  toHost(program.launches, runtime::Slot(program.values.initial.size() - 1));
  return std::move(program);
}

} // namespace ogee::tests
