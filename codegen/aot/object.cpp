// Links kernels and drivers into one module, and makes an object of it.
#include "codegen/aot/object.h"

#include "codegen/cpu/emit.h"
#include "codegen/cpu/lower.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <algorithm>
#include <map>

namespace ogee::codegen::aot {

using namespace mlir;

namespace {

/// Calls through import slots become calls of the C library.
void callDirectly(llvm::Module& module) {
  for (llvm::GlobalVariable& slot : llvm::make_early_inc_range(module.globals())) {
    llvm::StringRef function = slot.getName();
    if (!function.consume_front(cpu::kImportPrefix)) continue;
    for (llvm::User* user : llvm::make_early_inc_range(slot.users())) {
      auto* load = llvm::cast<llvm::LoadInst>(user);
      for (llvm::User* use : llvm::to_vector(load->users())) {
        auto* call = llvm::cast<llvm::CallInst>(use);
        call->setCalledFunction(module.getOrInsertFunction(function, call->getFunctionType()));
        call->addFnAttr(llvm::Attribute::NoBuiltin); // the same function as in an image, not what LLVM knows of it
      }
      load->eraseFromParent();
    }
    slot.eraseFromParent();
  }
}

class ObjectMaker {
public:
  ObjectMaker(MLIRContext& context, const TargetInfo& target, const ObjectOptions& options, Location location)
      : context_(context), target_(target), options_(options), location_(location),
        module_(std::make_unique<llvm::Module>(options.symbol, llvmContext_)) {}

  LogicalResult run(ArrayRef<const PlannedEntry*> entries, ArrayRef<std::string> names, Variant& variant) {
    SmallVector<llvm::Constant*> drivers;
    for (auto [entry, name] : llvm::zip_equal(entries, names)) {
      const std::vector<llvm::Function*> kernels = declareKernels(entry->plan);
      drivers.push_back(
          emitDriver(*module_, name, {entry->plan.program, entry->memory, kernels, uint32_t(drivers.size())}));
    }
    cpu::setTarget(*module_, target_);
    addTable(drivers);
    cpu::optimize(*module_, target_);
    if (failed(linkKernels())) return failure();
    module_->setSourceFileName(options_.symbol);
    if (options_.assembly) {
      auto text = cpu::generate(*llvm::CloneModule(*module_), target_, /*assembly=*/true, location_);
      if (failed(text)) return failure();
      variant.assembly.assign(text->begin(), text->end());
    }
    auto object = cpu::generate(*module_, target_, /*assembly=*/false, location_);
    if (failed(object)) return failure();
    variant.object.assign(object->begin(), object->end());
    return inspect(variant);
  }

private:
  /// A function for each nest; one for all that are equal.
  std::vector<llvm::Function*> declareKernels(const Plan& plan) {
    llvm::Type* pointer = llvm::PointerType::get(llvmContext_, 0);
    llvm::Type *i32 = llvm::Type::getInt32Ty(llvmContext_), *i64 = llvm::Type::getInt64Ty(llvmContext_);
    auto* type = llvm::FunctionType::get(i32, {pointer, pointer, i64, i64, pointer}, false);
    std::vector<llvm::Function*> functions;
    for (const Nest& nest : plan.nests) {
      auto [known, isNew] = kernels_.try_emplace(toString(nest), Kernel{});
      if (isNew) {
        const std::string name = "kernel" + std::to_string(kernels_.size() - 1) + "." + nest.name;
        known->second = {&nest, llvm::Function::Create(type, llvm::Function::ExternalLinkage, name, *module_)};
        order_.push_back(&known->second);
      }
      functions.push_back(known->second.function);
    }
    return functions;
  }

