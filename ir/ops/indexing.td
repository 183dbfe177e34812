//===-- Indexing: elements whose place only a run knows ----------------------------------------------------------===//
#ifndef OGEE_IR_OPS_INDEXING_TD
#define OGEE_IR_OPS_INDEXING_TD

include "ir/ops/base.td"

def Ogee_DynamicSliceOp : Ogee_InferredOp<"dynamic_slice", [Ogee_Gradient, AttrSizedOperandSegments]> {
  let summary = "A part of a tensor that begins where tensors say.";
  let description = [{
    Element i of a dim is element start + i of the operand's. There is a start for each dim; one that would let the part
    leave the operand is moved to the nearest that does not: to between 0 and the operand's size less the part's. The
    part is no larger than the operand.

    ```mlir
    %y = ogee.dynamic_slice %x [%i, %zero] sizes [1, %n] : tensor<?x8xf32> -> tensor<1x?xf32>
    ```
  }];
  let arguments = (ins Ogee_Tensor:$operand, Variadic<Ogee_I64Scalar>:$starts, Variadic<Index>:$sizes,
                       DenseI64ArrayAttr:$staticSizes);
  let results = (outs Ogee_Tensor:$result);
  let assemblyFormat = [{
    $operand `[` $starts `]` `sizes` custom<DynamicIndexList>($sizes, $staticSizes) attr-dict
    `:` type($operand) `->` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$operand, "::mlir::ValueRange":$starts,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$sizes)>];
  let moreDeclarations = [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedSizes();
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Ogee_DynamicUpdateOp : Ogee_InferredOp<"dynamic_update", [Ogee_Gradient,
    PredOpTrait<"operand and part have the same element type",
                CPred<"::ogee::ir::haveSameElement({$operand, $part})">>]> {
  let summary = "A tensor with a part, which begins where tensors say, replaced.";
  let description = [{
    The elements that `dynamic_slice` of the part's dims would give are the part's, all others the operand's.

    ```mlir
    %y = ogee.dynamic_update %x, %part [%i, %zero] : tensor<?x8xf32>, tensor<1x8xf32>
    ```
  }];
  let arguments = (ins Ogee_Tensor:$operand, Ogee_Tensor:$part, Variadic<Ogee_I64Scalar>:$starts);
  let results = (outs Ogee_Tensor:$result);
  let assemblyFormat = "$operand `,` $part `[` $starts `]` attr-dict `:` type($operand) `,` type($part)";
  let hasFolder = 1;
}

#endif // OGEE_IR_OPS_INDEXING_TD
