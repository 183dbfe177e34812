//===-- Pointwise ops: each element of the result depends on the operands' elements at the same place ------------===//
// Operands and result have the same type unless said otherwise. NaN in, NaN out, unless said otherwise.
#ifndef OGEE_IR_OPS_POINTWISE_TD
#define OGEE_IR_OPS_POINTWISE_TD

include "ir/ops/base.td"

class Ogee_Pointwise<string mnemonic, Trait gradient, list<Trait> traits = []> : Ogee_Op<mnemonic, !listconcat(traits, [
    Pure, gradient, DeclareOpInterfaceMethods<Ogee_InferDimsOpInterface>,
    DeclareOpInterfaceMethods<Ogee_PointwiseOpInterface>])> {
  let extraClassDefinition = [{
    ::ogee::ir::Result<::ogee::ir::Shape> $cppClass::inferDims(const ::ogee::ir::DimSource &dims,
                                                               ::ogee::ir::Requirements *requirements) {
      return ::ogee::ir::inferPointwiseDims(*this, dims, requirements);
    }
  }];
  let hasFolder = 1;
}

// --- unary -----------------------------------------------------------------------------------------------------------

class Ogee_Unary<string mnemonic, Type tensor, Trait gradient>
    : Ogee_Pointwise<mnemonic, gradient, [AllTypesMatch<["operand", "result"]>]> {
  let arguments = (ins tensor:$operand);
  let results = (outs tensor:$result);
  let assemblyFormat = "$operand attr-dict `:` type($result)";
}

def Ogee_AbsOp : Ogee_Unary<"abs", Ogee_NumberTensor, Ogee_Gradient> {
  let summary = "Absolute value.";
  let description = [{
    |x|. For floats the sign bit is cleared, so -0 gives +0; for integers the smallest value, which has no positive
    counterpart, gives itself.

    ```mlir
    %1 = ogee.abs %0 : tensor<?x128xf32>
    ```
  }];
}

def Ogee_NegOp : Ogee_Unary<"neg", Ogee_NumberTensor, Ogee_Gradient> {
  let summary = "Negation.";
  let description = [{
    -x. For floats the sign bit is flipped; for integers the smallest value gives itself.

    ```mlir
    %1 = ogee.neg %0 : tensor<?x128xf32>
    ```
  }];
}

def Ogee_SignOp : Ogee_Unary<"sign", Ogee_NumberTensor, Ogee_Gradient> {
  let summary = "Sign.";
  let description = [{
    -1, 0 or 1. For floats ±0 gives itself and NaN gives NaN (as in StableHLO; PyTorch gives +0 for both).

    ```mlir
    %1 = ogee.sign %0 : tensor<4xi32>
    ```
  }];
}

