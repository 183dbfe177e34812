// What a pointwise op computes for one element, as arith, math, vector and scf ops: the same for every target.
#pragma once

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Value.h"

namespace ogee::ir {

/// Where a pointwise op emits its scalar body, and what that may read. A back end derives from it.
class ScalarBody {
public:
  ScalarBody(mlir::ImplicitLocOpBuilder& builder, mlir::ValueRange args) : b(builder), args(args) {}
  virtual ~ScalarBody() = default;

  /// `element` itself, or the vector of it that is being computed.
  virtual mlir::Type like(mlir::Type element) = 0;
  /// The position of the element in the result along `axis`, in i64 (a vector of them where the body computes a
  /// vector).
  virtual mlir::Value coordinate(unsigned axis) = 0;
  /// The position of the element in the result in row-major order, in i64.
  virtual mlir::Value linearIndex() = 0;

  mlir::ImplicitLocOpBuilder& b;
  /// One value per tensor operand: its element (i1 for bools), or the vector of elements; for an operand of rank 0 of
  /// an op whose result has another rank, the scalar or the vector of it.
  mlir::ValueRange args;
};

} // namespace ogee::ir
