//===-- Movement: elements change their place, none changes its value --------------------------------------------===//
// Sizes, offsets, strides and pads are lists of numbers and `index` values mixed, as in the tensor dialect. An index
// value out of the stated bounds makes the call of the function an error.
#ifndef OGEE_IR_OPS_MOVEMENT_TD
#define OGEE_IR_OPS_MOVEMENT_TD

include "ir/ops/base.td"

def Ogee_ReshapeOp : Ogee_InferredOp<"reshape", [Ogee_Gradient]> {
  let summary = "The same elements in row-major order under other dims.";
  let description = [{
    Operand and result have equally many elements. With the dims unchanged it casts between dims that are numbers and
    dims that are `?`.

    ```mlir
    %y = ogee.reshape %x [%n, 4, 2] : tensor<?x8xf32> -> tensor<?x4x2xf32>
    ```
  }];
  let arguments = (ins Ogee_Tensor:$operand, Variadic<Index>:$sizes, DenseI64ArrayAttr:$staticSizes);
  let results = (outs Ogee_Tensor:$result);
  let assemblyFormat = [{
    $operand custom<DynamicIndexList>($sizes, $staticSizes) attr-dict `:` type($operand) `->` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$operand, "::llvm::ArrayRef<::mlir::OpFoldResult>":$sizes)>];
  let moreDeclarations = [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedSizes();
  }];
  let hasFolder = 1;
}

def Ogee_TransposeOp : Ogee_InferredOp<"transpose", [Ogee_Gradient]> {
  let summary = "The dims in another order.";
  let description = [{
    Dim i of the result is dim perm[i] of the operand.

    ```mlir
    %y = ogee.transpose %x [1, 0] : tensor<?x8xf32> -> tensor<8x?xf32>
    ```
  }];
  let arguments = (ins Ogee_Tensor:$operand, DenseI64ArrayAttr:$perm);
  let results = (outs Ogee_Tensor:$result);
  let assemblyFormat = "$operand $perm attr-dict `:` type($operand) `->` type($result)";
  let hasFolder = 1;
}

