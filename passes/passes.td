//===-- The passes on graphs, in the order of the pipeline ---===//
// Each entry says what the pass does, what it requires and what it leaves behind, with a snippet that is the first case
// of its test.
#ifndef OGEE_PASSES_PASSES_TD
#define OGEE_PASSES_PASSES_TD

include "mlir/Pass/PassBase.td"

def AutodiffPass : Pass<"autodiff", "::mlir::ModuleOp"> {
  let summary = "Puts beside each function its vector-Jacobian or Jacobian-vector product.";
  let description = [{
    Requires nothing; not part of the pipeline: the front end asks for gradients function by function. For every
    function `f` there is afterwards `f_vjp`, from the arguments and a cotangent for each result to a cotangent for each
    argument of floats, or `f_jvp`, from the arguments and a tangent for each of those to a tangent for each result.
    What of the original computation the product does not read is gone. A function that has its product keeps it, so
    that running the pass again gives higher orders.

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      %y = ogee.tanh %x : tensor<4xf32>
      return %y : tensor<4xf32>
    }
    // gets, with mode=vjp
    func.func @f_vjp(%x: tensor<4xf32>, %dy: tensor<4xf32>) -> tensor<4xf32> {
      %y = ogee.tanh %x : tensor<4xf32>
      %one = ogee.constant dense<1.0> : tensor<4xf32>
      %0 = ogee.mul %y, %y : tensor<4xf32>
      %1 = ogee.sub %one, %0 : tensor<4xf32>
      %2 = ogee.mul %dy, %1 : tensor<4xf32>
      return %2 : tensor<4xf32>
    }
    ```
  }];
  let options = [Option<"mode", "mode", "std::string", "\"vjp\"", "vjp or jvp">,
                 ListOption<"wrt", "wrt", "unsigned", "numbers of the arguments (default: all of floats)">];
  let dependentDialects = ["::ogee::ir::OgeeDialect", "::mlir::arith::ArithDialect"];
}

def PartitionPass : Pass<"partition", "::mlir::ModuleOp"> {
  let summary = "Puts beside each function what runs backward, and what runs forward to that end.";
  let description = [{
    Requires nothing; not part of the pipeline: the tape asks for it function by function. For every function `f` there
    is afterwards `f_backward`, which gives the gradients of its arguments of floats from what was saved: arguments,
    results and cotangents, whichever of them it reads, and sizes of arguments that it reads no elements of. With
    `forward` there is also `f_forward`: f with the values that are kept rather than computed again as further results.

    ```mlir
    func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
      %y = ogee.tanh %x : tensor<?xf32>
      return %y : tensor<?xf32>
    }
    // gets
    func.func @f_backward(%dy: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
      %one = ogee.constant dense<1.0> : tensor<f32>
      …
    }
    ```
  }];
  let options = [Option<"forward", "forward", "bool", "false", "save intermediate values, too">];
  let dependentDialects = ["::ogee::ir::OgeeDialect", "::mlir::arith::ArithDialect"];
}

def CheckNumbersPass : Pass<"check-numbers", "::mlir::func::FuncOp"> {
  let summary = "Checks behind every op that it makes no NaN of numbers, and no infinity of finite ones.";
  let description = [{
    Requires nothing; only in NaN mode part of the pipeline, before all others. Afterwards the function ends with an
    error where an op, in a region or not, makes a NaN of operands that have none there or an infinity of finite ones,
    or divides an integer by zero. The error names the op, in whose gradient it stands, the ranges of what it reads, its
    line, and what is usually the cause. Ops that never do so, such as constants and selections, have no check.

    ```mlir
    %0 = ogee.log %x : tensor<4xf32>
    // becomes, with the same again for is_finite and "makes inf of {0}",
    %0 = ogee.log %x : tensor<4xf32>
    %1 = ogee.compare eq %0, %0 {ogee.check_part} : tensor<4xf32>
    %2 = ogee.not %1 {ogee.check_part} : tensor<4xi1>
    %3 = ogee.compare eq %x, %x {ogee.check_part} : tensor<4xf32>
    %4 = ogee.and %2, %3 {ogee.check_part} : tensor<4xi1>
    %5 = ogee.any %4 [0] {ogee.check_part} : tensor<4xi1> -> tensor<i1>
    ogee.check %5, "log: makes NaN of {0}"(%x : tensor<4xf32>) hint "a negative number has no logarithm; …"
    ```
  }];
  let options = [Option<"within", "within", "std::string", "\"\"", "the function that texts name besides the op">,
                 Option<"lines", "lines", "bool", "true", "whether checks have the lines of their ops">];
  let dependentDialects = ["::ogee::ir::OgeeDialect"];
}

def DropGradientRulesPass : Pass<"drop-gradient-rules", "::mlir::func::FuncOp"> {
  let summary = "Removes what only differentiation looks at.";
  let description = [{
    Requires nothing; the first pass of a compilation, after all differentiation. Afterwards there is no `stop_gradient`
    and no `custom_vjp`, in regions neither: their values stand in their place.

    ```mlir
    %1 = ogee.stop_gradient %0 : tensor<4xf32>
    %2 = ogee.exp %1 : tensor<4xf32>
    // becomes
    %2 = ogee.exp %0 : tensor<4xf32>
    ```
  }];
  let dependentDialects = ["::ogee::ir::OgeeDialect"];
}

def RematerializePass : Pass<"rematerialize", "::mlir::func::FuncOp"> {
  let summary = "Computes again what would be kept long for the backward part.";
  let description = [{
    Requires a simplified function in which ops of the backward part have the mark `ogee.backward`; what depends on them
    belongs to it too. Afterwards pointwise, movement and creation ops of the forward part stand, with the mark
    `ogee.recomputed`, a second time where the backward part first reads them, if fewer bytes live across the border so
    and the work is worth it; what has the mark `ogee.checkpoint` always does, whatever it is. A function without marks
    stays as it is.

    ```mlir
    %0 = ogee.dot %x, %w … : tensor<8x8xf32>
    %1 = ogee.mul %0, %0 : tensor<8x8xf32>
    …
    %2 = ogee.mul %1, %0 {ogee.backward} : tensor<8x8xf32>
    // becomes
    %0 = ogee.dot %x, %w … : tensor<8x8xf32>
    %1 = ogee.mul %0, %0 : tensor<8x8xf32>
    …
    %3 = ogee.mul %0, %0 {ogee.backward, ogee.recomputed} : tensor<8x8xf32>
    %2 = ogee.mul %3, %0 {ogee.backward} : tensor<8x8xf32>
    ```
  }];
  let options = [Option<"report", "report", "bool", "false", "a remark that says how many bytes are kept">];
  let dependentDialects = ["::ogee::ir::OgeeDialect"];
}

def DecomposePass : Pass<"decompose", "::mlir::func::FuncOp"> {
  let summary = "Brings contractions and reductions into the forms that code generation knows.";
  let description = [{
    Requires nothing. Afterwards every `dot` is [batch…, m, k] x [batch…, k, n] with both m and n different from the
    number 1, the axes of every reduction are adjacent, and no `while` has `max_trips`.

    - Other orders and numbers of axes become transposes and reshapes around such a dot.
    - A dot with one row or one column is a product and a sum, and is added up as reductions are.
    - A `while` with `max_trips` carries the number of its trips, which its test reads.
    - A reduction over axes that are apart is one over the last run of adjacent axes, then one over the others.

    ```mlir
    %r = ogee.sum %x [0, 2] : tensor<2x3x4xf32> -> tensor<3xf32>
    // becomes
    %0 = ogee.sum %x [2] : tensor<2x3x4xf32> -> tensor<2x3xf32>
    %r = ogee.sum %0 [0] : tensor<2x3xf32> -> tensor<3xf32>
    ```
  }];
  let dependentDialects = ["::ogee::ir::OgeeDialect"];
}

def FusePass : Pass<"fuse", "::mlir::func::FuncOp"> {
  let summary = "Puts ops that become one kernel into groups.";
  let description = [{
    Requires what `decompose` leaves. Afterwards every computing op stands in exactly one `ogee.group`; between the
    groups stand constants, views, pads, concatenations, updates, ops on index values, and ops of control, in whose
    regions the same holds.

    ```mlir
    %0 = ogee.add %x, %y : tensor<4xf32>
    %1 = ogee.mul %0, %w : tensor<4xf32>
    // becomes
    %1 = ogee.group "add_mul" (%a = %x, %b = %y, %c = %w : …) -> tensor<4xf32> { … }
    ```
  }];
  let options = [Option<"merge", "merge", "bool", "true", "put several ops into a group (false: one each)">];
  let dependentDialects = ["::ogee::ir::OgeeDialect"];
}

#endif // OGEE_PASSES_PASSES_TD
