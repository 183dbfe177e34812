// The dialect `ogee`: its ops, interfaces and attributes as C++ classes, generated from ir/ops.td and ir/interfaces.td.
#pragma once

#include "ir/infer.h"
#include "ir/scalar_body.h"
#include "ir/shapes.h"
#include "ir/types.h"
#include "ir/vjp.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace ogee::ir {

/// What a reduction does with two elements.
enum class ReductionKind { sum, prod, max, min, any, all, argmax, argmin };

/// An op that has no gradient: nothing flows through it, or asking for it is an error.
template <class Op>
class NoGradient : public mlir::OpTrait::TraitBase<Op, NoGradient> {};

} // namespace ogee::ir

#include "ir/dialect.h.inc"
#include "ir/enums.h.inc"
#include "ir/interfaces.h.inc"

#define GET_OP_CLASSES
#include "ir/ops.h.inc"
