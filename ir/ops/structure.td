//===-- Structure: ops that hold ops -----------------------------------------------------------------------------===//
#ifndef OGEE_IR_OPS_STRUCTURE_TD
#define OGEE_IR_OPS_STRUCTURE_TD

include "ir/ops/base.td"

def Ogee_GroupOp : Ogee_Op<"group", [
    IsolatedFromAbove, SingleBlock, RecursiveMemoryEffects, RecursivelySpeculatable]> {
  let summary = "Ops that become one kernel.";
  let description = [{
    Computes what its body computes. The body sees the operands alone, as its block's arguments; it ends in
    `ogee.yield`. The name, if any, says what the group is for and means nothing.

    ```mlir
    %r = ogee.group "scale" (%a = %x, %b = %y : tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32> {
      %0 = ogee.mul %a, %b : tensor<?xf32>
      ogee.yield %0 : tensor<?xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyTypeOf<[Ogee_Tensor, Index]>>:$inputs, OptionalAttr<StrAttr>:$name);
  let results = (outs Variadic<Ogee_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let builders = [OpBuilder<(ins "::mlir::TypeRange":$outputs, "::mlir::ValueRange":$inputs,
                                 CArg<"::llvm::StringRef", "{}">:$name)>];
  let skipDefaultBuilders = 1;
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
  let hasCanonicalizer = 1;
}

def Ogee_YieldOp : Ogee_Op<"yield", [Pure, Terminator, ReturnLike,
    ParentOneOf<["GroupOp", "CondOp", "WhileOp", "ScanOp", "CustomVjpOp"]>]> {
  let summary = "The results of the region that it ends.";
  let description = [{
    ```mlir
    ogee.yield %0, %1 : tensor<?xf32>, tensor<?xf32>
    ```
  }];
  let arguments = (ins Variadic<Ogee_Tensor>:$operands);
  let assemblyFormat = "($operands^ `:` type($operands))? attr-dict";
}

#endif // OGEE_IR_OPS_STRUCTURE_TD
