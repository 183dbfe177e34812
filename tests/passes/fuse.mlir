// RUN: ogee-opt %s --fuse --split-input-file | FileCheck %s

// CHECK-LABEL: @pointwise
// CHECK: ogee.group "add_mul"
// CHECK-NEXT: ogee.add
// CHECK-NEXT: ogee.mul
// CHECK-NEXT: ogee.yield %{{[^,]*}} : tensor<4xf32>
// CHECK-NOT: ogee.group
func.func @pointwise(%x: tensor<4xf32>, %y: tensor<4xf32>, %w: tensor<4xf32>) -> tensor<4xf32> {
  %0 = ogee.add %x, %y : tensor<4xf32>
  %1 = ogee.mul %0, %w : tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// A softmax is one group: its reductions have the same axes, and the broadcasts lead back to the full shape.
// CHECK-LABEL: @softmax
// CHECK: ogee.group
// CHECK: ogee.amax
// CHECK: ogee.sum
// CHECK: ogee.div
// CHECK-NOT: ogee.group
func.func @softmax(%x: tensor<32x10xf32>) -> tensor<32x10xf32> {
  %m = ogee.amax %x [1] : tensor<32x10xf32> -> tensor<32xf32>
  %mb = ogee.broadcast %m [0] sizes [32, 10] : tensor<32xf32> -> tensor<32x10xf32>
  %d = ogee.sub %x, %mb : tensor<32x10xf32>
  %e = ogee.exp %d : tensor<32x10xf32>
  %s = ogee.sum %e [1] : tensor<32x10xf32> -> tensor<32xf32>
  %sb = ogee.broadcast %s [0] sizes [32, 10] : tensor<32xf32> -> tensor<32x10xf32>
  %r = ogee.div %e, %sb : tensor<32x10xf32>
  return %r : tensor<32x10xf32>
}

// -----

// Reductions over different axes cannot share loops.
// CHECK-LABEL: @two_axes
// CHECK-COUNT-2: ogee.group
// CHECK-NOT: ogee.group
func.func @two_axes(%x: tensor<32x10xf32>) -> (tensor<32xf32>, tensor<10xf32>) {
  %0 = ogee.exp %x : tensor<32x10xf32>
  %r = ogee.sum %0 [1] : tensor<32x10xf32> -> tensor<32xf32>
  %c = ogee.sum %0 [0] : tensor<32x10xf32> -> tensor<10xf32>
  return %r, %c : tensor<32xf32>, tensor<10xf32>
}

// -----

// Bias and activation go into the contraction's group, a following reduction does not.
// CHECK-LABEL: @epilogue
// CHECK: ogee.group "dot_add_max"
// CHECK: ogee.group "sum"
func.func @epilogue(%x: tensor<32x64xf32>, %w: tensor<64x16xf32>, %b: tensor<16xf32>) -> tensor<32xf32> {
  %zero = ogee.constant dense<0.0> : tensor<32x16xf32>
  %bias = ogee.broadcast %b [1] sizes [32, 16] : tensor<16xf32> -> tensor<32x16xf32>
  %0 = ogee.dot %x, %w batch [] x [] contract [1] x [0] : tensor<32x64xf32>, tensor<64x16xf32> -> tensor<32x16xf32>
  %1 = ogee.add %0, %bias : tensor<32x16xf32>
  %2 = ogee.max %1, %zero : tensor<32x16xf32>
  %3 = ogee.sum %2 [1] : tensor<32x16xf32> -> tensor<32xf32>
  return %3 : tensor<32xf32>
}

// -----

// The add reads the exp directly and through a transpose of it, which needs its buffer: joining would close a cycle.
// CHECK-LABEL: @cycle
// CHECK: %[[E:.*]] = ogee.group "exp"
// CHECK: %[[T:.*]] = ogee.transpose %[[E]]
// CHECK: ogee.group "add"
func.func @cycle(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %e = ogee.exp %x : tensor<8x8xf32>
  %t = ogee.transpose %e [1, 0] : tensor<8x8xf32> -> tensor<8x8xf32>
  %r = ogee.add %e, %t : tensor<8x8xf32>
  return %r : tensor<8x8xf32>
}

// -----

// Run-time sizes: equal names are equal sizes, so the ops fuse.
// CHECK-LABEL: @symbolic
// CHECK: ogee.group "add_sum"
// CHECK-NOT: ogee.group
func.func @symbolic(%x: tensor<?x?xf32> {ogee.dims = ["b", "n"]}, %y: tensor<?x?xf32> {ogee.dims = ["b", "n"]}) -> tensor<?xf32> {
  %0 = ogee.add %x, %y : tensor<?x?xf32>
  %1 = ogee.sum %0 [1] : tensor<?x?xf32> -> tensor<?xf32>
  return %1 : tensor<?xf32>
}

// -----

// Position-dependent ops have no tensor operands and start groups.
// CHECK-LABEL: @iota
// CHECK: ogee.group "iota_add"
func.func @iota(%x: tensor<4x8xi64>) -> tensor<4x8xi64> {
  %i = ogee.iota [1] sizes [4, 8] : tensor<4x8xi64>
  %r = ogee.add %i, %x : tensor<4x8xi64>
  return %r : tensor<4x8xi64>
}

// Regions are fused as the function is.
// CHECK-LABEL: func.func @regions
// CHECK: ogee.cond
// CHECK: ogee.group "exp_neg"
// CHECK: else
// CHECK: ogee.group "neg"
func.func @regions(%p: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %r = ogee.cond %p (%x : tensor<4xf32>) -> (tensor<4xf32>) then {
  ^bb0(%a: tensor<4xf32>):
    %0 = ogee.exp %a : tensor<4xf32>
    %1 = ogee.neg %0 : tensor<4xf32>
    ogee.yield %1 : tensor<4xf32>
  } else {
  ^bb0(%a: tensor<4xf32>):
    %0 = ogee.neg %a : tensor<4xf32>
    ogee.yield %0 : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// A broadcast that only other groups read stands between the groups: it is written and read once for each row.
// CHECK-LABEL: @broadcast_for_others
// CHECK: %[[SUM:.*]] = ogee.group "sum"
// CHECK: %[[WIDE:.*]] = ogee.broadcast %[[SUM]]
// CHECK: ogee.group "exp_div" ({{.*}}%[[WIDE]]
func.func @broadcast_for_others(%x: tensor<32x10xf32>) -> tensor<32x10xf32> {
  %s = ogee.sum %x [1] : tensor<32x10xf32> -> tensor<32xf32>
  %sb = ogee.broadcast %s [0] sizes [32, 10] : tensor<32xf32> -> tensor<32x10xf32>
  %e = ogee.exp %x {ogee.recomputed} : tensor<32x10xf32>
  %r = ogee.div %e, %sb {ogee.recomputed} : tensor<32x10xf32>
  return %r : tensor<32x10xf32>
}
