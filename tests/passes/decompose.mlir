// RUN: ogee-opt %s --decompose --split-input-file | FileCheck %s

// Axes that are apart: the last run of adjacent ones first.
// CHECK-LABEL: @split_reduction
// CHECK: %[[INNER:.*]] = ogee.sum %{{.*}} [2] : tensor<2x3x4xf32> -> tensor<2x3xf32>
// CHECK: ogee.sum %[[INNER]] [0] : tensor<2x3xf32> -> tensor<3xf32>
func.func @split_reduction(%x: tensor<2x3x4xf32>) -> tensor<3xf32> {
  %r = ogee.sum %x [0, 2] : tensor<2x3x4xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

// CHECK-LABEL: @adjacent_axes
// CHECK: ogee.amax %{{.*}} [1, 2] : tensor<2x3x4xf32> -> tensor<2xf32>
func.func @adjacent_axes(%x: tensor<2x3x4xf32>) -> tensor<2xf32> {
  %r = ogee.amax %x [1, 2] : tensor<2x3x4xf32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

// Already in order: nothing happens.
// CHECK-LABEL: @batched
// CHECK-NEXT: ogee.dot %{{.*}}, %{{.*}} batch [0] x [0] contract [2] x [1]
// CHECK-NEXT: return
func.func @batched(%a: tensor<8x32x64xf32>, %b: tensor<8x64x16xf32>) -> tensor<8x32x16xf32> {
  %c = ogee.dot %a, %b batch [0] x [0] contract [2] x [1] : tensor<8x32x64xf32>, tensor<8x64x16xf32> -> tensor<8x32x16xf32>
  return %c : tensor<8x32x16xf32>
}

// -----

// A transposed right operand is a view.
// CHECK-LABEL: @transposed
// CHECK: %[[T:.*]] = ogee.transpose %{{.*}} [1, 0] : tensor<16x64xf32> -> tensor<64x16xf32>
// CHECK: ogee.dot %{{.*}}, %[[T]] batch [] x [] contract [1] x [0]
func.func @transposed(%a: tensor<32x64xf32>, %b: tensor<16x64xf32>) -> tensor<32x16xf32> {
  %c = ogee.dot %a, %b batch [] x [] contract [1] x [1] : tensor<32x64xf32>, tensor<16x64xf32> -> tensor<32x16xf32>
  return %c : tensor<32x16xf32>
}

// -----

// Two free axes become one, with run-time sizes.
// CHECK-LABEL: @two_free_axes
// CHECK: %[[M:.*]] = arith.muli
// CHECK: %[[A:.*]] = ogee.reshape %{{.*}} [%[[M]], 64] : tensor<?x32x64xf32> -> tensor<?x64xf32>
// CHECK: %[[C:.*]] = ogee.dot %[[A]], %{{.*}} batch [] x [] contract [1] x [0] : tensor<?x64xf32>, tensor<64x16xf32> -> tensor<?x16xf32>
// CHECK: ogee.reshape %[[C]] [%{{.*}}, 32, 16] : tensor<?x16xf32> -> tensor<?x32x16xf32>
func.func @two_free_axes(%a: tensor<?x32x64xf32>, %b: tensor<64x16xf32>) -> tensor<?x32x16xf32> {
  %c = ogee.dot %a, %b batch [] x [] contract [2] x [0] : tensor<?x32x64xf32>, tensor<64x16xf32> -> tensor<?x32x16xf32>
  return %c : tensor<?x32x16xf32>
}

// -----

// One row: a product and a sum over k.
// CHECK-LABEL: @one_row
// CHECK-NOT: ogee.dot
// CHECK: %[[X:.*]] = ogee.broadcast %{{.*}} [0] sizes [64, 16] : tensor<64xf32> -> tensor<64x16xf32>
// CHECK: %[[P:.*]] = ogee.mul %{{.*}}, %[[X]] : tensor<64x16xf32>
// CHECK: ogee.sum %[[P]] [0] : tensor<64x16xf32> -> tensor<16xf32>
func.func @one_row(%a: tensor<1x64xf32>, %b: tensor<64x16xf32>) -> tensor<1x16xf32> {
  %c = ogee.dot %a, %b batch [] x [] contract [1] x [0] : tensor<1x64xf32>, tensor<64x16xf32> -> tensor<1x16xf32>
  return %c : tensor<1x16xf32>
}

// -----

// A vector times a vector.
// CHECK-LABEL: @inner
// CHECK-NOT: ogee.dot
// CHECK: ogee.sum
func.func @inner(%a: tensor<64xi32>, %b: tensor<64xi32>) -> tensor<i32> {
  %c = ogee.dot %a, %b batch [] x [] contract [0] x [0] : tensor<64xi32>, tensor<64xi32> -> tensor<i32>
  return %c : tensor<i32>
}

// A loop of at most so many trips counts them.
// CHECK-LABEL: func.func @trips
// CHECK: ogee.while(%arg0, %{{.*}} : tensor<f32>, tensor<i64>) captures(%arg1 : tensor<i1>) -> (tensor<f32>, tensor<i64>) test {
// CHECK: %[[MORE:.*]] = ogee.compare lt %{{.*}}, %{{.*}} : tensor<i64>
// CHECK: %[[BOTH:.*]] = ogee.and %{{.*}}, %[[MORE]] : tensor<i1>
// CHECK: ogee.yield %[[BOTH]]
func.func @trips(%x: tensor<f32>, %p: tensor<i1>) -> tensor<f32> {
  %r = ogee.while (%x : tensor<f32>) captures (%p : tensor<i1>) max_trips 9 -> (tensor<f32>) test {
  ^bb0(%a: tensor<f32>, %q: tensor<i1>):
    ogee.yield %q : tensor<i1>
  } do {
  ^bb0(%a: tensor<f32>, %q: tensor<i1>):
    %0 = ogee.exp %a : tensor<f32>
    ogee.yield %0 : tensor<f32>
  }
  return %r : tensor<f32>
}
