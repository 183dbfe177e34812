// Nests to modules: text, a few NVRTC programs on several threads, cubins or PTX; from the cache where it has them.
#include "codegen/cuda/emit.h"
#include "codegen/cuda/resources.h"
#include "codegen/cuda/spell.h"
#include "codegen/kernels.h"
#include "runtime/build_id.h"
#include "runtime/cuda/nvrtc.h"
#include "runtime/runtime.h"

#include <map>

namespace ogee::codegen::cuda {

using namespace mlir;

namespace {

/// Of kernels in one NVRTC program. Each program costs as much as a small kernel, and programs are compiled side by
/// side; the number of threads does not matter, so that a program is the same wherever it is compiled.
constexpr size_t kProgramText = 8 << 10;

/// A kernel of the program, which several launches may run.
struct Entry {
  size_t program = 0;
  uint32_t number = 0; ///< among those of its NVRTC program
};

/// What is compiled at once.
struct ProgramText {
  std::string kernels;
  std::vector<std::string> entries; ///< names of kernels in it
  std::vector<std::string> titles;  ///< what people call them

  std::string whole() const { return prelude().str() + kernels; }
};

class Compiler {
public:
  explicit Compiler(const KernelJob& job) : graph_(job.graph), target_(job.target), texts_(job.texts) {}

  LogicalResult run(Plan& plan) {
    if (failed(emitAll(plan))) return failure();
    if (!plan.program.trusted && runtime::is_worth_replaying(plan.program.launches)) addTransfer(plan.program);
    texts_.report();
    const auto& nvrtc = runtime::cuda::Nvrtc::get();
    if (!nvrtc) return graph_.emitError(nvrtc.message());
    std::vector<runtime::Result<runtime::CudaModuleRef>> modules(programs_.size(), runtime::Failure{""});
    if (texts_.watched())
      for (size_t i = 0; i < modules.size(); ++i) modules[i] = watchedModule(*nvrtc, programs_[i]);
    else
      forEachOnThreads(modules.size(), [&](size_t i) { modules[i] = cachedModule(*nvrtc, programs_[i]); });
    for (auto& module : modules) {
      if (!module) return graph_.emitError(module.message());
      plan.program.modules.push_back(*module);
    }
    placeLaunches(plan.program.launches);
    return success();
  }

private:
  /// Equal nests are one kernel. Uses the graph's context, so one after the other.
  LogicalResult emitAll(const Plan& plan) {
    std::map<std::string, Entry> known;
    for (const Nest& nest : plan.nests) {
      const auto [found, isNew] = known.try_emplace(toString(nest));
      if (isNew) {
        FailureOr<Entry> entry = emitOne(nest);
        if (failed(entry)) return failure();
        found->second = *entry;
      }
      entries_.push_back(found->second);
    }
    return success();
  }

  /// An NVRTC program for itself, the same for all programs.
  void addTransfer(runtime::Program& program) {
    program.transfer = {static_cast<uint32_t>(programs_.size()), 0};
    programs_.push_back({transferKernel("k0"), {"k0"}, {"transfer"}});
    texts_.append(Stage::cuda, "// transfer\n" + programs_.back().kernels + "\n");
  }

  FailureOr<Entry> emitOne(const Nest& nest) {
    if (programs_.empty() || programs_.back().kernels.size() >= kProgramText) programs_.emplace_back();
    ProgramText& program = programs_.back();
    const auto number = static_cast<uint32_t>(program.entries.size());
    const std::string name = "k" + std::to_string(number);
    FailureOr<std::string> text = emit(nest, name);
    if (failed(text)) return failure();
    texts_.append(Stage::cuda, "// " + nest.name + "\n" + *text + "\n");
    program.kernels += "\n" + *text;
    program.entries.push_back(name);
    program.titles.push_back(nest.name);
    return Entry{programs_.size() - 1, number};
  }

  runtime::Result<runtime::CudaModuleRef> cachedModule(const runtime::cuda::Nvrtc& nvrtc, const ProgramText& program) {
    const std::string text = program.whole(),
                      key = std::string(runtime::build_id(reinterpret_cast<const void*>(&prelude))) + "\n" +
                            nvrtc.identity() + "\n" + target_.key() + "\n" + text;
    return runtime::Runtime::get().kernels().module(runtime::hash128(key),
                                                    [&]() -> runtime::Result<runtime::CudaModule> {
                                                      auto code = nvrtc.compile(text, target_.architecture);
                                                      if (!code) return code.failure();
                                                      return moduleOf(program, *code);
                                                    });
  }

  runtime::Result<runtime::CudaModuleRef> watchedModule(const runtime::cuda::Nvrtc& nvrtc, const ProgramText& program) {
    auto code = nvrtc.compile(program.whole(), target_.architecture);
    if (!code) return code.failure();
    runtime::Runtime::get().counters().kernels_compiled.fetch_add(program.entries.size(), std::memory_order_relaxed);
    texts_.append(Stage::ptx, code->ptx);
    const auto resources = resourcesIn(code->log);
    for (auto [entry, title] : llvm::zip_equal(program.entries, program.titles)) {
      const auto found = resources.find(entry);
      texts_.append(Stage::resources,
                    title + ": " + (found == resources.end() ? "the driver decides" : found->second) + "\n");
    }
    return std::make_shared<const runtime::CudaModule>(moduleOf(program, *code));
  }

  runtime::CudaModule moduleOf(const ProgramText& program, const runtime::cuda::Nvrtc::Code& code) const {
    runtime::CudaModule module;
    module.architecture = target_.architecture;
    module.code.assign(code.cubin.begin(), code.cubin.end());
    if (module.code.empty()) { // for later devices: text
      module.code.assign(code.ptx.begin(), code.ptx.end());
      module.code.push_back(0);
    }
    module.entries = program.entries;
    for (const auto& [entry, resources] : resourcesIn(code.log)) module.resources += entry + ": " + resources + "\n";
    return module;
  }

  /// The plan numbered the launches' kernels by nests.
  void placeLaunches(runtime::LaunchList& list) const {
    runtime::for_each_entry(list, [&](runtime::Entry& entry) {
      auto* launch = std::get_if<runtime::CudaLaunch>(&entry.launch);
      if (!launch) return;
      const Entry& place = entries_[launch->module];
      launch->module = static_cast<uint32_t>(place.program);
      launch->entry = place.number;
    });
  }

  func::FuncOp graph_;
  const TargetInfo& target_;
  KernelTexts& texts_;
  std::vector<ProgramText> programs_;
  std::vector<Entry> entries_; ///< by nest
};

} // namespace

LogicalResult compileKernels(Plan& plan, const KernelJob& job) { return Compiler(job).run(plan); }

} // namespace ogee::codegen::cuda
