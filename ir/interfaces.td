//===-- What passes and back ends ask of an op: its dims, its scalar body, its reduction -------------------------===//
// The generators of interfaces run on this file itself (mlir-tblgen makes interfaces only of the file it is given).
#ifndef OGEE_IR_INTERFACES_TD
#define OGEE_IR_INTERFACES_TD

include "mlir/IR/OpBase.td"

def Ogee_InferDimsOpInterface : OpInterface<"InferDimsOpInterface"> {
  let description = [{
    Gives the dims of the op's result from the dims of its operands, through the shape rules of `ir/shapes.h`. Dims are
    numbers or expressions over named sizes; what has to hold for the op to be valid and is not known before run time
    goes into `requirements` (which may be null).
  }];
  let cppNamespace = "::ogee::ir";
  let methods = [
    InterfaceMethod<"The dims of the result, or why there are none.",
      "::ogee::runtime::Result<::ogee::runtime::Shape>", "inferDims",
      (ins "const ::ogee::ir::DimSource &":$dims, "::ogee::ir::Requirements *":$requirements)>,
  ];
}

def Ogee_PointwiseOpInterface : OpInterface<"PointwiseOpInterface"> {
  let description = [{
    An op whose result element depends on the operands' elements at the same position, on rank-0 operands, and on the
    position alone.
  }];
  let cppNamespace = "::ogee::ir";
  let methods = [
    InterfaceMethod<[{
      Emits the computation of one element (or of one vector of elements) and returns it. The body has a defined result
      for every input, traps for none, and rounds after every operation but an explicit fma.
    }],
      "::mlir::Value", "buildScalarBody", (ins "::ogee::ir::ScalarBody &":$body)>,
  ];
}

def Ogee_ReductionOpInterface : OpInterface<"ReductionOpInterface"> {
  let description = [{
    An op that folds the elements along some axes into one. What is folded is a state of one value, or of two where the
    op also tracks an index (`argmax`): the element, then its i64 position along the reduced axis. The last value of the
    final state is the result. `combine` is commutative and, up to rounding, associative; `neutral` is its neutral
    state.
  }];
  let cppNamespace = "::ogee::ir";
  let methods = [
    InterfaceMethod<"The reduced axes, ascending.", "::llvm::ArrayRef<int64_t>", "getReducedAxes">,
    InterfaceMethod<"Which reduction it is.", "::ogee::ir::ReductionKind", "getReductionKind">,
    InterfaceMethod<"The neutral state for elements of type `element`: one attribute per value of the state.",
      "::llvm::SmallVector<::mlir::TypedAttr, 2>", "getNeutral", (ins "::mlir::Type":$element)>,
    InterfaceMethod<"Combines two states of scalars or vectors.",
      "::llvm::SmallVector<::mlir::Value, 2>", "buildCombine",
      (ins "::mlir::ImplicitLocOpBuilder &":$b, "::mlir::ValueRange":$lhs, "::mlir::ValueRange":$rhs)>,
    InterfaceMethod<[{
      The same where everything in `lhs` comes before `rhs`, which is one element: what a loop does most, in as few ops
      as it needs.
    }],
      "::llvm::SmallVector<::mlir::Value, 2>", "buildCombineNext",
      (ins "::mlir::ImplicitLocOpBuilder &":$b, "::mlir::ValueRange":$lhs, "::mlir::ValueRange":$rhs), [{}],
      [{ return $_op.buildCombine(b, lhs, rhs); }]>,
  ];
}

def Ogee_DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let description = [{
    An op with a gradient: its vector-Jacobian product in ops of the dialect. What of operands and result the product
    reads is what a program has to keep for it. Rules are linear in the cotangent, so that differentiating the product
    with respect to it gives the Jacobian-vector product.
  }];
  let cppNamespace = "::ogee::ir";
  let methods = [
    InterfaceMethod<[{
      Builds the cotangents of the operands that are wanted from that of the result. An operand that gets none does not
      influence the result, or in steps only.
    }],
      "void", "buildVjp", (ins "::ogee::ir::Vjp &":$vjp)>,
  ];
}

#endif // OGEE_IR_INTERFACES_TD
