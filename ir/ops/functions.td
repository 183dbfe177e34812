//===-- Functions: pointwise ops on floats whose results are not exact -------------------------------------------===//
// f32 functions differ from the exact value by at most 4 units in the last place (exp and log: 1.5) wherever that is
// finite; f64 functions are those of the C library. NaN in, NaN out.
#ifndef OGEE_IR_OPS_FUNCTIONS_TD
#define OGEE_IR_OPS_FUNCTIONS_TD

include "ir/ops/pointwise.td"

/// A function that no fold computes: its results are not exact, or the host's library would be needed.
class Ogee_Function<string mnemonic> : Ogee_Unary<mnemonic, Ogee_FloatTensor, Ogee_Gradient> {
  let hasFolder = 0;
}

def Ogee_ExpOp : Ogee_Function<"exp"> {
  let summary = "e to the power of x.";
  let description = [{
    exp(-inf) is 0, exp(inf) is inf; values too large for the type give inf, those too small subnormals, then 0.

    ```mlir
    %1 = ogee.exp %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_Expm1Op : Ogee_Function<"expm1"> {
  let summary = "exp(x) - 1, accurate near zero.";
  let description = [{
    expm1(±0) is ±0, expm1(-inf) is -1, expm1(inf) is inf.

    ```mlir
    %1 = ogee.expm1 %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_LogOp : Ogee_Function<"log"> {
  let summary = "Natural logarithm.";
  let description = [{
    log(±0) is -inf, log(inf) is inf, log of a negative number is NaN.

    ```mlir
    %1 = ogee.log %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_Log2Op : Ogee_Function<"log2"> {
  let summary = "Logarithm to base 2.";
  let description = [{
    Exact for powers of 2. log2(±0) is -inf, log2(inf) is inf, log2 of a negative number is NaN.

    ```mlir
    %1 = ogee.log2 %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_Log10Op : Ogee_Function<"log10"> {
  let summary = "Logarithm to base 10.";
  let description = [{
    Exact for powers of 10. log10(±0) is -inf, log10(inf) is inf, log10 of a negative number is NaN.

    ```mlir
    %1 = ogee.log10 %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_Log1pOp : Ogee_Function<"log1p"> {
  let summary = "log(1 + x), accurate near zero.";
  let description = [{
    log1p(±0) is ±0, log1p(-1) is -inf, log1p(inf) is inf, log1p of a number below -1 is NaN.

    ```mlir
    %1 = ogee.log1p %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_SqrtOp : Ogee_Function<"sqrt"> {
  let summary = "Square root, correctly rounded.";
  let description = [{
    sqrt(-0) is -0, sqrt of a negative number is NaN.

    ```mlir
    %1 = ogee.sqrt %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_RsqrtOp : Ogee_Function<"rsqrt"> {
  let summary = "1 / sqrt(x).";
  let description = [{
    Both the root and the quotient are correctly rounded. rsqrt(±0) is ±inf, rsqrt(inf) is 0, rsqrt of a negative number
    is NaN.

    ```mlir
    %1 = ogee.rsqrt %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_CbrtOp : Ogee_Function<"cbrt"> {
  let summary = "Cube root.";
  let description = [{
    cbrt(-x) is -cbrt(x); ±0 and ±inf give themselves.

    ```mlir
    %1 = ogee.cbrt %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_SinOp : Ogee_Function<"sin"> {
  let summary = "Sine of an angle in radians.";
  let description = [{
    sin(±0) is ±0, sin(±inf) is NaN. Large angles are reduced exactly.

    ```mlir
    %1 = ogee.sin %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_CosOp : Ogee_Function<"cos"> {
  let summary = "Cosine of an angle in radians.";
  let description = [{
    cos(±0) is 1, cos(±inf) is NaN. Large angles are reduced exactly.

    ```mlir
    %1 = ogee.cos %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_TanOp : Ogee_Function<"tan"> {
  let summary = "Tangent of an angle in radians.";
  let description = [{
    tan(±0) is ±0, tan(±inf) is NaN. Large angles are reduced exactly.

    ```mlir
    %1 = ogee.tan %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_TanhOp : Ogee_Function<"tanh"> {
  let summary = "Hyperbolic tangent.";
  let description = [{
    tanh(±0) is ±0, tanh(±inf) is ±1; never beyond ±1.

    ```mlir
    %1 = ogee.tanh %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_LogisticOp : Ogee_Function<"logistic"> {
  let summary = "The logistic function 1 / (1 + exp(-x)).";
  let description = [{
    logistic(-inf) is 0, logistic(inf) is 1; always within [0, 1].

    ```mlir
    %1 = ogee.logistic %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_ErfOp : Ogee_Function<"erf"> {
  let summary = "The error function.";
  let description = [{
    erf(±0) is ±0, erf(±inf) is ±1; never beyond ±1.

    ```mlir
    %1 = ogee.erf %0 : tensor<?xf32>
    ```
  }];
}

def Ogee_Atan2Op : Ogee_Binary<"atan2", Ogee_FloatTensor, Ogee_Gradient> {
  let summary = "The angle of the point (x = rhs, y = lhs), in [-pi, pi].";
  let description = [{
    With the special values of C's atan2: the signs of zeros count, so atan2(±0, -0) is ±pi, and atan2(±inf, inf) is
    ±pi/4.

    ```mlir
    %2 = ogee.atan2 %0, %1 : tensor<?x128xf32>
    ```
  }];
  let hasFolder = 0;
}

#endif // OGEE_IR_OPS_FUNCTIONS_TD
