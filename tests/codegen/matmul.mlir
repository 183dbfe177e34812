// Products for a GPU: the library's first, with the epilogue it may have; then the nests that run where it does not do
// it, a product and its epilogue apart.
// REQUIRES: nvrtc
// Covers: plan_matmul
// RUN: ogee show %s --target cuda:sm_90 --stage nest | FileCheck %s

// The library is asked for all of it, then for the product alone, for which there is a kernel, too.
// CHECK: // dot_add_product
// CHECK-NEXT: nest (8, 50)
// CHECK: product over 40 b0[0, 40, 1] x b1[0, 1, 50]
// CHECK-NEXT: %0 = product : f32
// CHECK-NEXT: store %0 -> b2[0, 50, 1]
// CHECK: // dot_add_epilogue
// CHECK-NOT: product
// CHECK: %0 = load
// CHECK-NEXT: %1 = load
// CHECK-NEXT: %2 = add %0 %1 : f32
// CHECK-NOT: // dot
func.func @main(%x: tensor<8x40xf32>, %w: tensor<40x50xf32>, %b: tensor<50xf32>) -> tensor<8x50xf32> {
  %p = ogee.dot %x, %w batch [] x [] contract [1] x [0] : tensor<8x40xf32>, tensor<40x50xf32> -> tensor<8x50xf32>
  %bb = ogee.broadcast %b [1] sizes [8, 50] : tensor<50xf32> -> tensor<8x50xf32>
  %a = ogee.add %p, %bb : tensor<8x50xf32>
  return %a : tensor<8x50xf32>
}
