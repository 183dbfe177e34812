// Computes the dims of all values of a function, op by op.
#include "ir/dims.h"

#include "ir/control.h"
#include "ir/dims_names.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

namespace ogee::ir {

using namespace mlir;

Shape DimAnalysis::shape(Value tensor) const {
  auto it = shapes_.find(tensor);
  assert(it != shapes_.end() && "a tensor of another function");
  return it->second;
}

Dim DimAnalysis::index(Value value) const {
  auto it = indices_.find(value);
  assert(it != indices_.end() && "an index of another function");
  return it->second;
}

/// Fills a DimAnalysis.
class DimAnalyzer {
public:
  DimAnalyzer(func::FuncOp function, const DimNames& names) : function_(function), names_(names) {}

  FailureOr<DimAnalysis> run() {
    analysis_.strides_.resize(function_.getNumArguments());
    for (BlockArgument argument : function_.getArguments())
      if (isa<RankedTensorType>(argument.getType())) addTensor(argument);
    for (BlockArgument argument : function_.getArguments())
      if (argument.getType().isIndex()) addIndex(argument);
    if (failed(addBlock(function_.getBody().front()))) return failure();
    return std::move(analysis_);
  }

private:
  // --- arguments -----------------------------------------------------------------------------------------------------

  void addTensor(BlockArgument argument) {
    const unsigned position = argument.getArgNumber();
    Shape shape;
    for (unsigned axis = 0; axis < cast<RankedTensorType>(argument.getType()).getRank(); ++axis) {
      shape.push_back(names_.dim(position, axis));
      addSource({shape.back(), SymbolSource::Kind::dim, position, axis});
    }
    for (unsigned axis = 0; axis < names_.info(position).strides.size(); ++axis) {
      analysis_.strides_[position].push_back(names_.stride(position, axis));
      addSource({analysis_.strides_[position].back(), SymbolSource::Kind::stride, position, axis});
    }
    analysis_.shapes_[argument] = std::move(shape);
  }

  /// An index that has the name of a size is that size. If a tensor gives the size, the call checks that they agree.
  void addIndex(BlockArgument argument) {
    const unsigned position = argument.getArgNumber();
    const Dim value = names_.value(position), size = names_.knownValue(position).value_or(value);
    if (!addSource({size, SymbolSource::Kind::index, position, 0})) {
      addSource({value, SymbolSource::Kind::index, position, 0});
      const std::string message = runtime::concat("index argument ", position, " is not the size ", size);
      analysis_.checks_.push_back({{Requirement::Kind::equal, value, size, message}, function_});
    }
    analysis_.indices_[argument] = size;
  }

  /// Whether `source` is the first one of its symbol.
  bool addSource(SymbolSource source) {
    const runtime::DimSymbol* symbol = source.symbol.as_symbol();
    if (!symbol || !symbols_.insert(symbol->name).second) return false;
    analysis_.symbols_.push_back(std::move(source));
    return true;
  }

  // --- ops -----------------------------------------------------------------------------------------------------------

  LogicalResult addBlock(Block& block) {
    for (Operation& op : block)
      if (failed(addOp(&op))) return failure();
    return success();
  }

  LogicalResult addOp(Operation* op) {
    if (auto group = dyn_cast<GroupOp>(op)) return addGroup(group);
    if (isControl(op)) return addControl(op);
    if (auto inferring = dyn_cast<InferDimsOpInterface>(op)) return addTensor(inferring);
    for (Value result : op->getResults()) {
      if (isa<RankedTensorType>(result.getType())) return op->emitOpError("is not an op of the ogee dialect");
      if (!result.getType().isIndex()) continue;
      Dim value = indexValue(op);
      if (!value.valid()) return op->emitOpError("computes an index that is not an expression of sizes, or too large");
      analysis_.indices_[result] = std::move(value);
    }
    return success();
  }

  LogicalResult addTensor(InferDimsOpInterface op) {
    Requirements requirements;
    Result<Shape> shape = op.inferDims(analysis_, &requirements);
    if (!shape) return emitError(op.getLoc(), shape.message());
    for (Requirement& requirement : requirements) analysis_.checks_.push_back({std::move(requirement), op});
    analysis_.shapes_[op->getResult(0)] = std::move(*shape);
    return success();
  }

