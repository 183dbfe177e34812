// Walks a function op by op, holds every value in memory, and checks what only a run can know.
#include "tools/reference/interpret.h"

#include "ir/dialect.h"
#include "ir/signature.h"
#include "runtime/shape.h"
#include "tools/reference/families.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/ADT/TypeSwitch.h"

#include <map>
#include <sstream>

namespace ogee::reference {

using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::success;

DType dtypeOf(mlir::Type element) { return *ir::dtypeOf(element); }

Index Values::sizes(mlir::ArrayRef<mlir::OpFoldResult> mixed) const {
  Index numbers;
  for (mlir::OpFoldResult size : mixed)
    numbers.push_back(mlir::isa<mlir::Value>(size)
                          ? index(mlir::cast<mlir::Value>(size))
                          : mlir::cast<mlir::IntegerAttr>(mlir::cast<mlir::Attribute>(size)).getInt());
  return numbers;
}

LogicalResult checkShape(Operation* op, const Index& shape) {
  for (int64_t size : shape)
    if (size < 0) return op->emitError("negative size: ") << toString(shape);
  constexpr int64_t kMaxElements = int64_t(1) << 32; // more than anyone waits for
  const auto count = runtime::checked_numel(shape);
  if (!count || *count > kMaxElements) return op->emitError("too large for the interpreter: ") << toString(shape);
  return success();
}

LogicalResult checkResultType(mlir::OpResult result, const Array& array) {
  const auto type = mlir::cast<mlir::RankedTensorType>(result.getType());
  for (size_t axis = 0; axis < array.shape.size(); ++axis)
    if (!type.isDynamicDim(axis) && type.getDimSize(axis) != array.shape[axis])
      return result.getOwner()->emitError("result dim ")
             << axis << " is " << array.shape[axis] << ", its type says " << type.getDimSize(axis);
  return success();
}

namespace {

// --- arguments -----------------------------------------------------------------------------------

/// "arg 0 (x)".
std::string nameOf(unsigned argument, const ir::ArgumentInfo& info) {
  return "arg " + std::to_string(argument) + (info.name.empty() ? "" : " (" + info.name + ")");
}

/// Checks the sizes of arguments: numbers in the types, equal names for equal sizes, ranges.
class SizeChecker {
public:
  explicit SizeChecker(mlir::func::FuncOp function) : function_(function) {}

  LogicalResult check(unsigned argument, const Index& sizes) {
    const ir::ArgumentInfo info = ir::argumentInfo(function_, argument);
    const auto type = mlir::dyn_cast<mlir::RankedTensorType>(function_.getArgumentTypes()[argument]);
    for (size_t axis = 0; axis < sizes.size(); ++axis) {
      const std::string name = info.dims.empty() ? "" : info.dims[axis];
      const int64_t number = type && !type.isDynamicDim(axis) ? type.getDimSize(axis) : sizes[axis];
      const std::string expected =
          expectedSize(sizes[axis], number, name, info.ranges.empty() ? std::nullopt : info.ranges[axis]);
      if (!expected.empty())
        return function_.emitError() << nameOf(argument, info) << (type ? " dim " + std::to_string(axis) : "") << " is "
                                     << sizes[axis] << ", expected " << expected
                                     << (name.empty() ? "" : " (" + name + ")");
    }
    return success();
  }

private:
  /// What a size should be, "" if it is right.
  std::string expectedSize(int64_t size, int64_t number, const std::string& name,
                           const std::optional<std::pair<int64_t, int64_t>>& range) {
    if (size != number) return std::to_string(number);
    if (range && (size < range->first || size > range->second))
      return std::to_string(range->first) + " to " + std::to_string(range->second);
    const int64_t first = name.empty() ? size : named_.try_emplace(name, size).first->second;
    return size == first ? "" : std::to_string(first);
  }

