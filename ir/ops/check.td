//===-- Checks: conditions that end a call with an error ----------------------------------------------------------===//
#ifndef OGEE_IR_OPS_CHECK_TD
#define OGEE_IR_OPS_CHECK_TD

include "ir/ops/base.td"


def Ogee_CheckOp : Ogee_Op<"check", [MemoryEffects<[MemWrite]>, Ogee_NoGradient]> {
  let summary = "Ends the call with an error where a condition holds.";
  let description = [{
    Where `failed` is true, nothing that comes later runs, and the call is an error with the message, in which `{0}`,
    `{1}` … stand for the values (the number of a tensor of rank 0, the range of any other), then the op's line, then
    the hint if there is one. Otherwise nothing happens. Checks are made in the order in which they stand.

    ```mlir
    ogee.check %bad, "log: gives NaN for an input in {0}"(%x : tensor<?xf32>) hint "clamp it"
    ```
  }];
  let arguments = (ins Ogee_BoolScalar:$failed, StrAttr:$message, Variadic<Ogee_Tensor>:$values,
                       OptionalAttr<StrAttr>:$hint);
  let assemblyFormat = "$failed `,` $message (`(` $values^ `:` type($values) `)`)? (`hint` $hint^)? attr-dict";
  let hasCanonicalizer = 1;
}

#endif // OGEE_IR_OPS_CHECK_TD
