// `ogee bench` counts a value with a gradient of its own as that value.
// Covers: cost
// RUN: ogee bench %s --dim n=1000 --seconds 0.01 | FileCheck %s

// CHECK: main: 0.001 MFLOP, 0.008 MB read and written (0.008 op by op), results agree with the interpreter
func.func @main(%x: tensor<?xf32> {ogee.dims = ["n"]}) -> tensor<?xf32> {
  %y = ogee.exp %x : tensor<?xf32>
  %r = ogee.custom_vjp (%x, %y : tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32> {
  ^bb0(%a: tensor<?xf32>, %b: tensor<?xf32>, %d: tensor<?xf32>):
    %0 = ogee.mul %d, %b : tensor<?xf32>
    ogee.yield %0 : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}
