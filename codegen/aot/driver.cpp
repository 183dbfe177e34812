// Launch lists to LLVM IR: sizes become values, entries become calls, structured entries become blocks.
#include "codegen/aot/driver.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/IRBuilder.h"

#include <map>

namespace ogee::codegen::aot {

using runtime::SizeOp;
using runtime::SizeStep;
using runtime::Slot;

namespace {

constexpr uint32_t kCheckFailed = 10; ///< name_error_check in the header

class Driver {
public:
  Driver(llvm::Module& module, llvm::StringRef name, const DriverParts& parts)
      : context_(module.getContext()), module_(module), parts_(parts), program_(parts.program), b_(context_),
        i64_(b_.getInt64Ty()), pointer_(b_.getPtrTy()), i32_(b_.getInt32Ty()) {
    auto* type = llvm::FunctionType::get(i32_, {pointer_, pointer_, pointer_, pointer_, pointer_}, false);
    function_ = llvm::Function::Create(type, llvm::Function::InternalLinkage, name, module);
    function_->addFnAttr(llvm::Attribute::NoUnwind);
    // name_kernel_call in the header: kernel, buffers, sizes, units, unit cost, scratch, its stride, name, thing.
    call_ = llvm::StructType::get(context_, {pointer_, pointer_, pointer_, i64_, i64_, pointer_, i64_, pointer_, i64_});
  }

  llvm::Function* emit() {
    b_.SetInsertPoint(llvm::BasicBlock::Create(context_, "", function_));
    allocateCall();
    readSizes();
    findBuffers();
    runList(program_.launches);
    for (const MemoryPlan::Commit& commit : parts_.memory.commits) {
      llvm::Value* bytes = b_.getInt64(commit.itemBytes);
      for (const Slot dim : commit.dims) bytes = b_.CreateMul(bytes, values_[dim]);
      b_.CreateMemCpy(pointerTo(commit.target), llvm::MaybeAlign(1), buffers_[commit.buffer], llvm::MaybeAlign(1),
                      bytes);
    }
    b_.CreateRet(b_.getInt32(0));
    return function_;
  }

private:
  enum Argument { kContext, kTensors, kDims, kState, kWorkspace };
  llvm::Value* argument(Argument number) { return function_->getArg(number); }

  // --- sizes

  void readSizes() {
    for (int64_t value : program_.values.initial) values_.push_back(b_.getInt64(value));
    for (auto [index, symbol] : llvm::enumerate(program_.values.symbols))
      values_[symbol.slot] = b_.CreateLoad(i64_, element(i64_, argument(kDims), index));
    runSteps(program_.values.steps);
  }

  void runSteps(const std::vector<SizeStep>& steps) {
    for (const SizeStep& step : steps) values_[step.out] = apply(step.op, values_[step.a], values_[step.b]);
  }

  llvm::Value* apply(SizeOp op, llvm::Value* a, llvm::Value* b) {
    switch (op) {
    case SizeOp::add: return b_.CreateAdd(a, b);
    case SizeOp::sub: return b_.CreateSub(a, b);
    case SizeOp::mul: return b_.CreateMul(a, b);
    case SizeOp::floordiv: return b_.CreateSub(b_.CreateSDiv(a, b), inexact(a, b, /*signsDiffer=*/true));
    case SizeOp::mod: return b_.CreateSub(a, b_.CreateMul(apply(SizeOp::floordiv, a, b), b));
    case SizeOp::min: return b_.CreateSelect(b_.CreateICmpSLT(a, b), a, b);
    case SizeOp::max: return b_.CreateSelect(b_.CreateICmpSLT(a, b), b, a);
    case SizeOp::ceildiv: return b_.CreateAdd(b_.CreateSDiv(a, b), inexact(a, b, /*signsDiffer=*/false));
    case SizeOp::eq: return b_.CreateZExt(b_.CreateICmpEQ(a, b), i64_);
    case SizeOp::lt: return b_.CreateZExt(b_.CreateICmpSLT(a, b), i64_);
    }
    llvm_unreachable("all size ops are listed");
  }

  /// 1 where a / b leaves a rest and the signs are as said, else 0.
  llvm::Value* inexact(llvm::Value* a, llvm::Value* b, bool signsDiffer) {
    llvm::Value* rest = b_.CreateICmpNE(b_.CreateSRem(a, b), b_.getInt64(0));
    llvm::Value* differ = b_.CreateICmpSLT(b_.CreateXor(a, b), b_.getInt64(0));
    return b_.CreateZExt(b_.CreateAnd(rest, signsDiffer ? differ : b_.CreateNot(differ)), i64_);
  }

  // --- buffers

  void findBuffers() {
    for (const MemoryPlan::Place& place : parts_.memory.buffers) buffers_.push_back(pointerTo(place));
  }

