//===-- Contractions: sums of products along axes that two operands share ----------------------------------------===//
#ifndef OGEE_IR_OPS_CONTRACTION_TD
#define OGEE_IR_OPS_CONTRACTION_TD

include "ir/ops/base.td"

def Ogee_DotOp : Ogee_InferredOp<"dot", [Ogee_Gradient,
    PredOpTrait<"operands have the same element type",
                CPred<"::ogee::ir::elementOf($lhs) == ::ogee::ir::elementOf($rhs)">>]> {
  let summary = "The general dot product.";
  let description = [{
    Batch axes are walked together, contracted axes are multiplied and summed, the others are free. The result's dims
    are the batch dims, then lhs's free dims, then rhs's. Axes correspond by their place in the lists. Float products
    are added by fma, in an order that is fixed but not part of the meaning; integers wrap around. The sum of nothing is
    0.

    ```mlir
    %c = ogee.dot %a, %b batch [0] x [0] contract [2] x [1]
       : tensor<8x32x64xf32>, tensor<8x64x16xf32> -> tensor<8x32x16xf32>
    ```
  }];
  let arguments = (ins Ogee_NumberTensor:$lhs, Ogee_NumberTensor:$rhs,
                       DenseI64ArrayAttr:$lhsBatch, DenseI64ArrayAttr:$rhsBatch,
                       DenseI64ArrayAttr:$lhsContract, DenseI64ArrayAttr:$rhsContract);
  let results = (outs Ogee_NumberTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs `batch` $lhsBatch `x` $rhsBatch `contract` $lhsContract `x` $rhsContract attr-dict
    `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let hasCanonicalizer = 1;
}

#endif // OGEE_IR_OPS_CONTRACTION_TD
