// Builds the frame of a CPU kernel.
#include "codegen/cpu/kernel.h"

#include "mlir/IR/Matchers.h"

namespace ogee::codegen::cpu {

using namespace mlir;

namespace {

std::optional<int64_t> constantOf(Value value) {
  llvm::APInt number;
  if (matchPattern(value, m_ConstantInt(&number))) return number.getSExtValue();
  return std::nullopt;
}

} // namespace

Type storageType(Type element) { return element.isInteger(1) ? IntegerType::get(element.getContext(), 8) : element; }

unsigned storageBytes(Type element) { return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8); }

bool isKnownEmpty(Value count) {
  const std::optional<int64_t> known = constantOf(count);
  return known && *known <= 0;
}

Kernel::Kernel(ModuleOp module, const Nest& nest, const TargetInfo& target)
    : b(module.getLoc(), OpBuilder::atBlockEnd(module.getBody())), nest(nest), target(target) {
  MLIRContext* context = module.getContext();
  Type pointer = LLVM::LLVMPointerType::get(context), i64 = b.getI64Type();
  auto function =
      b.create<func::FuncOp>("kernel", b.getFunctionType({pointer, pointer, i64, i64, pointer}, {b.getI32Type()}));
  Block* entry = function.addEntryBlock();
  b.setInsertionPointToStart(entry);
  auto toIndex = [&](Value value) { return b.create<arith::IndexCastOp>(b.getIndexType(), value).getResult(); };
  begin_ = toIndex(entry->getArgument(2));
  end_ = toIndex(entry->getArgument(3));
  scratch_ = entry->getArgument(4);
  for (auto [slot, buffer] : llvm::enumerate(nest.buffers)) {
    Value at = b.create<LLVM::GEPOp>(pointer, pointer, entry->getArgument(0),
                                     ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(slot)});
    buffers_.push_back(viewPointer(b.create<LLVM::LoadOp>(pointer, at), buffer.element));
  }
  for (auto [slot, dim] : llvm::enumerate(runtimeSizes(nest))) {
    Value at =
        b.create<LLVM::GEPOp>(pointer, i64, entry->getArgument(1), ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(slot)});
    sizes_.emplace_back(dim, toIndex(b.create<LLVM::LoadOp>(i64, at)));
  }
  entrySetUp_ = b.create<arith::ConstantIntOp>(0, 32);
  entryEnd_ = b.create<func::ReturnOp>(ValueRange{entrySetUp_->getResult(0)});
  b.setInsertionPoint(entryEnd_);
}

void Kernel::finish() { b.setInsertionPoint(entryEnd_); }

/// `memref<?xT>` over a bare pointer: the descriptor is built by hand and cast, which the lowering to LLVM undoes.
Value Kernel::viewPointer(Value pointer, Type element) {
  MLIRContext* context = b.getContext();
  Type i64 = b.getI64Type(), one = LLVM::LLVMArrayType::get(i64, 1);
  Type descriptor = LLVM::LLVMStructType::getLiteral(context, {pointer.getType(), pointer.getType(), i64, one, one});
  Value value = b.create<LLVM::UndefOp>(descriptor);
  auto set = [&](Value part, ArrayRef<int64_t> at) { value = b.create<LLVM::InsertValueOp>(value, part, at); };
  set(pointer, {0});
  set(pointer, {1});
  set(b.create<LLVM::ConstantOp>(i64, b.getI64IntegerAttr(0)), {2});
  set(b.create<LLVM::ConstantOp>(i64, b.getI64IntegerAttr(INT64_MAX)), {3, 0});
  set(b.create<LLVM::ConstantOp>(i64, b.getI64IntegerAttr(1)), {4, 0});
  Type type = MemRefType::get({ShapedType::kDynamic}, storageType(element));
  return b.create<UnrealizedConversionCastOp>(type, value).getResult(0);
}

Value Kernel::scratch(Type element, Value offsetBytes) {
  Value offset = b.create<arith::IndexCastOp>(b.getI64Type(), offsetBytes);
  Value pointer = b.create<LLVM::GEPOp>(scratch_.getType(), b.getI8Type(), scratch_, ArrayRef<LLVM::GEPArg>{offset});
  return viewPointer(pointer, element);
}

Value Kernel::stackArray(Type element, int64_t count) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(entryEnd_->getBlock());
  return b.create<memref::AllocaOp>(MemRefType::get({count}, storageType(element)), b.getI64IntegerAttr(64));
}

Value Kernel::index(int64_t value) {
  Value& constant = constants_[value];
  if (!constant) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(entryEnd_->getBlock());
    constant = b.create<arith::ConstantIndexOp>(value);
  }
  return constant;
}

