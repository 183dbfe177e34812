// Control: verification of `cond`, `while` and `scan`, and the dims of what goes through their regions (control.h).
#include "ir/control.h"

#include "ir/rule.h"

namespace ogee::ir {

using namespace mlir;

namespace {

YieldOp yieldOf(Region& region) { return cast<YieldOp>(region.front().getTerminator()); }

/// Whether a region takes values of `arguments`' types and ends in `ogee.yield`; `what` is its name.
LogicalResult verifyRegion(Operation* op, StringRef what, Region& region, TypeRange arguments) {
  Block& block = region.front();
  if (block.getArgumentTypes() != arguments)
    return op->emitOpError("hands (") << arguments << ") to its " << what << ", which takes ("
                                      << block.getArgumentTypes() << ")";
  if (!isa<YieldOp>(block.getTerminator())) return op->emitOpError("must have 'ogee.yield' at the end of its ") << what;
  for (Operation& inner : block.without_terminator())
    if (!isa_and_nonnull<OgeeDialect, arith::ArithDialect>(inner.getDialect()))
      return inner.emitOpError("cannot stand in '") << op->getName() << "'";
  return success();
}

LogicalResult verifyYield(Operation* op, StringRef what, Region& region, TypeRange results) {
  YieldOp yield = yieldOf(region);
  if (TypeRange(yield.getOperandTypes()) == results) return success();
  return yield.emitOpError("gives (") << yield.getOperandTypes() << ") but the " << what << " of '" << op->getName()
                                      << "' has to give (" << results << ")";
}

SmallVector<Type> concat(TypeRange first, TypeRange second) {
  SmallVector<Type> all(first);
  llvm::append_range(all, second);
  return all;
}

/// Tensors like the parts of `over` along the first dim; a diagnostic where there are none.
FailureOr<SmallVector<Type>> partTypes(ScanOp op) {
  if (op.getOver().empty()) return op.emitOpError("needs a tensor to scan over");
  SmallVector<Type> parts;
  int64_t count = ShapedType::kDynamic;
  for (Type type : op.getOver().getTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    if (tensor.getRank() == 0) return op.emitOpError("cannot scan over a tensor of rank 0");
    const int64_t size = tensor.getDimSize(0);
    if (!ShapedType::isDynamic(count) && !ShapedType::isDynamic(size) && size != count)
      return op.emitOpError("scans over ") << count << " and over " << size << " parts";
    if (ShapedType::isDynamic(count)) count = size;
    parts.push_back(RankedTensorType::get(tensor.getShape().drop_front(), tensor.getElementType()));
  }
  return parts;
}

/// Of a body that may not have been verified.
ValueRange yieldedBy(Region& region) { return region.front().getTerminator()->getOperands(); }

} // namespace

LogicalResult CondOp::verifyRegions() {
  const TypeRange captures = getCaptures().getTypes();
  if (failed(verifyRegion(*this, "'then' region", getThen(), captures)) ||
      failed(verifyRegion(*this, "'else' region", getOtherwise(), captures)) ||
      failed(verifyYield(*this, "'then' region", getThen(), getResultTypes())))
    return failure();
  return verifyYield(*this, "'else' region", getOtherwise(), getResultTypes());
}

LogicalResult WhileOp::verifyRegions() {
  const SmallVector<Type> arguments = concat(getInits().getTypes(), getCaptures().getTypes());
  if (getMaxTrips() && static_cast<int64_t>(*getMaxTrips()) < 0) return emitOpError("has a negative 'max_trips'");
  if (TypeRange(getResultTypes()) != TypeRange(getInits().getTypes()))
    return emitOpError("carries (") << getInits().getTypes() << ") but has results (" << getResultTypes() << ")";
  const Type boolean = RankedTensorType::get({}, IntegerType::get(getContext(), 1));
  if (failed(verifyRegion(*this, "'test' region", getTest(), arguments)) ||
      failed(verifyRegion(*this, "'do' region", getBody(), arguments)) ||
      failed(verifyYield(*this, "'test' region", getTest(), boolean)))
    return failure();
  return verifyYield(*this, "'do' region", getBody(), getResultTypes());
}

LogicalResult ScanOp::verifyRegions() {
  FailureOr<SmallVector<Type>> parts = partTypes(*this);
  if (failed(parts)) return failure();
  const SmallVector<Type> arguments = concat(concat(getInits().getTypes(), *parts), getCaptures().getTypes());
  if (failed(verifyRegion(*this, "body", getBody(), arguments))) return failure();
  const unsigned carried = getNumCarried();
  const ValueRange yields = yieldedBy(getBody());
  if (yields.size() < carried)
    return emitOpError("carries ") << carried << " values, but its body gives " << yields.size();
  if (failed(
          verifyYield(*this, "body", getBody(), concat(getInits().getTypes(), yields.drop_front(carried).getTypes()))))
    return failure();
  SmallVector<Type> results(getInits().getTypes());
  for (Value yielded : yields.drop_front(carried)) {
    auto type = cast<RankedTensorType>(yielded.getType());
    SmallVector<int64_t> dims{cast<RankedTensorType>(getOver()[0].getType()).getDimSize(0)};
    llvm::append_range(dims, type.getShape());
    results.push_back(RankedTensorType::get(dims, type.getElementType()));
  }
  if (TypeRange(getResultTypes()) == TypeRange(results)) return success();
  return emitOpError("has results (") << getResultTypes() << ") but its body makes (" << TypeRange(results) << ")";
}

// --- dims ------------------------------------------------------------------------------------------------------------

namespace {

/// Says that two lists of dims are equal, one by one.
Status equalDims(const Rule& rule, const char* what, size_t number, const Shape& left, const Shape& right) {
  for (size_t axis = 0; axis < left.size(); ++axis) {
    auto message = [&] {
      return runtime::concat(what, " ", number, " has dims ", text(left), " in one place and ", text(right),
                             " in another");
    };
    if (Status status = rule.equal(left[axis], right[axis], message); !status) return status;
  }
  return {};
}

} // namespace

SmallVector<RegionInputs> regionInputs(Operation* op) {
  if (auto cond = dyn_cast<CondOp>(op))
    return {{&cond.getThen(), cond.getCaptures(), {}}, {&cond.getOtherwise(), cond.getCaptures(), {}}};
  if (auto loop = dyn_cast<WhileOp>(op)) {
    SmallVector<Value> inputs(loop.getInits());
    llvm::append_range(inputs, loop.getCaptures());
    return {{&loop.getTest(), inputs, {}}, {&loop.getBody(), inputs, {}}};
  }
  auto scan = cast<ScanOp>(op);
  const unsigned first = scan.getNumCarried(), count = scan.getOver().size();
  return {{&scan.getBody(), SmallVector<Value>(scan.getOperands()), {first, first + count}}};
}

bool isControl(Operation* op) { return isa<CondOp, WhileOp, ScanOp>(op); }

Result<std::vector<Shape>> controlDims(Operation* op, const DimSource& dims, Requirements* requirements) {
  const Rule rule(ruleName(op->getName().getStringRef()), requirements);
  std::vector<Shape> shapes;
  auto add = [&](const char* what, Value left, Value right) -> Status {
    shapes.push_back(dims.shape(left));
    return equalDims(rule, what, shapes.size() - 1, shapes.back(), dims.shape(right));
  };
  if (auto cond = dyn_cast<CondOp>(op)) {
    for (auto [left, right] : llvm::zip_equal(yieldedBy(cond.getThen()), yieldedBy(cond.getOtherwise())))
      if (Status status = add("result", left, right); !status) return status.failure();
    return shapes;
  }
  ValueRange inits, yields;
  if (auto loop = dyn_cast<WhileOp>(op)) {
    inits = loop.getInits();
    yields = yieldedBy(loop.getBody());
  } else {
    inits = cast<ScanOp>(op).getInits();
    yields = yieldedBy(cast<ScanOp>(op).getBody());
  }
  for (auto [init, next] : llvm::zip(inits, yields))
    if (Status status = add("carried value", init, next); !status) return status.failure();
  auto scan = dyn_cast<ScanOp>(op);
  if (!scan) return shapes;
  const Dim count = dims.shape(scan.getOver()[0])[0];
  for (Value over : scan.getOver().drop_front()) {
    const Dim other = dims.shape(over)[0];
    auto message = [&] { return runtime::concat("tensors to scan over have ", count, " and ", other, " parts"); };
    if (Status status = rule.equal(count, other, message); !status) return status.failure();
  }
  for (Value yielded : yields.drop_front(inits.size())) {
    Shape shape{count};
    for (const Dim& dim : dims.shape(yielded)) shape.push_back(dim);
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

} // namespace ogee::ir
