// Movement: the shape rules. Builders are in mixed.cpp, folds and canonicalisation in movement_fold.cpp.
#include "ir/dialect.h"
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

LogicalResult DimOp::verify() {
  const int64_t axis = getAxis(), rank = getOperand().getType().getRank();
  if (Status status = Rule(ruleName(getOperationName())).axesInRange(Axes(&axis, 1), rank); !status)
    return emitError(status.message());
  return success();
}

} // namespace ogee::ir