  llvm::Value* pointerTo(const MemoryPlan::Place& place) {
    switch (place.kind) {
    case MemoryPlan::Place::Kind::tensor:
      return b_.CreateLoad(pointer_, element(pointer_, argument(kTensors), place.at));
    case MemoryPlan::Place::Kind::state: return element(b_.getInt8Ty(), argument(kState), place.at);
    case MemoryPlan::Place::Kind::workspace: return element(b_.getInt8Ty(), argument(kWorkspace), place.at);
    case MemoryPlan::Place::Kind::constant: return constant(place.at);
    }
    llvm_unreachable("all kinds are listed");
  }

  llvm::Value* constant(size_t index) {
    const std::vector<uint8_t>& bytes = program_.constants[index];
    auto* data = llvm::ConstantDataArray::get(context_, llvm::ArrayRef(bytes));
    auto* global = new llvm::GlobalVariable(module_, data->getType(), /*isConstant=*/true,
                                            llvm::GlobalValue::PrivateLinkage, data, "constant");
    global->setAlignment(llvm::Align(kAlignment));
    return global;
  }

  // --- launches

  llvm::Value* element(llvm::Type* type, llvm::Value* base, uint64_t index) {
    return index == 0 ? base : b_.CreateConstGEP1_64(type, base, index);
  }

  /// One array of buffers, one of sizes and one call serve all launches.
  void allocateCall() {
    size_t buffers = 1, sizes = 1;
    runtime::for_each_entry(program_.launches, [&](const runtime::Entry& entry) {
      const auto* kernel = std::get_if<runtime::KernelLaunch>(&entry.launch);
      if (!kernel) return;
      buffers = std::max(buffers, kernel->buffers.size());
      sizes = std::max(sizes, kernel->sizes.size());
    });
    bufferArray_ = b_.CreateAlloca(llvm::ArrayType::get(pointer_, buffers));
    sizeArray_ = b_.CreateAlloca(llvm::ArrayType::get(i64_, sizes));
    callMemory_ = b_.CreateAlloca(call_);
  }

  void runList(const runtime::LaunchList& list) {
    for (const runtime::Entry& entry : list) std::visit([&](const auto& launch) { run(launch); }, entry.launch);
  }

  llvm::Value* sizeOr(Slot slot, int64_t otherwise) {
    return slot == runtime::kNoSlot ? b_.getInt64(otherwise) : values_[slot];
  }

  void run(const runtime::KernelLaunch& launch) {
    for (auto [i, buffer] : llvm::enumerate(launch.buffers))
      b_.CreateStore(buffers_[buffer], element(pointer_, bufferArray_, i));
    for (auto [i, slot] : llvm::enumerate(launch.sizes)) b_.CreateStore(values_[slot], element(i64_, sizeArray_, i));
    const bool hasScratch = launch.scratch_bytes != runtime::kNoSlot;
    llvm::Value* fields[] = {parts_.kernels[launch.image],
                             bufferArray_,
                             sizeArray_,
                             values_[launch.units],
                             sizeOr(launch.unit_cost, 0),
                             hasScratch ? element(b_.getInt8Ty(), argument(kWorkspace), parts_.memory.arenaBytes)
                                        : llvm::Constant::getNullValue(pointer_),
                             b_.getInt64(hasScratch ? parts_.memory.scratchBytes : 0),
                             text(launch.name),
                             b_.getInt64(thing(launches_++))};
    for (auto [i, field] : llvm::enumerate(fields)) b_.CreateStore(field, b_.CreateStructGEP(call_, callMemory_, i));
    // name_ctx: two words of 32 bits, then the function that runs kernels.
    llvm::Value* function = b_.CreateLoad(pointer_, element(pointer_, argument(kContext), 1));
    auto* type = llvm::FunctionType::get(i32_, {pointer_, pointer_}, false);
    endUnless(b_.CreateCall(type, function, {argument(kContext), callMemory_}));
  }

  void run(const runtime::CudaLaunch&) { llvm_unreachable("objects are for CPUs"); }
  void run(const runtime::MatmulLaunch&) { llvm_unreachable("objects are for CPUs"); }

  /// What a status says besides the error: name_fail in the header.
  uint32_t thing(uint32_t number) const { return parts_.entry << 8 | number << 16; }

  /// Returns `status` unless it is 0.
  void endUnless(llvm::Value* status) {
    llvm::BasicBlock *end = block(), *next = block();
    b_.CreateCondBr(b_.CreateICmpEQ(status, b_.getInt32(0)), next, end);
    b_.SetInsertPoint(end);
    b_.CreateRet(status);
    b_.SetInsertPoint(next);
  }

  llvm::Value* text(const std::string& text) {
    llvm::Value*& known = texts_[text];
    if (!known) known = b_.CreateGlobalString(text, "text");
    return known;
  }

