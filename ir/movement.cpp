// Movement: the shape rules and gradients. Builders are in mixed.cpp, folds and canonicalisation in movement_fold.cpp.
#include "ir/dialect.h"
#include "ir/mixed.h"
#include "ir/rule.h"

namespace ogee::ir {

using namespace mlir;

Result<Shape> reshapeShape(std::string_view op, Dims operand, Dims sizes, Requirements* requirements) {
  const Rule rule(op, requirements);
  if (Status status = rule.notNegative(sizes); !status) return status.failure();
  auto message = [&] {
    return runtime::concat(text(operand), " and ", text(sizes), " have different numbers of elements");
  };
  if (Status status = rule.equal(numel(operand), numel(sizes), message); !status) return status.failure();
  return Shape(sizes);
}

Result<Shape> transposeShape(std::string_view op, Dims operand, Axes perm) {
  const Rule rule(op);
  if (Status status = rule.perDim("axes", perm.size(), operand.size()); !status) return status.failure();
  if (Status status = rule.axesInRange(perm, operand.size()); !status) return status.failure();
  std::vector<bool> seen(perm.size());
  Shape result;
  for (int64_t axis : perm) {
    if (seen[axis]) return rule.fail("axis ", axis, " is named twice");
    seen[axis] = true;
    result.push_back(operand[axis]);
  }
  return result;
}

Result<Shape> broadcastShape(std::string_view op, Dims operand, Axes axes, Dims sizes, Requirements* requirements) {
  const Rule rule(op, requirements);
  if (Status status = rule.notNegative(sizes); !status) return status.failure();
  if (Status status = rule.perDim("axes", axes.size(), operand.size()); !status) return status.failure();
  if (Status status = rule.ascendingAxes(axes, sizes.size()); !status) return status.failure();
  auto message = [&] {
    return runtime::concat(text(operand), " does not broadcast to ", text(sizes), " along axes ", text(axes));
  };
  for (size_t i = 0; i < operand.size(); ++i)
    if (!same(operand[i], 1))
      if (Status status = rule.equal(operand[i], sizes[axes[i]], message); !status) return status.failure();
  return Shape(sizes);
}

Result<Shape> sliceShape(std::string_view op, Dims operand, Dims offsets, Dims sizes, Dims strides,
                         Requirements* requirements) {
  const Rule rule(op, requirements);
  if (Status status = rule.perDim("offsets", offsets.size(), operand.size()); !status) return status.failure();
  if (Status status = rule.perDim("sizes", sizes.size(), operand.size()); !status) return status.failure();
  if (Status status = rule.perDim("strides", strides.size(), operand.size()); !status) return status.failure();
  if (Status status = rule.notNegative(sizes); !status) return status.failure();
  for (size_t i = 0; i < operand.size(); ++i) {
    const Dim &offset = offsets[i], &size = sizes[i], &stride = strides[i];
    auto message = [&](const char* what) {
      return [&, what] {
        return runtime::concat(what, " along axis ", i, " of ", text(operand), ": offset ", offset, ", size ", size,
                               ", stride ", stride);
      };
    };
    if (Status status = rule.atMost(1, stride, message("the stride is below 1")); !status) return status.failure();
    if (Status status = rule.atMost(0, offset, message("the offset is negative")); !status) return status.failure();
    const Dim end = same(size, 0) ? offset : offset + (size - 1) * stride + 1;
    if (Status status = rule.atMost(end, operand[i], message("out of bounds")); !status) return status.failure();
  }
  return Shape(sizes);
}

Result<Shape> padShape(std::string_view op, Dims operand, Dims low, Dims high, Axes interior,
                       Requirements* requirements) {
  const Rule rule(op, requirements);
  if (Status status = rule.perDim("low pads", low.size(), operand.size()); !status) return status.failure();
  if (Status status = rule.perDim("high pads", high.size(), operand.size()); !status) return status.failure();
  if (Status status = rule.perDim("interior pads", interior.size(), operand.size()); !status) return status.failure();
  Shape result;
  for (size_t i = 0; i < operand.size(); ++i) {
    if (interior[i] < 0) return rule.fail("an interior pad is negative: ", text(interior));
    const Dim between = interior[i] == 0 ? Dim(0) : max(operand[i] - 1, 0) * interior[i];
    result.push_back(low[i] + operand[i] + between + high[i]);
  }
  if (Status status = rule.notNegative(result); !status) return status.failure();
  return result;
}

Result<Shape> concatenateShape(std::string_view op, std::span<const Dims> operands, int64_t axis,
                               Requirements* requirements) {
  const Rule rule(op, requirements);
  if (operands.empty()) return rule.fail("there are no operands");
  const Dims first = operands.front();
  if (Status status = rule.axesInRange(Axes(&axis, 1), first.size()); !status) return status.failure();
  Shape result(first);
  for (Dims operand : operands.subspan(1)) {
    auto message = [&] {
      return runtime::concat("sizes differ along an axis other than ", axis, ": ", text(first), " and ", text(operand));
    };
    if (operand.size() != first.size()) return rule.fail("ranks differ: ", text(first), " and ", text(operand));
    for (size_t i = 0; i < first.size(); ++i) {
      if (std::cmp_equal(i, axis)) {
        result[i] += operand[i];
        continue;
      }
      if (Status status = rule.equal(result[i], operand[i], message); !status) return status.failure();
      if (operand[i].is_number()) result[i] = operand[i];
    }
  }
  if (!result[axis].valid()) return rule.fail("a size is too large");
  return result;
}

Result<Shape> reverseShape(std::string_view op, Dims operand, Axes axes) {
  if (Status status = Rule(op).ascendingAxes(axes, operand.size()); !status) return status.failure();
  return Shape(operand);
}

// --- the ops' rules --------------------------------------------------------------------------------------------------

Result<Shape> ReshapeOp::shapeRule(Adaptor op, const DimSource& dims, Requirements* requirements) {
  const std::string_view name = ruleName(getOperationName());
  Result<Shape> sizes = dims.mixed(name, op.getSizes(), op.getStaticSizes());
  return sizes ? reshapeShape(name, dims.shape(op.getOperand()), *sizes, requirements) : sizes;
}

Result<Shape> TransposeOp::shapeRule(Adaptor op, const DimSource& dims, Requirements*) {
  return transposeShape(ruleName(getOperationName()), dims.shape(op.getOperand()), op.getPerm());
}

Result<Shape> BroadcastOp::shapeRule(Adaptor op, const DimSource& dims, Requirements* requirements) {
  const std::string_view name = ruleName(getOperationName());
  Result<Shape> sizes = dims.mixed(name, op.getSizes(), op.getStaticSizes());
  return sizes ? broadcastShape(name, dims.shape(op.getOperand()), op.getDims(), *sizes, requirements) : sizes;
}

Result<Shape> SliceOp::shapeRule(Adaptor op, const DimSource& dims, Requirements* requirements) {
  const std::string_view name = ruleName(getOperationName());
  Result<Shape> offsets = dims.mixed(name, op.getOffsets(), op.getStaticOffsets());
  if (!offsets) return offsets;
  Result<Shape> sizes = dims.mixed(name, op.getSizes(), op.getStaticSizes());
  if (!sizes) return sizes;
  Result<Shape> strides = dims.mixed(name, op.getStrides(), op.getStaticStrides());
  if (!strides) return strides;
  return sliceShape(name, dims.shape(op.getOperand()), *offsets, *sizes, *strides, requirements);
}

Result<Shape> PadOp::shapeRule(Adaptor op, const DimSource& dims, Requirements* requirements) {
  const std::string_view name = ruleName(getOperationName());
  Result<Shape> low = dims.mixed(name, op.getLow(), op.getStaticLow());
  if (!low) return low;
  Result<Shape> high = dims.mixed(name, op.getHigh(), op.getStaticHigh());
  if (!high) return high;
  return padShape(name, dims.shape(op.getOperand()), *low, *high, op.getInterior(), requirements);
}

Result<Shape> ConcatenateOp::shapeRule(Adaptor op, const DimSource& dims, Requirements* requirements) {
  SmallVector<Shape> shapes;
  for (Value operand : op.getOperands()) shapes.push_back(dims.shape(operand));
  SmallVector<Dims> operands(shapes.begin(), shapes.end());
  return concatenateShape(ruleName(getOperationName()), operands, op.getAxis(), requirements);
}

Result<Shape> ReverseOp::shapeRule(Adaptor op, const DimSource& dims, Requirements*) {
  return reverseShape(ruleName(getOperationName()), dims.shape(op.getOperand()), op.getAxes());
}

// --- gradients -------------------------------------------------------------------------------------------------------

namespace {

SmallVector<OpFoldResult> dimsOf(Vjp& v, Value tensor) { return ir::dimsOf(v.b, v.b.getLoc(), tensor); }

/// A tensor of rank 0.
Value scalar(Vjp& v, Type element, double number) {
  auto type = RankedTensorType::get({}, element);
  const Attribute value = isa<FloatType>(element)
                              ? Attribute(v.b.getFloatAttr(element, number))
                              : Attribute(v.b.getIntegerAttr(element, static_cast<int64_t>(number)));
  return v.b.create<ConstantOp>(DenseElementsAttr::get(type, value));
}

SmallVector<OpFoldResult> numbers(Vjp& v, ArrayRef<int64_t> list) {
  return llvm::map_to_vector(list, [&](int64_t number) { return OpFoldResult(v.b.getIndexAttr(number)); });
}

} // namespace

void ReshapeOp::buildVjp(Vjp& v) { v.give(0, v.b.create<ReshapeOp>(v.dy().value(), dimsOf(v, v.x()))); }

void TransposeOp::buildVjp(Vjp& v) {
  SmallVector<int64_t> inverse(getPerm().size());
  for (auto [i, axis] : llvm::enumerate(getPerm())) inverse[axis] = i;
  v.give(0, v.b.create<TransposeOp>(v.dy().value(), inverse));
}

/// The sum over what was repeated.
void BroadcastOp::buildVjp(Vjp& v) {
  SmallVector<int64_t> repeated;
  for (int64_t axis = 0; axis < getType().getRank(); ++axis) {
    const auto* source = llvm::find(getDims(), axis);
    const bool isNew = source == getDims().end();
    if (isNew ||
        (getOperand().getType().getDimSize(source - getDims().begin()) == 1 && getType().getDimSize(axis) != 1))
      repeated.push_back(axis);
  }
  Value sum = v.b.create<SumOp>(v.dy().value(), repeated);
  v.give(0, v.b.create<ReshapeOp>(sum, dimsOf(v, v.x())));
}

/// Zeros around and between the elements that were taken.
void SliceOp::buildVjp(Vjp& v) {
  if (!getStrides().empty()) return v.refuse("with strides that only a run knows");
  SmallVector<OpFoldResult> high;
  SmallVector<int64_t> between;
  const OpFoldResult one = v.b.getIndexAttr(1);
  for (auto [dim, offset, size, stride] :
       llvm::zip_equal(dimsOf(v, v.x()), getMixedOffsets(), getMixedSizes(), getStaticStrides())) {
    const OpFoldResult steps = multiply(v.b, subtract(v.b, size, one), v.b.getIndexAttr(stride));
    OpFoldResult covered = add(v.b, steps, one); // at least 0: a slice of no elements covers none
    if (std::optional<int64_t> number = getConstantIntValue(covered))
      covered = v.b.getIndexAttr(std::max<int64_t>(*number, 0));
    else
      covered = v.b.createOrFold<arith::MaxSIOp>(cast<Value>(covered), v.b.create<arith::ConstantIndexOp>(0));
    high.push_back(subtract(v.b, subtract(v.b, dim, offset), covered));
    between.push_back(stride - 1);
  }
  Value zero = scalar(v, elementOf(getOperand()), 0);
  v.give(0, v.b.create<PadOp>(v.dy().value(), zero, getMixedOffsets(), high, between));
}

/// The elements where the operand's are, 0 for those that negative pads have cut; what is left goes to the value.
void PadOp::buildVjp(Vjp& v) {
  const OpFoldResult none = v.b.getIndexAttr(0);
  auto negated = [&](ArrayRef<OpFoldResult> pads) {
    return llvm::map_to_vector(pads, [&](OpFoldResult pad) { return subtract(v.b, none, pad); });
  };
  const SmallVector<int64_t> noGaps(getInterior().size(), 0);
  if (v.wants(0)) {
    Value zero = scalar(v, elementOf(getOperand()), 0);
    Value core = v.b.create<PadOp>(v.dy().value(), zero, negated(getMixedLow()), negated(getMixedHigh()), noGaps);
    SmallVector<int64_t> steps(getInterior());
    for (int64_t& step : steps) ++step;
    const SmallVector<OpFoldResult> dims = dimsOf(v, v.x());
    v.give(0, v.b.create<SliceOp>(core, numbers(v, noGaps), dims, numbers(v, steps)));
  }
  if (!v.wants(1)) return;
  const Type boolean = v.b.getI1Type();
  Value inside = v.b.create<BroadcastOp>(scalar(v, boolean, 1), ArrayRef<int64_t>(), dimsOf(v, v.x()));
  Value taken = v.b.create<PadOp>(inside, scalar(v, boolean, 0), getMixedLow(), getMixedHigh(), getInterior());
  const Term outside = where({v.b, taken}, 0, v.dy());
  v.give(1, v.b.create<SumOp>(outside.value(), llvm::to_vector(llvm::seq<int64_t>(0, getType().getRank()))));
}

/// Each operand's part.
void ConcatenateOp::buildVjp(Vjp& v) {
  const SmallVector<int64_t> ones(getType().getRank(), 1), zeros(getType().getRank(), 0);
  SmallVector<OpFoldResult> offsets = numbers(v, zeros);
  for (auto [i, operand] : llvm::enumerate(getOperands())) {
    const SmallVector<OpFoldResult> dims = dimsOf(v, operand);
    if (v.wants(i)) v.give(i, v.b.create<SliceOp>(v.dy().value(), offsets, dims, numbers(v, ones)));
    offsets[getAxis()] = add(v.b, offsets[getAxis()], dims[getAxis()]);
  }
}

void ReverseOp::buildVjp(Vjp& v) { v.give(0, v.b.create<ReverseOp>(v.dy().value(), getAxes())); }

LogicalResult DimOp::verify() {
  const int64_t axis = getAxis(), rank = getOperand().getType().getRank();
  if (Status status = Rule(ruleName(getOperationName())).axesInRange(Axes(&axis, 1), rank); !status)
    return emitError(status.message());
  return success();
}

} // namespace ogee::ir
