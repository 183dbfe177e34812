// Builds, lowers and runs the loops of tests/ir/math_jit.h.
#include "tests/ir/math_jit.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

#include <cstdlib>
#include <iostream>

namespace ogee::ir::tests {

namespace {

namespace arith = mlir::arith;
namespace LLVM = mlir::LLVM;
namespace scf = mlir::scf;

constexpr const char* kEntry = "loop";

/// Ends the test program: none of this may fail.
[[noreturn]] void fail(const std::string& what) {
  std::cerr << "math_jit: " << what << '\n';
  std::abort();
}

template <typename T>
T check(llvm::Expected<T> expected) {
  if (!expected) fail(llvm::toString(expected.takeError()));
  return std::move(*expected);
}

void check(llvm::Error error) {
  if (error) fail(llvm::toString(std::move(error)));
}

mlir::Type withWidth(mlir::Type element, unsigned width) {
  return width ? mlir::Type(mlir::VectorType::get({width}, element)) : element;
}

/// Emits loads, the body and the store for the elements from `position` on.
class ElementEmitter {
public:
  ElementEmitter(Builder& b, unsigned width) : b(b), width(width) {}

  Value load(Value buffer, Lane lane, Value position) {
    const mlir::Type memory = memoryType(lane);
    const Value loaded =
        b.create<LLVM::LoadOp>(withWidth(memory, width), address(buffer, memory, position), /*align=*/1);
    return lane == Lane::boolean ? math::convert(b, loaded, b.getI1Type()) : loaded;
  }

