// What of a contraction nest the library of a target computes by itself: the product, and forms of its epilogue.
#pragma once

#include "codegen/nest.h"

#include "llvm/ADT/STLFunctionalExtras.h"

#include <optional>

namespace ogee::codegen {

/// A matrix of the product: the strides of the batch (0 where there is none), between rows, and whether rows and
/// columns change places.
struct MatmulMatrix {
  unsigned buffer = 0; ///< index into Nest::buffers
  Dim offset = 0, batchStride = 0, ld = 0;
  bool transposed = false;
};

/// out = function(lhs * rhs + bias + residual), with sizes.
struct Matmul {
  Dim batch = 1, m = 0, n = 0, k = 0;
  MatmulMatrix lhs, rhs, out;
  std::optional<Access> bias;
  std::optional<MatmulMatrix> residual;
  runtime::MatmulFunction function = runtime::MatmulFunction::none;
};

/// A nest as a product with a form of epilogue that the library may have; nothing where it is another one, where the
/// elements are no floats, or where matrices do not lie as the library needs them. `numberIn` says which number a
/// buffer is, if it is a constant of one element.
using NumberIn = llvm::function_ref<std::optional<double>(const NestBuffer& buffer)>;
std::optional<Matmul> matmulOf(const Nest& nest, NumberIn numberIn);

/// Of the product of a contraction nest.
mlir::Type elementOfProduct(const Nest& nest);

/// Whether a nest stores its product and nothing else.
bool isPlainProduct(const Nest& nest);

/// Splits a nest off from its epilogue: what is left of `nest` stores the product densely into `buffer` (of the plan);
/// the result computes what the epilogue makes of it.
Nest splitEpilogue(Nest& nest, unsigned buffer);

} // namespace ogee::codegen