  LogicalResult addGroup(GroupOp group) {
    Block& body = group.getBody().front();
    for (auto [argument, input] : llvm::zip_equal(body.getArguments(), group.getInputs())) copy(input, argument);
    if (failed(addBlock(body))) return failure();
    for (auto [output, yielded] : llvm::zip_equal(group.getOutputs(), body.getTerminator()->getOperands()))
      copy(yielded, output);
    return success();
  }

  LogicalResult addControl(Operation* op) {
    for (const RegionInputs& inputs : regionInputs(op)) {
      for (auto [argument, value] : llvm::zip_equal(inputs.region->getArguments(), inputs.values)) {
        copy(value, argument);
        if (!inputs.isPart(argument.getArgNumber())) continue;
        const Shape whole = analysis_.shape(value);
        analysis_.shapes_[argument] = Shape(std::span<const Dim>(whole).subspan(1));
      }
      if (failed(addBlock(inputs.region->front()))) return failure();
    }
    Requirements requirements;
    Result<std::vector<Shape>> shapes = controlDims(op, analysis_, &requirements);
    if (!shapes) return emitError(op->getLoc(), shapes.message());
    for (Requirement& requirement : requirements) analysis_.checks_.push_back({std::move(requirement), op});
    for (auto [result, shape] : llvm::zip_equal(op->getResults(), *shapes)) analysis_.shapes_[result] = shape;
    return success();
  }

  void copy(Value from, Value to) {
    if (from.getType().isIndex())
      analysis_.indices_[to] = analysis_.index(from);
    else
      analysis_.shapes_[to] = analysis_.shape(from);
  }

  /// The value of an index that `op` computes, invalid if it is none that sizes can express.
  Dim indexValue(Operation* op) {
    SmallVector<Dim, 2> operands;
    for (Value operand : op->getOperands())
      if (operand.getType().isIndex()) operands.push_back(analysis_.index(operand));
    auto apply = [&](auto compute) {
      return operands.size() == 2 ? compute(operands[0], operands[1]) : Dim::invalid();
    };
    return llvm::TypeSwitch<Operation*, Dim>(op)
        .Case([&](DimOp dim) { return analysis_.shape(dim.getOperand())[dim.getAxis()]; })
        .Case([](arith::ConstantOp constant) { return Dim(cast<IntegerAttr>(constant.getValue()).getInt()); })
        .Case([&](arith::AddIOp) { return apply([](const Dim& a, const Dim& b) { return a + b; }); })
        .Case([&](arith::SubIOp) { return apply([](const Dim& a, const Dim& b) { return a - b; }); })
        .Case([&](arith::MulIOp) { return apply([](const Dim& a, const Dim& b) { return a * b; }); })
        .Case([&](arith::FloorDivSIOp) { return apply([](const Dim& a, const Dim& b) { return a / b; }); })
        .Case([&](arith::CeilDivSIOp) { return apply([](const Dim& a, const Dim& b) { return ceil_div(a, b); }); })
        .Case([&](arith::DivSIOp) {
          return apply([](const Dim& a, const Dim& b) { return areNatural(a, b) ? a / b : Dim::invalid(); });
        })
        .Case([&](arith::RemSIOp) {
          return apply([](const Dim& a, const Dim& b) { return areNatural(a, b) ? a % b : Dim::invalid(); });
        })
        .Case([&](arith::MinSIOp) { return apply([](const Dim& a, const Dim& b) { return min(a, b); }); })
        .Case([&](arith::MaxSIOp) { return apply([](const Dim& a, const Dim& b) { return max(a, b); }); })
        .Default([](Operation*) { return Dim::invalid(); });
  }

  /// Whether rounding down and rounding to zero are the same for a / b.
  static bool areNatural(const Dim& a, const Dim& b) { return a.range().lo >= 0 && b.range().lo >= 0; }

  func::FuncOp function_;
  const DimNames& names_;
  llvm::StringSet<> symbols_;
  DimAnalysis analysis_;
};

FailureOr<DimAnalysis> DimAnalysis::run(func::FuncOp function) {
  if (!llvm::hasSingleElement(function.getBody())) return function.emitOpError("must have one block");
  DimNames names(function);
  for (;;) {
    if (failed(names.declare())) return failure();
    FailureOr<DimAnalysis> analysis = DimAnalyzer(function, names).run();
    if (failed(analysis) || !names.unite(analysis->checks_)) return analysis;
  }
}

} // namespace ogee::ir
