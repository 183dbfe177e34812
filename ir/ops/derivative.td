//===-- Derivatives that the user gives ---------------------------------------------------------------------------===//
#ifndef OGEE_IR_OPS_DERIVATIVE_TD
#define OGEE_IR_OPS_DERIVATIVE_TD

include "ir/ops/base.td"

def Ogee_StopGradientOp : Ogee_TypedOp<"stop_gradient", [Ogee_NoGradient, AllTypesMatch<["operand", "result"]>]> {
  let summary = "The operand, through which no gradient flows.";
  let description = [{
    A value of its own for differentiation, the operand itself for everything else: compilation drops it first of all,
    simplification keeps it, so that gradients of gradients stop there, too.

    ```mlir
    %1 = ogee.stop_gradient %0 : tensor<?x128xf32>
    ```
  }];
  let arguments = (ins Ogee_Tensor:$operand);
  let results = (outs Ogee_Tensor:$result);
  let assemblyFormat = "$operand attr-dict `:` type($result)";
}

def Ogee_CustomVjpOp : Ogee_Op<"custom_vjp", [
    Pure, IsolatedFromAbove, AttrSizedOperandSegments, Ogee_Gradient,
    DeclareOpInterfaceMethods<Ogee_InferDimsOpInterface>]> {
  let summary = "A value with a gradient of its own.";
  let description = [{
    The result is the last one of the inputs. Its gradient does not flow into what computes that, but into the inputs
    before it: the region gives the cotangent of each of them that has floats, from the inputs, the cotangent of the
    result, and captured values. Compilation puts the input in the op's place, first of all.

    ```mlir
    %r = ogee.custom_vjp (%x, %y : tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>, %db: tensor<4xf32>):
      %0 = ogee.mul %db, %b : tensor<4xf32>
      ogee.yield %0 : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<Ogee_Tensor>:$inputs, Variadic<AnyTypeOf<[Ogee_Tensor, Index]>>:$captures);
  let results = (outs Ogee_Tensor:$result);
  let regions = (region SizedRegion<1>:$backward);
  let assemblyFormat = [{
    `(` $inputs `:` type($inputs) `)` (`captures` `(` $captures^ `:` type($captures) `)`)? `->` type($result)
    attr-dict-with-keyword $backward
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

#endif // OGEE_IR_OPS_DERIVATIVE_TD
