// Regions in the launch list: a carried value is renewed in its own buffer where nothing reads the old one afterwards, a
// stacked result is computed in its place, and a part that values place is read where it lies.
// RUN: ogee show %s --stage nest | FileCheck %s
// RUN: ogee bench %s --seconds 0.01 | FileCheck %s --check-prefix=RIGHT

// RIGHT: results agree with the interpreter

// The first carried value.
// CHECK-LABEL: // copy
// The body: reads and writes the carried value, and writes part i of the result.
// CHECK-LABEL: // add
// CHECK: b0 : f32
// CHECK: load b0[0, 1]
// CHECK: load b1[16*%i0, 1]
// CHECK-NOT: copy
// CHECK: store %{{.*}} -> b0[0, 1]
// CHECK-LABEL: // exp
// CHECK: store %{{.*}} -> b1[16*%i0, 1]
// The slice is no copy.
// CHECK-LABEL: // neg
// CHECK: load b0[0, 1] from b1[0] to 3 times 16
func.func @main(%s: tensor<16xf32>, %xs: tensor<5x16xf32>, %i: tensor<i64>) -> (tensor<16xf32>, tensor<5x16xf32>, tensor<2x16xf32>) {
  %zero = ogee.constant dense<0> : tensor<i64>
  %r:2 = ogee.scan (%s : tensor<16xf32>) over (%xs : tensor<5x16xf32>) -> (tensor<16xf32>, tensor<5x16xf32>) {
  ^bb0(%a: tensor<16xf32>, %x: tensor<16xf32>):
    %0 = ogee.add %a, %x : tensor<16xf32>
    %1 = ogee.exp %x : tensor<16xf32>
    ogee.yield %0, %1 : tensor<16xf32>, tensor<16xf32>
  }
  %p = ogee.dynamic_slice %xs [%i, %zero] sizes [2, 16] : tensor<5x16xf32> -> tensor<2x16xf32>
  %n = ogee.neg %p : tensor<2x16xf32>
  return %r#0, %r#1, %n : tensor<16xf32>, tensor<5x16xf32>, tensor<2x16xf32>
}