def Ogee_BroadcastOp : Ogee_InferredOp<"broadcast", [Ogee_Gradient]> {
  let summary = "Elements repeated along new dims and along dims of size 1.";
  let description = [{
    Dim i of the operand becomes dim dims[i] of the result (dims ascend); it has the same size or is the number 1.
    `sizes` are all dims of the result.

    ```mlir
    %y = ogee.broadcast %b [1] sizes [%n, 128] : tensor<128xf32> -> tensor<?x128xf32>
    ```
  }];
  let arguments = (ins Ogee_Tensor:$operand, DenseI64ArrayAttr:$dims, Variadic<Index>:$sizes,
                       DenseI64ArrayAttr:$staticSizes);
  let results = (outs Ogee_Tensor:$result);
  let assemblyFormat = [{
    $operand $dims `sizes` custom<DynamicIndexList>($sizes, $staticSizes) attr-dict
    `:` type($operand) `->` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$operand, "::llvm::ArrayRef<int64_t>":$dims,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$sizes)>];
  let moreDeclarations = [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedSizes();
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Ogee_SliceOp : Ogee_InferredOp<"slice", [Ogee_Gradient, AttrSizedOperandSegments]> {
  let summary = "A regular part of a tensor.";
  let description = [{
    Element i of a dim is element offset + i * stride of the operand's. Offsets are at least 0, strides at least 1, and
    the last element lies within the operand.

    ```mlir
    %y = ogee.slice %x [%o, 0] [%n, 4] [1, 2] : tensor<?x8xf32> -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Ogee_Tensor:$operand, Variadic<Index>:$offsets, Variadic<Index>:$sizes, Variadic<Index>:$strides,
                       DenseI64ArrayAttr:$staticOffsets, DenseI64ArrayAttr:$staticSizes,
                       DenseI64ArrayAttr:$staticStrides);
  let results = (outs Ogee_Tensor:$result);
  let assemblyFormat = [{
    $operand custom<DynamicIndexList>($offsets, $staticOffsets) custom<DynamicIndexList>($sizes, $staticSizes)
    custom<DynamicIndexList>($strides, $staticStrides) attr-dict `:` type($operand) `->` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$operand, "::llvm::ArrayRef<::mlir::OpFoldResult>":$offsets,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$sizes,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$strides)>];
  let moreDeclarations = [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedOffsets();
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedSizes();
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedStrides();
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Ogee_PadOp : Ogee_InferredOp<"pad", [Ogee_Gradient, 
    AttrSizedOperandSegments,
    PredOpTrait<"value has rank 0 and the operand's element type",
                CPred<"$value.getType() == ::ogee::ir::scalarTypeLike($operand.getType())">>]> {
  let summary = "A tensor surrounded by, and interspersed with, one value.";
  let description = [{
    Along each dim come `low` values, then the elements with `interior` values between neighbours, then `high` values. A
    negative low or high drops that many instead (of the elements with what lies between them); the result's size is at
    least 0.

    ```mlir
    %y = ogee.pad %x, %zero low [1, %l] high [1, 0] interior [0, 1] : tensor<?x4xf32>, tensor<f32> -> tensor<?x?xf32>
    ```
  }];
  let arguments = (ins Ogee_Tensor:$operand, Ogee_Tensor:$value, Variadic<Index>:$low, Variadic<Index>:$high,
                       DenseI64ArrayAttr:$staticLow, DenseI64ArrayAttr:$staticHigh, DenseI64ArrayAttr:$interior);
  let results = (outs Ogee_Tensor:$result);
  let assemblyFormat = [{
    $operand `,` $value `low` custom<DynamicIndexList>($low, $staticLow)
    `high` custom<DynamicIndexList>($high, $staticHigh) `interior` $interior attr-dict
    `:` type($operand) `,` type($value) `->` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$operand, "::mlir::Value":$value,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$low,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$high,
                                 "::llvm::ArrayRef<int64_t>":$interior)>];
  let moreDeclarations = [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedLow();
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedHigh();
  }];
  let hasFolder = 1;
}

def Ogee_ConcatenateOp : Ogee_InferredOp<"concatenate", [Ogee_Gradient, 
    PredOpTrait<"there is at least one operand", CPred<"!$operands.empty()">>,
    PredOpTrait<"operands have the same element type", CPred<"::ogee::ir::haveSameElement($operands)">>]> {
  let summary = "Tensors one after the other along an axis.";
  let description = [{
    All dims but that of the axis are equal. There is at least one operand.

    ```mlir
    %y = ogee.concatenate %a, %b [0] : tensor<?x4xf32>, tensor<2x4xf32> -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Variadic<Ogee_Tensor>:$operands, I64Attr:$axis);
  let results = (outs Ogee_Tensor:$result);
  let assemblyFormat = "$operands ` ` `[` $axis `]` attr-dict `:` type($operands) `->` type($result)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Ogee_ReverseOp : Ogee_InferredOp<"reverse", [Ogee_Gradient]> {
  let summary = "The elements along axes in the opposite order.";
  let description = [{
    Axes ascend.

    ```mlir
    %y = ogee.reverse %x [0, 2] : tensor<?x4x2xf32>
    ```
  }];
  let arguments = (ins Ogee_Tensor:$operand, DenseI64ArrayAttr:$axes);
  let results = (outs Ogee_Tensor:$result);
  let assemblyFormat = "$operand $axes attr-dict `:` type($operand)";
  let hasFolder = 1;
}

def Ogee_DimOp : Ogee_Op<"dim", [Pure]> {
  let summary = "The size of one dim, as an index value.";
  let description = [{
    ```mlir
    %d = ogee.dim %x [0] : tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Ogee_Tensor:$operand, I64Attr:$axis);
  let results = (outs Index:$result);
  let assemblyFormat = "$operand ` ` `[` $axis `]` attr-dict `:` type($operand)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif // OGEE_IR_OPS_MOVEMENT_TD