  mlir::func::FuncOp function_;
  std::map<std::string, int64_t> named_;
};

LogicalResult bindArguments(mlir::func::FuncOp function, std::span<const Array> arguments, Values& values) {
  if (arguments.size() != function.getNumArguments())
    return function.emitError() << "takes " << function.getNumArguments() << " arguments, got " << arguments.size();
  SizeChecker checker(function);
  for (const auto [i, argument] : llvm::enumerate(function.getArguments())) {
    const Array& array = arguments[i];
    const auto type = mlir::dyn_cast<mlir::RankedTensorType>(argument.getType());
    const size_t rank = type ? type.getRank() : 0;
    const DType dtype = type ? dtypeOf(type.getElementType()) : DType::i64;
    if (array.dtype != dtype || array.shape.size() != rank)
      return function.emitError() << nameOf(i, ir::argumentInfo(function, i)) << " is "
                                  << llvm::StringRef(runtime::name(array.dtype)) << " of rank " << array.shape.size()
                                  << ", expected " << llvm::StringRef(runtime::name(dtype)) << " of rank " << rank;
    if (mlir::failed(checker.check(i, type ? array.shape : Index{array.as<int64_t>()[0]}))) return failure();
    if (type)
      values.set(argument, array);
    else
      values.setIndex(argument, array.as<int64_t>()[0]);
  }
  return success();
}

// --- ops -----------------------------------------------------------------------------------------

int64_t floorDivide(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }
int64_t ceilDivide(int64_t a, int64_t b) { return a / b + (a % b != 0 && (a < 0) == (b < 0)); }

/// The number an op of arith on `index` gives, or failure where it is undefined. nullopt: another op.
std::optional<FailureOr<int64_t>> evaluateIndex(Operation* op, const Values& values) {
  namespace arith = mlir::arith;
  using Result = std::optional<FailureOr<int64_t>>;
  if (auto constant = mlir::dyn_cast<arith::ConstantOp>(op); constant && constant.getType().isIndex())
    return mlir::cast<mlir::IntegerAttr>(constant.getValue()).getInt();
  if (op->getNumOperands() != 2 || !llvm::all_of(op->getOperandTypes(), llvm::IsaPred<mlir::IndexType>))
    return std::nullopt;
  const int64_t a = values.index(op->getOperand(0)), b = values.index(op->getOperand(1));
  int64_t exact = 0;
  const auto checked = [&](bool overflows) -> Result { return overflows ? FailureOr<int64_t>(failure()) : exact; };
  const auto divided = [&](auto divide) -> Result {
    return b == 0 || (a == INT64_MIN && b == -1) ? FailureOr<int64_t>(failure()) : divide(a, b);
  };
  return llvm::TypeSwitch<Operation*, Result>(op)
      .Case([&](arith::AddIOp) { return checked(__builtin_add_overflow(a, b, &exact)); })
      .Case([&](arith::SubIOp) { return checked(__builtin_sub_overflow(a, b, &exact)); })
      .Case([&](arith::MulIOp) { return checked(__builtin_mul_overflow(a, b, &exact)); })
      .Case([&](arith::FloorDivSIOp) { return divided(floorDivide); })
      .Case([&](arith::CeilDivSIOp) { return divided(ceilDivide); })
      .Case([&](arith::DivSIOp) { return divided([](int64_t x, int64_t y) { return x / y; }); })
      .Case([&](arith::RemSIOp) { return divided([](int64_t x, int64_t y) { return x % y; }); })
      .Case([&](arith::MinSIOp) { return std::min(a, b); })
      .Case([&](arith::MaxSIOp) { return std::max(a, b); })
      .Default([](Operation*) { return std::nullopt; });
}

LogicalResult evaluateBlock(mlir::Block& block, Values& values, llvm::SmallVectorImpl<Array>& results);

/// The number of an array of rank 0, the range of any other.
std::string rangeText(const Array& array) {
  return withType<bool, int32_t, int64_t, float, double>(array.dtype, [&]<class T>() -> std::string {
    std::optional<std::pair<T, T>> range;
    bool nan = false;
    for (int64_t i = 0; i < array.numel(); ++i) {
      const T value = array.as<T>()[i];
      nan |= value != value;
      if (value == value)
        range =
            range ? std::pair(std::min(range->first, value), std::max(range->second, value)) : std::pair(value, value);
    }
    if (!range) return nan ? "nan" : "[]";
    std::ostringstream out;
    if (array.shape.empty())
      out << range->first;
    else
      out << "[" << range->first << ", " << range->second << "]" << (nan ? " with nan" : "");
    return out.str();
  });
}

LogicalResult evaluateCheck(ir::CheckOp check, const Values& values) {
  if (!values.array(check.getFailed()).as<bool>()[0]) return success();
  std::string message = check.getMessage().str();
  for (auto [i, value] : llvm::enumerate(check.getValues())) {
    const std::string place = "{" + std::to_string(i) + "}";
    for (size_t at; (at = message.find(place)) != std::string::npos;)
      message.replace(at, place.size(), rangeText(values.array(value)));
  }
  if (check.getHint()) message += "; hint: " + check.getHint()->str();
  return check->emitError(message);
}

LogicalResult evaluateGroup(ir::GroupOp group, Values& values) {
  mlir::Block& body = group.getBody().front();
  for (auto [argument, input] : llvm::zip_equal(body.getArguments(), group.getInputs()))
    if (mlir::isa<mlir::IndexType>(input.getType()))
      values.setIndex(argument, values.index(input));
    else
      values.set(argument, Array(values.array(input)));
  llvm::SmallVector<Array> outputs;
  if (mlir::failed(evaluateBlock(body, values, outputs))) return failure();
  for (auto [result, output] : llvm::zip_equal(group.getOutputs(), outputs)) values.set(result, std::move(output));
  return success();
}

LogicalResult evaluate(Operation* op, Values& values) {
  if (auto group = mlir::dyn_cast<ir::GroupOp>(op)) return evaluateGroup(group, values);
  if (auto done = evaluateControl(op, values, evaluateBlock)) return *done;
  if (auto check = mlir::dyn_cast<ir::CheckOp>(op)) return evaluateCheck(check, values);
  if (auto stop = mlir::dyn_cast<ir::StopGradientOp>(op)) {
    values.set(stop.getResult(), values.array(stop.getOperand()));
    return success();
  }
  if (auto custom = mlir::dyn_cast<ir::CustomVjpOp>(op)) {
    values.set(custom.getResult(), values.array(custom.getInputs().back()));
    return success();
  }
  if (auto dim = mlir::dyn_cast<ir::DimOp>(op)) {
    values.setIndex(dim, values.array(dim.getOperand()).shape[dim.getAxis()]);
    return success();
  }
  if (auto number = evaluateIndex(op, values)) {
    if (mlir::failed(*number)) return op->emitError("overflow or division by zero in a size");
    values.setIndex(op->getResult(0), **number);
    return success();
  }
  for (auto family : {evaluatePointwise, evaluateReduction, evaluateContraction, evaluateMovement, evaluateIndexing,
                      evaluateCreation, evaluateRandom})
    if (Evaluation result = family(op, values)) {
      if (mlir::failed(*result) || mlir::failed(checkResultType(op->getResult(0), **result))) return failure();
      values.set(op->getResult(0), std::move(**result));
      return success();
    }
  return op->emitError("the interpreter does not know this op");
}

LogicalResult evaluateBlock(mlir::Block& block, Values& values, llvm::SmallVectorImpl<Array>& results) {
  for (Operation& op : block.without_terminator())
    if (mlir::failed(evaluate(&op, values))) return failure();
  for (mlir::Value operand : block.getTerminator()->getOperands()) {
    Array index(DType::i64, {});
    if (mlir::isa<mlir::IndexType>(operand.getType())) index.as<int64_t>()[0] = values.index(operand);
    results.push_back(mlir::isa<mlir::IndexType>(operand.getType()) ? index : values.array(operand));
  }
  return success();
}

} // namespace

FailureOr<std::vector<Array>> interpret(mlir::func::FuncOp function, std::span<const Array> arguments) {
  if (function.isExternal()) return function.emitError("has no body");
  Values values;
  llvm::SmallVector<Array> results;
  if (mlir::failed(bindArguments(function, arguments, values)) ||
      mlir::failed(evaluateBlock(function.getBody().front(), values, results)))
    return failure();
  return std::vector<Array>(std::make_move_iterator(results.begin()), std::make_move_iterator(results.end()));
}

} // namespace ogee::reference
