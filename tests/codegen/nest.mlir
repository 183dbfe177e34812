// The text of nests: what is iterated, read, computed, reduced and stored.
// RUN: ogee show %s --stage nest | FileCheck %s

// A softmax: neighbouring dims that every access walks alike are merged, the reduced one stays.
// CHECK-LABEL: // amax_broadcast_sub_exp
// CHECK-NEXT: nest (15, 10 reduced)
// CHECK-NEXT: b0 : f32
// CHECK-NEXT: b1 : f32
// CHECK-NEXT: %0 = load b0[0, 10, 1] : f32
// CHECK-NEXT: %1 = reduce amax %0 axes=array<i64: 2> : f32 kept
// CHECK-NEXT: %2 = sub %0 %1 : f32
// CHECK-NEXT: %3 = exp %2 : f32
// CHECK-NEXT: %4 = reduce sum %3 axes=array<i64: 2> : f32 kept
// CHECK-NEXT: %5 = div %3 %4 : f32
// CHECK-NEXT: store %5 -> b1[0, 10, 1]
func.func @main(%x: tensor<5x3x10xf32>) -> tensor<5x3x10xf32> {
  %m = ogee.amax %x [2] : tensor<5x3x10xf32> -> tensor<5x3xf32>
  %mb = ogee.broadcast %m [0, 1] sizes [5, 3, 10] : tensor<5x3xf32> -> tensor<5x3x10xf32>
  %d = ogee.sub %x, %mb : tensor<5x3x10xf32>
  %e = ogee.exp %d : tensor<5x3x10xf32>
  %s = ogee.sum %e [2] : tensor<5x3x10xf32> -> tensor<5x3xf32>
  %sb = ogee.broadcast %s [0, 1] sizes [5, 3, 10] : tensor<5x3xf32> -> tensor<5x3x10xf32>
  %r = ogee.div %e, %sb : tensor<5x3x10xf32>
  return %r : tensor<5x3x10xf32>
}
