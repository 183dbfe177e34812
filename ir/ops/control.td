//===-- Control: regions that run as values say ------------------------------------------------------------------===//
// A region sees the values that its op hands to it, as arguments of its one block, and ends in `ogee.yield`. What it
// captures from around it are the op's last operands and its last arguments. Sizes do not depend on values: what a
// region requires of them is checked whether it runs or not, and a carried value keeps its dims.
#ifndef OGEE_IR_OPS_CONTROL_TD
#define OGEE_IR_OPS_CONTROL_TD

include "ir/ops/base.td"

/// Its gradient is built region by region: passes/autodiff_control.cpp.
class Ogee_ControlOp<string mnemonic, list<Trait> traits = []> : Ogee_Op<mnemonic, !listconcat(traits, [
    IsolatedFromAbove, RecursiveMemoryEffects])> {
  let hasRegionVerifier = 1;
  let hasCanonicalizer = 1;
}


def Ogee_CondOp : Ogee_ControlOp<"cond"> {
  let summary = "What one of two regions gives.";
  let description = [{
    Runs `then` where the predicate holds, else `else`. Both get the captured values and give values of the same types
    and dims.

    ```mlir
    %y = ogee.cond %p (%x : tensor<4xf32>) -> (tensor<4xf32>) then {
    ^bb0(%a: tensor<4xf32>):
      %0 = ogee.mul %a, %a : tensor<4xf32>
      ogee.yield %0 : tensor<4xf32>
    } else {
    ^bb0(%a: tensor<4xf32>):
      ogee.yield %a : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Ogee_BoolScalar:$predicate, Variadic<AnyTypeOf<[Ogee_Tensor, Index]>>:$captures);
  let results = (outs Variadic<Ogee_Tensor>:$results);
  let regions = (region SizedRegion<1>:$then, SizedRegion<1>:$otherwise);
  let assemblyFormat = [{
    $predicate (`(` $captures^ `:` type($captures) `)`)? (`->` `(` type($results)^ `)`)? attr-dict-with-keyword
    `then` $then `else` $otherwise
  }];
}

def Ogee_WhileOp : Ogee_ControlOp<"while", [AttrSizedOperandSegments]> {
  let summary = "Carried values that a region renews as long as another one says.";
  let description = [{
    The carried values start as `inits`. As long as `test`, which gives one bool, holds for them, and `max_trips` (if
    given) is not reached, `body` gives the next ones. The results are the last ones. A loop whose test never fails
    never ends. Gradients need `max_trips`: so many values are kept for them.

    ```mlir
    %r = ogee.while (%x : tensor<f32>) captures (%limit : tensor<f32>) max_trips 100 -> (tensor<f32>) test {
    ^bb0(%a: tensor<f32>, %l: tensor<f32>):
      %0 = ogee.compare lt %a, %l : tensor<f32>
      ogee.yield %0 : tensor<i1>
    } do {
    ^bb0(%a: tensor<f32>, %l: tensor<f32>):
      %0 = ogee.add %a, %a : tensor<f32>
      ogee.yield %0 : tensor<f32>
    }
    ```
  }];
  let arguments = (ins Variadic<Ogee_Tensor>:$inits, Variadic<AnyTypeOf<[Ogee_Tensor, Index]>>:$captures,
                       OptionalAttr<I64Attr>:$maxTrips);
  let results = (outs Variadic<Ogee_Tensor>:$results);
  let regions = (region SizedRegion<1>:$test, SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`(` $inits^ `:` type($inits) `)`)? (`captures` `(` $captures^ `:` type($captures) `)`)?
    (`max_trips` $maxTrips^)? (`->` `(` type($results)^ `)`)? attr-dict-with-keyword `test` $test `do` $body
  }];
}

def Ogee_ScanOp : Ogee_ControlOp<"scan", [AttrSizedOperandSegments]> {
  let summary = "A region run for each part of some tensors, with carried values.";
  let description = [{
    `over` are one tensor or more with equally many parts along the first dim. The body gets the carried values, which
    start as `inits`, and part 0 of each, then part 1 …; with `reverse` the last part comes first. It gives the next
    carried values, then values that are stacked: part i of a stacked result is what the body gave for part i. The
    results are the last carried values, then the stacked ones.

    ```mlir
    %sum, %sums = ogee.scan (%zero : tensor<f32>) over (%xs : tensor<?xf32>) -> (tensor<f32>, tensor<?xf32>) {
    ^bb0(%s: tensor<f32>, %x: tensor<f32>):
      %0 = ogee.add %s, %x : tensor<f32>
      ogee.yield %0, %0 : tensor<f32>, tensor<f32>
    }
    ```
  }];
  let arguments = (ins Variadic<Ogee_Tensor>:$inits, Variadic<Ogee_Tensor>:$over,
                       Variadic<AnyTypeOf<[Ogee_Tensor, Index]>>:$captures, UnitAttr:$reverse);
  let results = (outs Variadic<Ogee_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`(` $inits^ `:` type($inits) `)`)? `over` `(` $over `:` type($over) `)`
    (`captures` `(` $captures^ `:` type($captures) `)`)? (`reverse` $reverse^)? (`->` `(` type($results)^ `)`)?
    attr-dict-with-keyword $body
  }];
  let extraClassDeclaration = [{
    unsigned getNumCarried() { return getInits().size(); }
    ::mlir::ResultRange getCarried() { return getResults().take_front(getInits().size()); }
    ::mlir::ResultRange getStacked() { return getResults().drop_front(getInits().size()); }
  }];
}

#endif // OGEE_IR_OPS_CONTROL_TD