Value Kernel::index(const Dim& dim) {
  if (dim.is_number()) return index(dim.number());
  for (auto& [known, value] : sizes_)
    if (same(known, dim)) return value;
  llvm_unreachable("runtimeSizes lists every size of a nest");
}

/// Read once, at the entry of the function.
Value Kernel::startValue(const Start& start) {
  for (auto& [known, value] : starts_)
    if (known.buffer == start.buffer && same(known.at, start.at) && same(known.most, start.most)) return value;
  Value zero = index(0), at = index(start.at), most = index(start.most);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfter(entrySetUp_);
  Value read = b.create<memref::LoadOp>(buffers_[start.buffer], at);
  read = b.create<arith::IndexCastOp>(b.getIndexType(), read);
  read = b.create<arith::MaxSIOp>(b.create<arith::MinSIOp>(read, most), zero);
  starts_.emplace_back(start, read);
  return read;
}

Value Kernel::add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(x, y); }
Value Kernel::sub(Value x, Value y) { return b.createOrFold<arith::SubIOp>(x, y); }
Value Kernel::mul(Value x, Value y) { return b.createOrFold<arith::MulIOp>(x, y); }
Value Kernel::min(Value x, Value y) { return b.createOrFold<arith::MinSIOp>(x, y); }
Value Kernel::div(Value x, Value y) { return b.createOrFold<arith::DivUIOp>(x, y); }
Value Kernel::rem(Value x, Value y) { return b.createOrFold<arith::RemUIOp>(x, y); }
Value Kernel::ceilDiv(Value x, int64_t y) { return div(add(x, index(y - 1)), index(y)); }
Value Kernel::less(Value x, Value y) { return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt, x, y); }

Value Kernel::evaluate(const Affine& at, ValueRange point) {
  Value sum = index(at.offset);
  for (const Start& start : at.starts) sum = add(sum, mul(startValue(start), index(start.stride)));
  for (auto [stride, i] : llvm::zip_equal(at.strides, point))
    if (!stride.is_number() || stride.number() != 0) sum = add(sum, mul(i, index(stride)));
  return sum;
}

SmallVector<Value> Kernel::delinearize(Value linear, ArrayRef<Value> extents) {
  SmallVector<Value> point(extents.size());
  for (size_t dim = extents.size(); dim-- > 0;) {
    if (dim == 0) {
      point[dim] = linear;
      break;
    }
    point[dim] = rem(linear, extents[dim]);
    linear = div(linear, extents[dim]);
  }
  return point;
}

void Kernel::forLoop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body) {
  forLoop(from, to, step, {}, [&](Value i, ValueRange) {
    body(i);
    return SmallVector<Value>();
  });
}

SmallVector<Value> Kernel::forLoop(Value from, Value to, int64_t step, ValueRange init,
                                   llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  const std::optional<int64_t> lower = constantOf(from), upper = constantOf(to);
  if (lower && upper && *lower >= *upper) return SmallVector<Value>(init);
  if (lower && upper && *lower + step >= *upper) return body(from, init);
  auto loop = b.create<scf::ForOp>(from, to, index(step), init);
  OpBuilder::InsertionGuard guard(b);
  if (init.empty()) loop.getBody()->getTerminator()->erase();
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  b.create<scf::YieldOp>(next);
  return SmallVector<Value>(loop.getResults());
}

SmallVector<Value> Kernel::ifElse(Value condition, llvm::function_ref<SmallVector<Value>()> then,
                                  llvm::function_ref<SmallVector<Value>()> otherwise) {
  if (std::optional<int64_t> known = constantOf(condition)) return *known ? then() : otherwise();
  auto build = [&](auto make) {
    Block* block = new Block();
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(block);
    SmallVector<Value> values = make();
    b.create<scf::YieldOp>(values);
    return std::pair(block, values);
  };
  auto [thenBody, thenValues] = build(then);
  auto [elseBody, elseValues] = build(otherwise);
  auto op =
      b.create<scf::IfOp>(TypeRange(ValueRange(thenValues)), condition, /*addThenBlock=*/false, /*addElseBlock=*/false);
  op.getThenRegion().push_back(thenBody);
  if (thenValues.empty() && elseBody->without_terminator().empty())
    delete elseBody;
  else
    op.getElseRegion().push_back(elseBody);
  return SmallVector<Value>(op.getResults());
}

void Kernel::ifThen(Value condition, llvm::function_ref<void()> then) {
  ifElse(
      condition,
      [&] {
        then();
        return SmallVector<Value>();
      },
      [] { return SmallVector<Value>(); });
}

} // namespace ogee::codegen::cpu
