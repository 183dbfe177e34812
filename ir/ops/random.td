//===-- Random: pure functions of a key, a draw number and the position ------------------------------------------===//
// Philox 4x32-10 with the 64-bit key; its counter is (position / 4, draw number), position being that in row-major
// order. So the bits drawn depend neither on the number of threads nor on what else is drawn.
#ifndef OGEE_IR_OPS_RANDOM_TD
#define OGEE_IR_OPS_RANDOM_TD

include "ir/ops/base.td"

class Ogee_Random<string mnemonic, Type tensor> : Ogee_TypedOp<mnemonic, [
    Ogee_NoGradient, DeclareOpInterfaceMethods<Ogee_PointwiseOpInterface>]> {
  let arguments = (ins Ogee_I64Scalar:$key, Ogee_I64Scalar:$draw, Variadic<Index>:$sizes,
                       DenseI64ArrayAttr:$staticSizes);
  let results = (outs tensor:$result);
  let assemblyFormat = [{
    $key `,` $draw `sizes` custom<DynamicIndexList>($sizes, $staticSizes) attr-dict `:` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Type":$element, "::mlir::Value":$key, "::mlir::Value":$draw,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$sizes)>];
  let moreDeclarations = [{
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedSizes();
  }];
}

def Ogee_RandomUniformOp : Ogee_Random<"random_uniform", Ogee_FloatTensor> {
  let summary = "Floats spread evenly over [0, 1).";
  let description = [{
    ```mlir
    %u = ogee.random_uniform %key, %draw sizes [%n, 4] : tensor<?x4xf32>
    ```
  }];
}

def Ogee_RandomNormalOp : Ogee_Random<"random_normal", Ogee_FloatTensor> {
  let summary = "Floats from the normal distribution with mean 0 and variance 1.";
  let description = [{
    By the method of Box and Muller, two elements from two words: with u = (first + 1/2) 2^-32 and v = second 2^-32
    (f64: 53 bits of two words each) the even element is r cos(2 pi v), the odd one r sin(2 pi v), where
    r = sqrt(-2 ln u). Always finite. In f32 u is rounded to f32: an error of at most 2^-25 / r of the result, besides
    a few units in the last place, which shows where r is small.

    ```mlir
    %u = ogee.random_normal %key, %draw sizes [%n, 4] : tensor<?x4xf32>
    ```
  }];
}

def Ogee_RandomIntegersOp : Ogee_Random<"random_integers", Ogee_IntTensor> {
  let summary = "Integers spread evenly over [low, high).";
  let description = [{
    The elements are low where high is not above low, and wrap around where they are too large for the element type.

    ```mlir
    %u = ogee.random_integers %key, %draw, %low, %high sizes [%n, 4] : tensor<?x4xi64>
    ```
  }];
  let arguments = (ins Ogee_I64Scalar:$key, Ogee_I64Scalar:$draw, Ogee_I64Scalar:$low, Ogee_I64Scalar:$high,
                       Variadic<Index>:$sizes, DenseI64ArrayAttr:$staticSizes);
  let assemblyFormat = [{
    $key `,` $draw `,` $low `,` $high `sizes` custom<DynamicIndexList>($sizes, $staticSizes) attr-dict `:` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Type":$element, "::mlir::Value":$key, "::mlir::Value":$draw,
                                 "::mlir::Value":$low, "::mlir::Value":$high,
                                 "::llvm::ArrayRef<::mlir::OpFoldResult>":$sizes)>];
}

#endif // OGEE_IR_OPS_RANDOM_TD