  llvm::Value* at(uint32_t buffer, Slot offset) {
    if (offset == runtime::kNoSlot) return buffers_[buffer];
    return b_.CreateGEP(b_.getInt8Ty(), buffers_[buffer], values_[offset]);
  }

  void run(const runtime::CopyLaunch& copy) {
    b_.CreateMemMove(at(copy.to, copy.to_offset), llvm::MaybeAlign(1), at(copy.from, copy.from_offset),
                     llvm::MaybeAlign(1), values_[copy.bytes]);
  }

  void run(const runtime::FillLaunch& fill) {
    llvm::Type* type = b_.getIntNTy(fill.pattern_bytes * 8);
    llvm::Value* count = b_.CreateUDiv(values_[fill.bytes], b_.getInt64(fill.pattern_bytes));
    countedLoop(count, [&](llvm::Value* i) {
      b_.CreateAlignedStore(b_.getIntN(fill.pattern_bytes * 8, fill.pattern),
                            b_.CreateGEP(type, buffers_[fill.buffer], i), llvm::Align(1));
    });
  }

  void run(const runtime::CheckLaunch& check) {
    llvm::Value* failed = b_.CreateLoad(b_.getInt8Ty(), buffers_[check.failed]);
    llvm::Value* status = b_.getInt32(kCheckFailed | thing(checks_++));
    endUnless(b_.CreateSelect(b_.CreateICmpNE(failed, b_.getInt8(0)), status, b_.getInt32(0)));
  }

  // --- structure

  llvm::BasicBlock* block() { return llvm::BasicBlock::Create(context_, "", function_); }

  llvm::Value* holds(const runtime::Condition& condition) {
    if (condition.kind == runtime::Condition::Kind::size)
      return b_.CreateICmpNE(values_[condition.index], b_.getInt64(0));
    return b_.CreateICmpNE(b_.CreateLoad(b_.getInt8Ty(), buffers_[condition.index]), b_.getInt8(0));
  }

  void run(const runtime::IfEntry& entry) {
    llvm::BasicBlock *then = block(), *otherwise = block(), *after = block();
    b_.CreateCondBr(holds(entry.condition), then, otherwise);
    for (auto [body, list] : {std::pair(then, &entry.then), std::pair(otherwise, &entry.otherwise)}) {
      b_.SetInsertPoint(body);
      runList(*list);
      b_.CreateBr(after);
    }
    b_.SetInsertPoint(after);
  }

  void run(const runtime::WhileEntry& entry) {
    llvm::BasicBlock *test = block(), *body = block(), *after = block();
    b_.CreateBr(test);
    b_.SetInsertPoint(test);
    runList(entry.before);
    b_.CreateCondBr(holds(entry.condition), body, after);
    b_.SetInsertPoint(body);
    runList(entry.body);
    b_.CreateBr(test);
    b_.SetInsertPoint(after);
  }

  void run(const runtime::ForEntry& entry) {
    const std::vector<llvm::Value*> outside = values_;
    countedLoop(values_[entry.count], [&](llvm::Value* i) {
      values_[entry.induction] = i;
      runSteps(entry.steps);
      runList(entry.body);
    });
    values_ = outside;
  }

  void countedLoop(llvm::Value* count, llvm::function_ref<void(llvm::Value*)> run) {
    llvm::BasicBlock *before = b_.GetInsertBlock(), *test = block(), *body = block(), *after = block();
    b_.CreateBr(test);
    b_.SetInsertPoint(test);
    llvm::PHINode* i = b_.CreatePHI(i64_, 2);
    i->addIncoming(b_.getInt64(0), before);
    b_.CreateCondBr(b_.CreateICmpSLT(i, count), body, after);
    b_.SetInsertPoint(body);
    run(i);
    i->addIncoming(b_.CreateAdd(i, b_.getInt64(1)), b_.GetInsertBlock());
    b_.CreateBr(test);
    b_.SetInsertPoint(after);
  }

  llvm::LLVMContext& context_;
  llvm::Module& module_;
  const DriverParts& parts_;
  const runtime::Program& program_;
  llvm::IRBuilder<> b_;
  llvm::Type *i64_, *pointer_, *i32_;
  llvm::StructType* call_;
  llvm::Function* function_;
  llvm::Value *bufferArray_ = nullptr, *sizeArray_ = nullptr, *callMemory_ = nullptr;
  std::vector<llvm::Value*> values_;  ///< by slot
  std::vector<llvm::Value*> buffers_; ///< by buffer of the program
  std::map<std::string, llvm::Value*> texts_;
  uint32_t launches_ = 0, checks_ = 0;
};

} // namespace

llvm::Function* emitDriver(llvm::Module& module, llvm::StringRef name, const DriverParts& parts) {
  return Driver(module, name, parts).emit();
}

} // namespace ogee::codegen::aot
