//===-- Creation: tensors from nothing ---------------------------------------------------------------------------===//
#ifndef OGEE_IR_OPS_CREATION_TD
#define OGEE_IR_OPS_CREATION_TD

include "ir/ops/base.td"

/// Dense elements, a splat or listed one by one.
def Ogee_DenseElements : Attr<CPred<"::llvm::isa<::mlir::DenseIntOrFPElementsAttr>($_self)">, "dense elements"> {
  let storageType = "::mlir::DenseElementsAttr";
  let returnType = "::mlir::DenseElementsAttr";
  let convertFromStorage = "$_self";
}

def Ogee_ConstantOp : Ogee_Op<"constant", [
    Pure, Ogee_NoGradient, ConstantLike, AllTypesMatch<["value", "result"]>,
    DeclareOpInterfaceMethods<Ogee_InferDimsOpInterface>]> {
  let summary = "A tensor of given elements.";
  let description = [{
    ```mlir
    %c = ogee.constant dense<[1.0, 2.0]> : tensor<2xf32>
    ```
  }];
  let arguments = (ins Ogee_DenseElements:$value);
  let results = (outs Ogee_Tensor:$result);
  let assemblyFormat = "$value attr-dict";
  let hasFolder = 1;
}

def Ogee_IotaOp : Ogee_TypedOp<"iota", [Ogee_NoGradient, DeclareOpInterfaceMethods<Ogee_PointwiseOpInterface>]> {
  let summary = "Each element is its position along an axis.";
  let description = [{
    The position 0, 1, 2 … is converted from i64 to the element type as by `convert`: i32 wraps, floats are rounded.

    ```mlir
    %i = ogee.iota [1] sizes [%n, 4] : tensor<?x4xi64>
    ```
  }];
  let arguments = (ins I64Attr:$axis, Variadic<Index>:$sizes, DenseI64ArrayAttr:$staticSizes);
  let results = (outs Ogee_NumberTensor:$result);
  let assemblyFormat = [{
    ` ` `[` $axis `]` `sizes` custom<DynamicIndexList>($sizes, $staticSizes) attr-dict `:` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Type":$element, "int64_t":$axis,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$sizes)>];
  let moreDeclarations = [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedSizes();
  }];
  let hasFolder = 1;
}

def Ogee_FromIndexOp : Ogee_Op<"from_index", [
    Pure, Ogee_NoGradient, DeclareOpInterfaceMethods<Ogee_InferDimsOpInterface>,
    DeclareOpInterfaceMethods<Ogee_PointwiseOpInterface>]> {
  let summary = "An index value as a tensor of rank 0.";
  let description = [{
    So a size takes part in arithmetic on tensors: `mean` divides by one.

    ```mlir
    %n = ogee.from_index %i : tensor<i64>
    ```
  }];
  let arguments = (ins Index:$index);
  let results = (outs Ogee_I64Scalar:$result);
  let assemblyFormat = "$index attr-dict `:` type($result)";
  let hasFolder = 1;
}

#endif // OGEE_IR_OPS_CREATION_TD
