// Where a tensor value lies: a strided window of a buffer. Movement ops that only look at a buffer differently are
// views and cost nothing.
#pragma once

#include "codegen/nest.h"
#include "ir/dims.h"

#include "mlir/IR/Operation.h"

#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace ogee::codegen {

using runtime::Shape;

struct View {
  unsigned buffer = 0; ///< the plan's buffer
  mlir::Type element;
  Dim offset = 0; ///< in elements
  llvm::SmallVector<Dim, 4> sizes, strides;
  llvm::SmallVector<Start, 0> starts = {}; ///< of the plan's buffers

  /// Whether the elements lie in row-major order without gaps from the buffer's start on.
  bool isDense() const;
};

inline Shape shapeOf(const View& view) { return Shape(std::span<const Dim>(view.sizes.data(), view.sizes.size())); }

/// Row-major strides of a shape.
llvm::SmallVector<Dim, 4> rowMajorStrides(llvm::ArrayRef<Dim> sizes);

/// Whether reading the view reads a buffer.
bool reads(const View& view, unsigned buffer);

/// A whole buffer in row-major order.
View denseView(unsigned buffer, mlir::Type element, const Shape& shape);

/// A number or an index value of the graph as a Dim.
Dim dimOf(mlir::OpFoldResult value, const ir::DimAnalysis& dims);

/// The result of a movement op as a view of its operand's buffer; nothing where elements would have to be copied.
std::optional<View> viewThrough(mlir::Operation* op, const View& operand, const ir::DimAnalysis& dims);

} // namespace ogee::codegen