def Ogee_FloorOp : Ogee_Unary<"floor", Ogee_FloatTensor, Ogee_Gradient> {
  let summary = "The largest integral value that is not above x.";
  let description = [{
    ±0 and ±inf give themselves.

    ```mlir
    %1 = ogee.floor %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_CeilOp : Ogee_Unary<"ceil", Ogee_FloatTensor, Ogee_Gradient> {
  let summary = "The smallest integral value that is not below x.";
  let description = [{
    ±0 and ±inf give themselves; values in (-1, 0) give -0.

    ```mlir
    %1 = ogee.ceil %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_TruncOp : Ogee_Unary<"trunc", Ogee_FloatTensor, Ogee_Gradient> {
  let summary = "The integral part of x.";
  let description = [{
    The result has the sign of x, also where it is zero.

    ```mlir
    %1 = ogee.trunc %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_RoundNearestEvenOp : Ogee_Unary<"round_nearest_even", Ogee_FloatTensor, Ogee_Gradient> {
  let summary = "The nearest integral value, halves to even.";
  let description = [{
    The result has the sign of x, also where it is zero.

    ```mlir
    %1 = ogee.round_nearest_even %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_RoundNearestAfzOp : Ogee_Unary<"round_nearest_afz", Ogee_FloatTensor, Ogee_Gradient> {
  let summary = "The nearest integral value, halves away from zero.";
  let description = [{
    The result has the sign of x, also where it is zero.

    ```mlir
    %1 = ogee.round_nearest_afz %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_NotOp : Ogee_Unary<"not", Ogee_BitsTensor, Ogee_NoGradient> {
  let summary = "Every bit flipped.";
  let description = [{
    For bools: true where x is false.

    ```mlir
    %1 = ogee.not %0 : tensor<?xi1>
    ```
  }];
  let hasCanonicalizer = 1;
}

def Ogee_PopcntOp : Ogee_Unary<"popcnt", Ogee_IntTensor, Ogee_NoGradient> {
  let summary = "The number of bits that are set.";
  let description = [{
    ```mlir
    %1 = ogee.popcnt %0 : tensor<?xi32>
    ```
  }];
}

def Ogee_ClzOp : Ogee_Unary<"clz", Ogee_IntTensor, Ogee_NoGradient> {
  let summary = "The number of zero bits above the highest set one.";
  let description = [{
    0 gives the width of the type.

    ```mlir
    %1 = ogee.clz %0 : tensor<?xi32>
    ```
  }];
}

// --- unary that changes the type -------------------------------------------------------------------------------------

def Ogee_IsFiniteOp : Ogee_Pointwise<"is_finite", Ogee_NoGradient, [
    TypesMatchWith<"result has the operand's dims and i1 elements", "operand", "result",
                   "::ogee::ir::boolTypeLike($_self)">]> {
  let summary = "Whether x is neither infinite nor NaN.";
  let description = [{
    The result is a tensor of bools.

    ```mlir
    %1 = ogee.is_finite %0 : tensor<?xf32>
    ```
  }];
  let arguments = (ins Ogee_FloatTensor:$operand);
  let results = (outs Ogee_BoolTensor:$result);
  let assemblyFormat = "$operand attr-dict `:` type($operand)";
}

def Ogee_ConvertOp : Ogee_Pointwise<"convert", Ogee_Gradient, [AllShapesMatch<["operand", "result"]>]> {
  let summary = "The same number in another type.";
  let description = [{
    - To a float: the nearest value, halves to even; too large gives ±inf.
    - Float to integer: the fraction is dropped; out of range gives the largest or smallest integer, NaN gives 0.
    - Integer to integer: the lower bits, or sign-extended.
    - To bool: whether x is different from 0 (true for NaN). From bool: 0 or 1.

    ```mlir
    %1 = ogee.convert %0 : tensor<?xf32> -> tensor<?xi64>
    ```
  }];
  let arguments = (ins Ogee_Tensor:$operand);
  let results = (outs Ogee_Tensor:$result);
  let assemblyFormat = "$operand attr-dict `:` type($operand) `->` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$operand, "::mlir::Type":$element)>];
}

def Ogee_BitcastConvertOp : Ogee_Pointwise<"bitcast_convert", Ogee_NoGradient, [
    AllShapesMatch<["operand", "result"]>,
    PredOpTrait<"elements of operand and result have the same number of bits",
                CPred<"::ogee::ir::elementBits($operand) == ::ogee::ir::elementBits($result)">>]> {
  let summary = "The same bits read as another type.";
  let description = [{
    The types of operand and result have the same width (StableHLO also allows others, with one dim more or less).

    ```mlir
    %1 = ogee.bitcast_convert %0 : tensor<?xf32> -> tensor<?xi32>
    ```
  }];
  let arguments = (ins Ogee_NumberTensor:$operand);
  let results = (outs Ogee_NumberTensor:$result);
  let assemblyFormat = "$operand attr-dict `:` type($operand) `->` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$operand, "::mlir::Type":$element)>];
}

// --- binary ----------------------------------------------------------------------------------------------------------

class Ogee_Binary<string mnemonic, Type tensor, Trait gradient, list<Trait> traits = []>
    : Ogee_Pointwise<mnemonic, gradient, !listconcat([AllTypesMatch<["lhs", "rhs", "result"]>], traits)> {
  let arguments = (ins tensor:$lhs, tensor:$rhs);
  let results = (outs tensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}

def Ogee_AddOp : Ogee_Binary<"add", Ogee_NumberTensor, Ogee_Gradient, [Commutative]> {
  let summary = "Sum.";
  let description = [{
    Integers wrap around.

    ```mlir
    %2 = ogee.add %0, %1 : tensor<?x128xf32>
    ```
  }];
  let hasCanonicalizer = 1;
}

def Ogee_SubOp : Ogee_Binary<"sub", Ogee_NumberTensor, Ogee_Gradient> {
  let summary = "Difference.";
  let description = [{
    Integers wrap around.

    ```mlir
    %2 = ogee.sub %0, %1 : tensor<?x128xf32>
    ```
  }];
  let hasCanonicalizer = 1;
}

def Ogee_MulOp : Ogee_Binary<"mul", Ogee_NumberTensor, Ogee_Gradient, [Commutative]> {
  let summary = "Product.";
  let description = [{
    Integers wrap around.

    ```mlir
    %2 = ogee.mul %0, %1 : tensor<?x128xf32>
    ```
  }];
  let hasCanonicalizer = 1;
}

def Ogee_DivOp : Ogee_Binary<"div", Ogee_NumberTensor, Ogee_Gradient> {
  let summary = "Quotient.";
  let description = [{
    For integers the fraction is dropped; x/0 is -1, and the smallest value divided by -1 is itself.

    ```mlir
    %2 = ogee.div %0, %1 : tensor<?x128xf32>
    ```
  }];
  let hasCanonicalizer = 1;
}

def Ogee_RemOp : Ogee_Binary<"rem", Ogee_NumberTensor, Ogee_Gradient> {
  let summary = "Remainder of the division whose quotient's fraction is dropped.";
  let description = [{
    The result has the sign of lhs, also where it is zero, and is exact. For integers x%0 is x, and the smallest value %
    -1 is 0. For floats the remainder is NaN where lhs is infinite or rhs is 0, and lhs where rhs alone is infinite.

    ```mlir
    %2 = ogee.rem %0, %1 : tensor<?x128xf32>
    ```
  }];
}

def Ogee_PowOp : Ogee_Binary<"pow", Ogee_NumberTensor, Ogee_Gradient> {
  let summary = "lhs to the power of rhs.";
  let description = [{
    For floats with the special values of C's pow: pow(x, ±0) and pow(1, y) are 1 even for NaN, pow of a negative number
    with a fractional exponent is NaN. Integers wrap around; a negative exponent gives 0, but 1 for a base of 1 and ±1
    for a base of -1; x to the 0 is 1.

    ```mlir
    %2 = ogee.pow %0, %1 : tensor<?x128xf32>
    ```
  }];
}

def Ogee_MaxOp : Ogee_Binary<"max", Ogee_NumberTensor, Ogee_Gradient> {
  let summary = "The larger one.";
  let description = [{
    NaN where one of the operands is; rhs where they are equal, which shows in the sign of a zero only.

    ```mlir
    %2 = ogee.max %0, %1 : tensor<?x128xf32>
    ```
  }];
}

def Ogee_MinOp : Ogee_Binary<"min", Ogee_NumberTensor, Ogee_Gradient> {
  let summary = "The smaller one.";
  let description = [{
    NaN where one of the operands is; rhs where they are equal, which shows in the sign of a zero only.

    ```mlir
    %2 = ogee.min %0, %1 : tensor<?x128xf32>
    ```
  }];
}

def Ogee_AndOp : Ogee_Binary<"and", Ogee_BitsTensor, Ogee_NoGradient, [Commutative]> {
  let summary = "Bitwise and.";
  let description = [{
    ```mlir
    %2 = ogee.and %0, %1 : tensor<?xi1>
    ```
  }];
}

def Ogee_OrOp : Ogee_Binary<"or", Ogee_BitsTensor, Ogee_NoGradient, [Commutative]> {
  let summary = "Bitwise or.";
  let description = [{
    ```mlir
    %2 = ogee.or %0, %1 : tensor<?xi1>
    ```
  }];
}

def Ogee_XorOp : Ogee_Binary<"xor", Ogee_BitsTensor, Ogee_NoGradient, [Commutative]> {
  let summary = "Bitwise exclusive or.";
  let description = [{
    ```mlir
    %2 = ogee.xor %0, %1 : tensor<?xi1>
    ```
  }];
}

def Ogee_ShlOp : Ogee_Binary<"shl", Ogee_IntTensor, Ogee_NoGradient> {
  let summary = "lhs shifted left by rhs bits.";
  let description = [{
    rhs is read as unsigned; the width of the type or more gives 0.

    ```mlir
    %2 = ogee.shl %0, %1 : tensor<?xi32>
    ```
  }];
}

def Ogee_ShrArithOp : Ogee_Binary<"shr_arith", Ogee_IntTensor, Ogee_NoGradient> {
  let summary = "lhs shifted right by rhs bits, filled with the sign.";
  let description = [{
    rhs is read as unsigned; the width of the type or more gives 0 or, for a negative lhs, -1.

    ```mlir
    %2 = ogee.shr_arith %0, %1 : tensor<?xi32>
    ```
  }];
}

def Ogee_ShrLogicOp : Ogee_Binary<"shr_logic", Ogee_IntTensor, Ogee_NoGradient> {
  let summary = "lhs shifted right by rhs bits, filled with zeros.";
  let description = [{
    rhs is read as unsigned; the width of the type or more gives 0.

    ```mlir
    %2 = ogee.shr_logic %0, %1 : tensor<?xi32>
    ```
  }];
}

// --- compare, select, clamp ------------------------------------------------------------------------------------------

def Ogee_Comparison : I32EnumAttr<"Comparison", "how two values are compared", [
    I32EnumAttrCase<"eq", 0>, I32EnumAttrCase<"ne", 1>, I32EnumAttrCase<"lt", 2>,
    I32EnumAttrCase<"le", 3>, I32EnumAttrCase<"gt", 4>, I32EnumAttrCase<"ge", 5>]> {
  let cppNamespace = "::ogee::ir";
}

def Ogee_CompareOp : Ogee_Pointwise<"compare", Ogee_NoGradient, [
    AllTypesMatch<["lhs", "rhs"]>,
    TypesMatchWith<"result has the operands' dims and i1 elements", "lhs", "result",
                   "::ogee::ir::boolTypeLike($_self)">]> {
  let summary = "Whether lhs is equal to, less than … rhs.";
  let description = [{
    The comparison is one of eq, ne, lt, le, gt, ge. For floats -0 equals +0, and where an operand is NaN only ne holds.
    Integers are signed; false is less than true. The result is a tensor of bools.

    ```mlir
    %2 = ogee.compare lt %0, %1 : tensor<?x128xf32>
    ```
  }];
  let arguments = (ins Ogee_Comparison:$comparison, Ogee_Tensor:$lhs, Ogee_Tensor:$rhs);
  let results = (outs Ogee_BoolTensor:$result);
  let assemblyFormat = "$comparison $lhs `,` $rhs attr-dict `:` type($lhs)";
  let hasCanonicalizer = 1;
}

def Ogee_SelectOp : Ogee_Pointwise<"select", Ogee_Gradient, [
    AllTypesMatch<["onTrue", "onFalse", "result"]>,
    TypesMatchWith<"pred has the result's dims and i1 elements", "result", "pred",
                   "::ogee::ir::boolTypeLike($_self)">]> {
  let summary = "onTrue where pred holds, onFalse elsewhere.";
  let description = [{
    The value that is not chosen has no influence, even if it is NaN.

    ```mlir
    %3 = ogee.select %0, %1, %2 : tensor<?x128xf32>
    ```
  }];
  let arguments = (ins Ogee_BoolTensor:$pred, Ogee_Tensor:$onTrue, Ogee_Tensor:$onFalse);
  let results = (outs Ogee_Tensor:$result);
  let assemblyFormat = "$pred `,` $onTrue `,` $onFalse attr-dict `:` type($result)";
  let hasCanonicalizer = 1;
}

def Ogee_ClampOp : Ogee_Pointwise<"clamp", Ogee_Gradient, [AllTypesMatch<["lo", "operand", "hi", "result"]>]> {
  let summary = "min(max(x, lo), hi).";
  let description = [{
    NaN where x or a bound is NaN; hi where lo is above hi; a bound where x is equal to it.

    ```mlir
    %3 = ogee.clamp %lo, %x, %hi : tensor<?x128xf32>
    ```
  }];
  let arguments = (ins Ogee_NumberTensor:$lo, Ogee_NumberTensor:$operand, Ogee_NumberTensor:$hi);
  let results = (outs Ogee_NumberTensor:$result);
  let assemblyFormat = "$lo `,` $operand `,` $hi attr-dict `:` type($result)";
}

#endif // OGEE_IR_OPS_POINTWISE_TD
