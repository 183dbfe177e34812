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
#include <mutex>

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

/// This thread's machine for a target, null if LLVM knows none.
llvm::TargetMachine* machineFor(const TargetInfo& target) {
  thread_local std::map<std::string, std::unique_ptr<llvm::TargetMachine>> machines;
  auto& machine = machines[target.key()];
  if (machine) return machine.get();
  std::string error;
  const llvm::Target* found = findTarget(target.triple, error);
  if (!found) return nullptr;
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  machine.reset(found->createTargetMachine(target.triple, target.cpu, target.features, options, llvm::Reloc::PIC_,
                                           llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default));
  return machine.get();
}

/// O1 to O3 unroll 16-trip loops and spill; this list does what straight vector code needs.
constexpr const char* kPasses = "function(sroa,early-cse,instcombine<no-verify-fixpoint>,loop-mssa(licm),gvn,"
                                "instcombine<no-verify-fixpoint>,simplifycfg)";

} // namespace

void optimize(llvm::Module& module, const TargetInfo& target) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(machineFor(target));
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
  llvm::TargetMachine* machine = machineFor(target);
  if (!machine) return false;
  module.setTargetTriple(target.triple);
  module.setDataLayout(machine->createDataLayout());
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
  llvm::legacy::PassManager passes;
  const auto kind = assembly ? llvm::CodeGenFileType::AssemblyFile : llvm::CodeGenFileType::ObjectFile;
  if (machineFor(target)->addPassesToEmitFile(passes, out, nullptr, kind))
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
