// LLVM IR, optimised, to machine code in memory.
#include "codegen/cpu/lower.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/Analysis/CGSCCPassManager.h"
#include "llvm/Analysis/LoopAnalysisManager.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"

#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace ogee::codegen {

namespace cpu {

using namespace mlir;

namespace {

/// LLVM's target for a triple, null if it has none. That of this machine is there at once, the others are made known
/// when one of them is asked for.
const llvm::Target* findTarget(const std::string& triple, std::string& error) {
  static std::once_flag native, all;
  std::call_once(native, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
  if (const llvm::Target* found = llvm::TargetRegistry::lookupTarget(triple, error)) return found;
  std::call_once(all, [] {
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
  });
  return llvm::TargetRegistry::lookupTarget(triple, error);
}

/// Target machines that wait for their next use, by what they are for: making one takes a millisecond, and threads that
/// compile come and go.
class Machines {
public:
  using Owned = std::unique_ptr<llvm::TargetMachine>;

  static Machines& get() {
    static auto* machines = new Machines; // threads may compile until the process has ended
    return *machines;
  }
  /// Null if LLVM knows no such target.
  Owned take(const TargetInfo& target) {
    {
      const std::lock_guard lock(mutex_);
      std::vector<Owned>& waiting = waiting_[target.key()];
      if (!waiting.empty()) {
        Owned machine = std::move(waiting.back());
        waiting.pop_back();
        return machine;
      }
    }
    return make(target);
  }
  void give(const TargetInfo& target, Owned machine) {
    const std::lock_guard lock(mutex_);
    waiting_[target.key()].push_back(std::move(machine));
  }

private:
  static Owned make(const TargetInfo& target) {
    std::string error;
    const llvm::Target* found = findTarget(target.triple, error);
    if (!found) return nullptr;
    llvm::TargetOptions options;
    options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
    return Owned(found->createTargetMachine(target.triple, target.cpu, target.features, options, llvm::Reloc::PIC_,
                                            llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default));
  }

  std::mutex mutex_;
  std::map<std::string, std::vector<Owned>> waiting_;
};

/// A target machine while one thread uses it.
class Machine {
public:
  explicit Machine(const TargetInfo& target) : target_(target), machine_(Machines::get().take(target)) {}
  ~Machine() {
    if (machine_) Machines::get().give(target_, std::move(machine_));
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  llvm::TargetMachine* get() const { return machine_.get(); }

private:
  const TargetInfo& target_;
  Machines::Owned machine_;
};

/// A list of passes for code generation without those that prepare loops for addressing modes. On x86 a load takes base
/// and scaled index as they stand; the passes changed no kernel's speed, and were a sixth of its compilation, for all
/// that they derive of loops.
class LeanPasses : public llvm::legacy::PassManagerBase {
public:
  explicit LeanPasses(llvm::legacy::PassManager& passes) : passes_(passes) {}

  void add(llvm::Pass* pass) override {
    const llvm::StringRef name = pass->getPassName();
    if (name == "Loop Strength Reduction" || name == "Canonicalize Freeze Instructions in Loops")
      delete pass;
    else
      passes_.add(pass);
  }

private:
  llvm::legacy::PassManager& passes_;
};

/// O1 to O3 unroll 16-trip loops and spill; this list does what straight vector code needs. Full value numbering and
/// a second round of combining after it found nothing that made a kernel faster.
constexpr const char* kPasses = "function(sroa,early-cse,instcombine<no-verify-fixpoint>,loop-mssa(licm),"
                                "early-cse<memssa>,simplifycfg)";

} // namespace

void optimize(llvm::Module& module, const TargetInfo& target) {
  const Machine machine(target);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(machine.get());
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  llvm::ModulePassManager passes;
  llvm::cantFail(builder.parsePassPipeline(passes, kPasses));
  passes.run(module, modules);
}

std::unique_ptr<llvm::Module> translate(ModuleOp module, llvm::LLVMContext& context, const TargetInfo& target) {
  std::unique_ptr<llvm::Module> llvmModule = translateModuleToLLVMIR(module, context);
  if (!llvmModule || !setTarget(*llvmModule, target)) return nullptr;
  return llvmModule;
}

bool setTarget(llvm::Module& module, const TargetInfo& target) {
  const Machine machine(target);
  if (!machine.get()) return false;
  module.setTargetTriple(target.triple);
  module.setDataLayout(machine.get()->createDataLayout());
  for (llvm::Function& function : module) {
    if (function.isDeclaration()) continue;
    function.addFnAttr(llvm::Attribute::NoUnwind);
    function.addFnAttr("target-cpu", target.cpu);
    function.addFnAttr("target-features", target.features);
    function.addFnAttr("prefer-vector-width", std::to_string(target.vectorBits));
  }
  return true;
}

FailureOr<SmallVector<char, 0>> generate(llvm::Module& module, const TargetInfo& target, bool assembly, Location loc) {
  SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  const Machine machine(target); // outlives the passes
  llvm::legacy::PassManager passes;
  LeanPasses lean(passes);
  const bool isX86 = machine.get()->getTargetTriple().isX86();
  auto& list = isX86 ? static_cast<llvm::legacy::PassManagerBase&>(lean) : passes;
  const auto kind = assembly ? llvm::CodeGenFileType::AssemblyFile : llvm::CodeGenFileType::ObjectFile;
  if (machine.get()->addPassesToEmitFile(list, out, nullptr, kind))
    return emitError(loc) << "LLVM cannot write objects for " << target.triple;
  passes.run(module);
  return bytes;
}

} // namespace cpu

std::string targetError(const TargetInfo& target) {
  const llvm::Triple triple(target.triple);
  std::string error;
  const llvm::Target* found = cpu::findTarget(target.triple, error);
  if (!found) return error;
  if (!triple.isOSBinFormatELF()) return target.triple + " has no ELF objects";
  if (!triple.isLittleEndian() || !triple.isArch64Bit() || triple.isX32() ||
      triple.getEnvironment() == llvm::Triple::GNUILP32)
    return target.triple + " is no 64-bit little-endian target";
  if (triple.isAMDGPU() || triple.isNVPTX() || triple.isBPF()) return target.triple + " is no CPU";
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(found->createMCSubtargetInfo(target.triple, "", ""));
  bool known = subtarget->isCPUStringValid(target.cpu);
  if (known && triple.isX86()) { // it is also valid where it is a CPU of 32 bits
    subtarget.reset(found->createMCSubtargetInfo(target.triple, target.cpu, ""));
    known = subtarget->checkFeatures("+64bit");
  }
  if (!known) return "LLVM knows no CPU " + target.cpu + " of " + target.triple;
  return "";
}

} // namespace ogee::codegen
