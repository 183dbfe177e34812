// Counts arithmetic and traffic over the ops of a graph.
#include "codegen/cost.h"

#include "ir/dialect.h"
#include "ir/dims.h"

#include "llvm/ADT/TypeSwitch.h"

#include <map>

namespace ogee::codegen {

using runtime::Dim;

namespace {

/// Evaluates Dims for the sizes of one call.
class Evaluator {
public:
  Evaluator(const ir::DimAnalysis& dims, std::span<const std::vector<int64_t>> shapes) : dims_(dims) {
    for (const ir::SymbolSource& source : dims.symbols())
      if (source.kind != ir::SymbolSource::Kind::stride)
        values_[source.symbol.as_symbol()->name] =
            shapes[source.argument][source.kind == ir::SymbolSource::Kind::index ? 0 : source.axis];
  }

  // The builder that runtime::fold asks for.
  int64_t number(int64_t value) { return value; }
  int64_t symbol(const runtime::DimSymbol& symbol) { return values_.at(symbol.name); }
  int64_t apply(runtime::DimOp op, int64_t a, int64_t b) { return Dim::combine(op, a, b).number(); }

  double size(const Dim& dim) { return double(runtime::fold<int64_t>(dim, *this)); }
  double size(mlir::Value tensor, int64_t axis) { return size(dims_.shape(tensor)[axis]); }
  double numel(mlir::Value tensor) {
    double product = 1;
    for (const Dim& dim : dims_.shape(tensor)) product *= size(dim);
    return product;
  }
  double bytes(mlir::Value value) {
    const auto type = mlir::dyn_cast<mlir::RankedTensorType>(value.getType());
    return type ? numel(value) * double(runtime::item_size(*ir::dtypeOf(type.getElementType()))) : 0;
  }

private:
  const ir::DimAnalysis& dims_;
  std::map<std::string, int64_t> values_;
};

double flopOf(mlir::Operation* op, Evaluator& sizes) {
  return llvm::TypeSwitch<mlir::Operation*, double>(op)
      .Case([&](ir::DotOp dot) {
        double flop = 2 * sizes.numel(dot.getResult());
        for (int64_t axis : dot.getLhsContract()) flop *= sizes.size(dot.getLhs(), axis);
        return flop;
      })
      .Case([&](ir::ReductionOpInterface) { return sizes.numel(op->getOperand(0)); })
      .Case([&](ir::PointwiseOpInterface) { return sizes.numel(op->getResult(0)); })
      .Default(0.0);
}

double bytesOf(mlir::ValueRange values, Evaluator& sizes) {
  double bytes = 0;
  for (mlir::Value value : values) bytes += sizes.bytes(value);
  return bytes;
}

/// Ops that a program runs no kernel for.
bool isFree(mlir::Operation* op) {
  return mlir::isa<ir::ReshapeOp, ir::ConstantOp, ir::DimOp, ir::GroupOp, ir::YieldOp, mlir::func::ReturnOp>(op);
}

} // namespace

mlir::FailureOr<Cost> costOf(mlir::func::FuncOp function, std::span<const std::vector<int64_t>> shapes) {
  const auto dims = ir::DimAnalysis::run(function);
  if (mlir::failed(dims)) return mlir::failure();
  Evaluator sizes(*dims, shapes);
  Cost cost;
  cost.bytes = bytesOf(function.getArguments(), sizes) +
               bytesOf(function.getBody().front().getTerminator()->getOperands(), sizes);
  function.getBody().walk<mlir::WalkOrder::PreOrder>([&](mlir::Operation* op) {
    if (mlir::isa<ir::CustomVjpOp>(op)) return mlir::WalkResult::skip(); // a value that is there, and a gradient of it
    cost.flop += flopOf(op, sizes);
    if (!isFree(op)) cost.unfusedBytes += bytesOf(op->getOperands(), sizes) + bytesOf(op->getResults(), sizes);
    return mlir::WalkResult::advance();
  });
  return cost;
}

} // namespace ogee::codegen