  void store(Value buffer, Lane lane, Value position, Value value) {
    const mlir::Type memory = memoryType(lane);
    const Value stored = lane == Lane::boolean ? math::convert(b, value, memory) : value;
    b.create<LLVM::StoreOp>(stored, address(buffer, memory, position), /*align=*/1);
  }

private:
  mlir::Type memoryType(Lane lane) { return laneType(b, lane == Lane::boolean ? Lane::i8 : lane); }
  Value address(Value buffer, mlir::Type element, Value position) {
    return b.create<LLVM::GEPOp>(buffer.getType(), element, buffer, position);
  }
  Builder& b;
  unsigned width;
};

void buildLoop(Builder& b, const Body& body, const Lanes& lanes, unsigned width) {
  const mlir::Type pointer = LLVM::LLVMPointerType::get(b.getContext()), i64 = b.getI64Type();
  auto function = b.create<mlir::func::FuncOp>(kEntry, b.getFunctionType({pointer, i64}, {}));
  b.setInsertionPointToStart(function.addEntryBlock());
  const auto number = [&](int64_t value) -> Value { return b.create<arith::ConstantIntOp>(value, 64); };
  llvm::SmallVector<Value> buffers;
  for (size_t i = 0; i < lanes.size(); ++i) {
    const Value slot =
        b.create<LLVM::GEPOp>(pointer, pointer, function.getArgument(0), number(static_cast<int64_t>(i)));
    buffers.push_back(b.create<LLVM::LoadOp>(pointer, slot));
  }
  const int64_t step = width ? width : 1;
  const Value end = b.create<arith::AndIOp>(function.getArgument(1), number(-step));
  auto loop = b.create<scf::ForOp>(number(0), end, number(step));
  b.create<mlir::func::ReturnOp>();
  b.setInsertionPointToStart(loop.getBody());
  ElementEmitter emitter(b, width);
  const Value position = loop.getInductionVar();
  llvm::SmallVector<Value> args;
  for (size_t i = 1; i < lanes.size(); ++i) args.push_back(emitter.load(buffers[i], lanes[i], position));
  emitter.store(buffers[0], lanes[0], position, body(b, args));
}

bool loadDialects(mlir::MLIRContext& context) {
  context.loadDialect<arith::ArithDialect, mlir::cf::ControlFlowDialect, mlir::func::FuncDialect, LLVM::LLVMDialect,
                      mlir::math::MathDialect, scf::SCFDialect, mlir::vector::VectorDialect>();
  mlir::registerBuiltinDialectTranslation(context);
  mlir::registerLLVMDialectTranslation(context);
  return true;
}

void lowerToLLVMDialect(mlir::ModuleOp module) {
  mlir::PassManager passes(module.getContext());
  passes.addPass(mlir::createConvertVectorToLLVMPass());
  passes.addPass(mlir::createConvertSCFToCFPass());
  passes.addPass(mlir::createConvertMathToLLVMPass());
  passes.addPass(mlir::createArithToLLVMConversionPass());
  passes.addPass(mlir::createConvertControlFlowToLLVMPass());
  passes.addPass(mlir::createConvertFuncToLLVMPass());
  passes.addPass(mlir::createReconcileUnrealizedCastsPass());
  if (mlir::failed(passes.run(module))) fail("lowering failed");
}

std::unique_ptr<llvm::Module> buildModule(llvm::LLVMContext& llvmContext, const Body& body, const Lanes& lanes,
                                          unsigned width) {
  static mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  static const bool loaded = loadDialects(context);
  (void)loaded;
  const mlir::Location location = mlir::UnknownLoc::get(&context);
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(location);
  Builder b(location, module->getBodyRegion());
  buildLoop(b, body, lanes, width);
  if (mlir::failed(mlir::verify(*module))) fail("the body is ill-formed");
  lowerToLLVMDialect(*module);
  return mlir::translateModuleToLLVMIR(*module, llvmContext);
}

void optimize(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::PassBuilder builder(&machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager callGraph;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  // The passes that kernels get: O2's loop passes would unroll the test's loop for nothing.
  llvm::ModulePassManager passes;
  check(builder.parsePassPipeline(passes,
                                  "function(sroa,early-cse,instcombine,loop-mssa(licm),gvn,instcombine,simplifycfg)"));
  passes.run(module, modules);
}

void prepareForTarget(llvm::Module& module, llvm::TargetMachine& machine, const JitOptions& options) {
  module.setDataLayout(machine.createDataLayout());
  module.setTargetTriple(machine.getTargetTriple().str());
  for (llvm::Function& function : module)
    if (!function.isDeclaration()) function.addFnAttr("prefer-vector-width", "512");
  if (options.optimize) optimize(module, machine);
}

void initializeTargets() {
  static const bool once = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    return true;
  }();
  (void)once;
}

llvm::orc::JITTargetMachineBuilder machineBuilder(const JitOptions& options) {
  initializeTargets();
  auto builder = check(llvm::orc::JITTargetMachineBuilder::detectHost());
  if (!options.cpu.empty()) {
    builder.setCPU(options.cpu);
    builder.getFeatures() = llvm::SubtargetFeatures();
  }
  builder.setCodeGenOptLevel(options.optimize ? llvm::CodeGenOptLevel::Default : llvm::CodeGenOptLevel::None);
  return builder;
}

} // namespace

mlir::Type laneType(Builder& b, Lane lane) {
  switch (lane) {
  case Lane::boolean: return b.getI1Type();
  case Lane::i8: return b.getI8Type();
  case Lane::i32: return b.getI32Type();
  case Lane::i64: return b.getI64Type();
  case Lane::f32: return b.getF32Type();
  case Lane::f64: return b.getF64Type();
  }
  fail("unknown lane");
}

std::string opBuiltBy(const Body& body, const Lanes& lanes) {
  std::string name;
  llvm::LLVMContext context;
  const Body observed = [&](Builder& b, mlir::ValueRange args) {
    const Value result = body(b, args);
    name = result.getDefiningOp()->getName().getStringRef();
    return args[0];
  };
  buildModule(context, observed, lanes, 0);
  return name;
}

bool hostRunsAvx2() {
  const llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  return llvm::all_of(llvm::ArrayRef{"avx2", "fma", "bmi2", "f16c", "lzcnt"},
                      [&](const char* feature) { return features.lookup(feature); });
}

struct Loop::Jit {
  std::unique_ptr<llvm::orc::LLJIT> engine;
};

Loop::Loop(const Body& body, const Lanes& lanes, const JitOptions& options) : jit_(std::make_unique<Jit>()) {
  auto context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> module = buildModule(*context, body, lanes, options.width);
  llvm::orc::JITTargetMachineBuilder builder = machineBuilder(options);
  const std::unique_ptr<llvm::TargetMachine> machine = check(builder.createTargetMachine());
  prepareForTarget(*module, *machine, options);
  jit_->engine = check(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(std::move(builder)).create());
  // The C library, for the f64 functions of the distributions alone: undefinedSymbols holds that nothing else calls it.
  const char prefix = jit_->engine->getDataLayout().getGlobalPrefix();
  jit_->engine->getMainJITDylib().addGenerator(
      check(llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(prefix)));
  check(jit_->engine->addIRModule(llvm::orc::ThreadSafeModule(std::move(module), std::move(context))));
  entry_ = check(jit_->engine->lookup(kEntry)).toPtr<void (*)(void* const*, int64_t)>();
}

Loop::~Loop() = default;
Loop::Loop(Loop&&) noexcept = default;

std::vector<std::string> undefinedSymbols(const Body& body, const Lanes& lanes, const JitOptions& options,
                                          const std::string& triple) {
  initializeTargets();
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module = buildModule(context, body, lanes, options.width);
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target) fail(error);
  const std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine(triple, options.cpu, "", llvm::TargetOptions(), llvm::Reloc::PIC_));
  prepareForTarget(*module, *machine, options);
  llvm::SmallVector<char> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile))
    fail("no object writer");
  passes.run(*module);
  const llvm::MemoryBufferRef buffer(llvm::StringRef(bytes.data(), bytes.size()), "object");
  const auto object = check(llvm::object::ObjectFile::createObjectFile(buffer));
  std::vector<std::string> names;
  for (const llvm::object::SymbolRef& symbol : object->symbols()) {
    const llvm::StringRef name = check(symbol.getName());
    if ((check(symbol.getFlags()) & llvm::object::SymbolRef::SF_Undefined) && !name.empty())
      names.push_back(name.str());
  }
  return names;
}

} // namespace ogee::ir::tests
