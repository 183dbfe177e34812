//===-- Reductions: the elements along some axes become one, and the axes disappear ------------------------------===//
// Float sums and products round after every step, in an order that is fixed but not part of the meaning. Over no
// elements at all a reduction gives its neutral element.
#ifndef OGEE_IR_OPS_REDUCTION_TD
#define OGEE_IR_OPS_REDUCTION_TD

include "ir/ops/base.td"

class Ogee_Reduction<string mnemonic, string kind, Type tensor, Trait gradient, Attr axesAttr = DenseI64ArrayAttr,
                     Trait reduction = DeclareOpInterfaceMethods<Ogee_ReductionOpInterface>>
    : Ogee_InferredOp<mnemonic, [gradient, reduction]> {
  let arguments = (ins tensor:$operand, axesAttr:$axes);
  let results = (outs tensor:$result);
  let assemblyFormat = "$operand $axes attr-dict `:` type($operand) `->` type($result)";
  let hasFolder = 1;
  let ruleDefinition = [{
    ::ogee::ir::Result<::ogee::ir::Shape> $cppClass::shapeRule(Adaptor adaptor, const ::ogee::ir::DimSource &dims,
                                                               ::ogee::ir::Requirements *) {
      const std::string_view name = ::ogee::ir::ruleName(getOperationName());
      return ::ogee::ir::reductionShape(name, dims.shape(adaptor.getOperand()), adaptor.getAxes());
    }
    ::llvm::ArrayRef<int64_t> $cppClass::getReducedAxes() { return getAxes(); }
    ::ogee::ir::ReductionKind $cppClass::getReductionKind() { return ::ogee::ir::ReductionKind::}] # kind # [{; }
  }];
}

def Ogee_SumOp : Ogee_Reduction<"sum", "sum", Ogee_NumberTensor, Ogee_Gradient> {
  let summary = "The sum along axes.";
  let description = [{
    Integers wrap around. The sum of nothing is 0.

    ```mlir
    %r = ogee.sum %x [1] : tensor<32x128xf32> -> tensor<32xf32>
    ```
  }];
}

def Ogee_ProdOp : Ogee_Reduction<"prod", "prod", Ogee_NumberTensor, Ogee_Gradient> {
  let summary = "The product along axes.";
  let description = [{
    Integers wrap around. The product of nothing is 1.

    ```mlir
    %r = ogee.prod %x [1] : tensor<32x128xf32> -> tensor<32xf32>
    ```
  }];
}

def Ogee_AmaxOp : Ogee_Reduction<"amax", "max", Ogee_NumberTensor, Ogee_Gradient> {
  let summary = "The largest element along axes.";
  let description = [{
    Elements are combined by `max`: NaN if there is one. If zeros of both signs are the largest,
    either may result. The maximum of nothing is -inf, or the smallest integer.

    ```mlir
    %r = ogee.amax %x [1] : tensor<32x128xf32> -> tensor<32xf32>
    ```
  }];
}

def Ogee_AminOp : Ogee_Reduction<"amin", "min", Ogee_NumberTensor, Ogee_Gradient> {
  let summary = "The smallest element along axes.";
  let description = [{
    Elements are combined by `min`: NaN if there is one. If zeros of both signs are the smallest,
    either may result. The minimum of nothing is inf, or the largest integer.

    ```mlir
    %r = ogee.amin %x [1] : tensor<32x128xf32> -> tensor<32xf32>
    ```
  }];
}

def Ogee_AnyOp : Ogee_Reduction<"any", "any", Ogee_BoolTensor, Ogee_NoGradient> {
  let summary = "Whether one of the elements along axes is true.";
  let description = [{
    False for no elements.

    ```mlir
    %r = ogee.any %x [1] : tensor<32x128xi1> -> tensor<32xi1>
    ```
  }];
}

def Ogee_AllOp : Ogee_Reduction<"all", "all", Ogee_BoolTensor, Ogee_NoGradient> {
  let summary = "Whether all elements along axes are true.";
  let description = [{
    True for no elements.

    ```mlir
    %r = ogee.all %x [1] : tensor<32x128xi1> -> tensor<32xi1>
    ```
  }];
}

class Ogee_ArgReduction<string mnemonic>
    : Ogee_Reduction<mnemonic, mnemonic, Ogee_NumberTensor, Ogee_NoGradient,
                     ConfinedAttr<DenseI64ArrayAttr, [DenseArrayCount<1>]>,
                     DeclareOpInterfaceMethods<Ogee_ReductionOpInterface, ["buildCombineNext"]>> {
  let results = (outs Ogee_IntTensor:$result);
  let element = "::mlir::IntegerType::get(adaptor.getOperand().getContext(), 64)";
  let hasFolder = 0;
}

def Ogee_ArgmaxOp : Ogee_ArgReduction<"argmax"> {
  let summary = "The position of the largest element along one axis, in i64.";
  let description = [{
    The first one if there are several; the first NaN if there is one; zeros of either sign are equal. -1 for no
    elements.

    ```mlir
    %i = ogee.argmax %x [1] : tensor<32x128xf32> -> tensor<32xi64>
    ```
  }];
}

def Ogee_ArgminOp : Ogee_ArgReduction<"argmin"> {
  let summary = "The position of the smallest element along one axis, in i64.";
  let description = [{
    The first one if there are several; the first NaN if there is one; zeros of either sign are equal. -1 for no
    elements.

    ```mlir
    %i = ogee.argmin %x [1] : tensor<32x128xf32> -> tensor<32xi64>
    ```
  }];
}

#endif // OGEE_IR_OPS_REDUCTION_TD
