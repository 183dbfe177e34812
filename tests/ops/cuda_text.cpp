// Kernels by the hash of their text, in files that hold some hundred each.
#include "tests/ops/cuda_text.h"

#include "codegen/compile.h"
#include "codegen/cuda/emit.h"
#include "codegen/cuda/kernel.h"
#include "codegen/cuda/spell.h"
#include "codegen/phases.h"
#include "runtime/hash.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <dlfcn.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>

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

/// What a call of a nest's kernel may touch, as code that computes it from `sizes`.
class ReachText {
public:
  explicit ReachText(const codegen::Nest& nest) : nest_(nest), sizes_(codegen::runtimeSizes(nest)) {}

  std::string take() {
    text_ = "std::vector<shim::Reach> reach = {";
    for (const codegen::NestBuffer& buffer : nest_.buffers)
      text_ += "{" + std::to_string(codegen::cuda::storageBytes(buffer.element)) + "}, ";
    text_ += "};\n";
    for (const codegen::Node& node : nest_.nodes)
      if (node.kind == codegen::Node::Kind::load) add(node.access, nest_.extents);
    for (const codegen::Store& store : nest_.stores) add(store.access, nest_.extents);
    if (const auto& c = nest_.contraction) {
      const unsigned m = nest_.rank() - 2;
      llvm::SmallVector<runtime::Dim> lhs(nest_.extents.begin(), nest_.extents.begin() + m), rhs = lhs;
      lhs.append({nest_.extents[m], c->k});
      rhs.append({nest_.extents[m + 1], c->k});
      add(c->lhs, lhs);
      add(c->rhs, rhs);
    }
    for (const unsigned buffer : nest_.partials) {
      const std::string chunk = std::to_string(codegen::chunkSize(nest_));
      std::string count = "(" + number(nest_.extents[nest_.reducedDim()]) + " + " + chunk + " - 1) / " + chunk;
      for (unsigned dim = 0; dim < nest_.rank(); ++dim)
        if (!nest_.reduced[dim]) count += " * " + number(nest_.extents[dim]);
      text_ += "  reach[" + std::to_string(buffer) + "].access(0, {{" + count + ", 1}});\n";
    }
    return std::move(text_);
  }

private:
  std::string number(const runtime::Dim& dim) const {
    if (dim.is_number()) return "int64_t(" + std::to_string(dim.number()) + ")";
    const auto found = llvm::find_if(sizes_, [&](const runtime::Dim& size) { return same(size, dim); });
    return "sizes[" + std::to_string(found - sizes_.begin()) + "]";
  }

  void add(const codegen::Access& access, llvm::ArrayRef<runtime::Dim> extents) {
    text_ += "  reach[" + std::to_string(access.buffer) + "].access(" + number(access.at.offset) + ", {";
    for (auto [extent, stride] : llvm::zip_equal(extents, access.at.strides))
      text_ += "{" + number(extent) + ", " + number(stride) + "}, ";
    for (const codegen::Start& start : access.at.starts) {
      text_ += "{" + number(start.most) + " + 1, " + number(start.stride) + "}, ";
      starts_ += "  reach[" + std::to_string(start.buffer) + "].access(" + number(start.at) + ", {});\n";
    }
    text_ += "});\n" + std::exchange(starts_, "");
  }

  const codegen::Nest& nest_;
  const std::vector<runtime::Dim> sizes_;
  std::string text_, starts_;
};

/// The functions that programs of this process and cuda_replay.cpp call.
std::string callerOf(const Kernel& kernel, const codegen::Nest& nest) {
  std::vector<std::string> arguments;
  for (size_t i = 0; i < nest.buffers.size(); ++i)
    arguments.push_back(llvm::formatv("({0}*)buffers[{1}]", codegen::cuda::storageName(nest.buffers[i].element), i));
  const size_t sizes = codegen::runtimeSizes(nest).size();
  for (size_t i = 0; i < sizes; ++i) arguments.push_back("sizes[" + std::to_string(i) + "]");
  const bool synchronises = kernel.text.find("__sync") != std::string::npos ||
                            kernel.text.find("from_first") != std::string::npos ||
                            kernel.text.find("from_above") != std::string::npos;
  return llvm::formatv(R"(#ifndef __CUDACC_RTC__
static shim::Record* record_{0}(void* const* buffers, const int64_t* sizes) {{
  {4}  return new shim::Record("{0}", reach, buffers, {{sizes, sizes + {5}});
}
extern "C" int run_{0}(void* const* buffers, const int64_t* sizes, int64_t begin, int64_t end, void*) {{
  const std::unique_ptr<shim::Record> record(shim::Record::folder() ? record_{0}(buffers, sizes) : nullptr);
  shim::launch(begin, end, {1}, {2}, [=] {{ {0}({3}); });
  return 0;
}
#endif
)",
                       kernel.name, kBlocks, synchronises ? "true" : "false", llvm::join(arguments, ", "),
                       ReachText(nest).take(), sizes);
}

/// All kernels so far; written when the process ends, each into the file that its name leads to: a change of some
/// kernels changes some files.
struct Collection {
  std::map<std::string, std::string> texts; ///< by name, so that files are the same from run to run

  ~Collection() {
    std::map<size_t, std::ofstream> files;
    const size_t count = texts.size() / kPerFile + 1;
    for (const auto& [name, text] : texts) {
      const size_t number = std::hash<std::string>()(name) % std::bit_ceil(count);
      std::ofstream& file = files[number];
      if (!file.is_open()) {
        file.open(folder() + "/" + std::to_string(number) + ".cpp");
        file << "#ifndef __CUDACC_RTC__\n#include \"tests/cuda/record.h\"\n#endif\n" << codegen::cuda::prelude().str();
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
void toHost(runtime::LaunchList& list, runtime::Slot blocks, runtime::Slot none) {
  runtime::for_each_entry(list, [&](runtime::Entry& entry) {
    if (auto* product = std::get_if<runtime::MatmulLaunch>(&entry.launch)) { // there is no library
      runtime::IfEntry instead{{runtime::Condition::Kind::size, none}, {}, std::move(product->otherwise)};
      entry.launch = std::move(instead);
      return;
    }
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
  const auto blocks = runtime::Slot(program.values.initial.size());
  program.values.initial.insert(program.values.initial.end(), {kBlocks, 0});
  toHost(program.launches, blocks, blocks + 1);
  return std::move(program);
}

} // namespace ogee::tests