  /// { i32 abi, i32 entries, drivers… }: the only name that the object gives out, but for the weights.
  void addTable(ArrayRef<llvm::Constant*> drivers) {
    llvm::Type* i32 = llvm::Type::getInt32Ty(llvmContext_);
    SmallVector<llvm::Constant*> fields{llvm::ConstantInt::get(i32, options_.abi),
                                        llvm::ConstantInt::get(i32, drivers.size())};
    llvm::append_range(fields, drivers);
    addConstant(llvm::ConstantStruct::getAnon(fields), options_.symbol, 8);
    if (!options_.weightsSymbol.empty())
      addConstant(llvm::ConstantDataArray::get(llvmContext_, llvm::ArrayRef(options_.weights)), options_.weightsSymbol,
                  kAlignment);
  }

  void addConstant(llvm::Constant* value, const std::string& name, uint64_t alignment) {
    auto* global = new llvm::GlobalVariable(*module_, value->getType(), /*isConstant=*/true,
                                            llvm::GlobalValue::ExternalLinkage, value, name);
    global->setAlignment(llvm::Align(alignment));
  }

  /// Each kernel is optimised by itself, as for an image: the same code.
  LogicalResult linkKernels() {
    for (const Kernel* kernel : order_) {
      OwningOpRef<ModuleOp> loops = cpu::emit(context_, *kernel->nest, target_);
      if (failed(cpu::lowerToLLVM(*loops))) return failure();
      std::unique_ptr<llvm::Module> module = cpu::translate(*loops, llvmContext_, target_);
      if (!module) return emitError(location_) << "cannot translate a kernel to LLVM IR for " << target_.triple;
      cpu::optimize(*module, target_);
      callDirectly(*module);
      const std::string name = kernel->function->getName().str();
      module->getFunction("kernel")->setName(name);
      if (llvm::Linker::linkModules(*module_, std::move(module))) return emitError(location_) << "cannot link a kernel";
      module_->getFunction(name)->setLinkage(llvm::GlobalValue::InternalLinkage);
    }
    return success();
  }

  /// What the object needs, and how large its functions are.
  LogicalResult inspect(Variant& variant) {
    const llvm::MemoryBufferRef buffer(
        StringRef(reinterpret_cast<const char*>(variant.object.data()), variant.object.size()), options_.symbol);
    auto file = llvm::object::ObjectFile::createObjectFile(buffer);
    if (!file) return emitError(location_) << "cannot read the object: " << llvm::toString(file.takeError());
    for (const llvm::object::SectionRef& section : (*file)->sections())
      if (section.isText()) variant.codeBytes += section.getSize();
    llvm::raw_string_ostream report(variant.report);
    for (const llvm::object::SymbolRef& symbol : (*file)->symbols()) {
      // What LLVM has just written can be read.
      const uint32_t flags = llvm::cantFail(symbol.getFlags());
      const StringRef name = llvm::cantFail(symbol.getName());
      if (name.empty()) continue;
      if (flags & llvm::object::SymbolRef::SF_Undefined)
        variant.undefined.push_back(name.str());
      else if (llvm::cantFail(symbol.getType()) == llvm::object::SymbolRef::ST_Function)
        report << llvm::formatv("  {0,8} bytes  {1}\n", llvm::object::ELFSymbolRef(symbol).getSize(), name);
    }
    llvm::sort(variant.undefined);
    return success();
  }

  struct Kernel {
    const Nest* nest = nullptr;
    llvm::Function* function = nullptr;
  };

  MLIRContext& context_;
  const TargetInfo& target_;
  const ObjectOptions& options_;
  Location location_;
  llvm::LLVMContext llvmContext_;
  std::unique_ptr<llvm::Module> module_;
  std::map<std::string, Kernel> kernels_; ///< by the text of their nest
  std::vector<const Kernel*> order_;
};

} // namespace

LogicalResult makeObject(MLIRContext& context, ArrayRef<const PlannedEntry*> entries, ArrayRef<std::string> names,
                         const TargetInfo& target, const ObjectOptions& options, Location location, Variant& variant) {
  return ObjectMaker(context, target, options, location).run(entries, names, variant);
}

} // namespace ogee::codegen::aot
