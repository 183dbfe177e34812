// Cheap ops are done again where the backward part first reads them, and are not fused with what they repeat.
// RUN: ogee-opt %s --rematerialize=report --split-input-file 2> %t | FileCheck %s
// RUN: FileCheck %s --check-prefix=BYTES --input-file %t
// RUN: ogee-opt %s --rematerialize --rematerialize --split-input-file | FileCheck %s
// RUN: ogee-opt %s --graph --split-input-file | FileCheck %s --check-prefix=FUSED

// CHECK-LABEL: func.func @f
// CHECK: %[[D:.*]] = ogee.dot
// CHECK: %[[M:.*]] = ogee.mul %[[D]], %[[D]] : tensor<8x8xf32>
// CHECK: %[[E:.*]] = ogee.exp %[[M]] : tensor<8x8xf32>
// CHECK: %[[G:.*]] = ogee.dot %[[E]]
// CHECK: %[[A:.*]] = ogee.mul %[[D]], %[[D]] {ogee.backward, ogee.recomputed}
// CHECK: ogee.mul %[[G]], %[[A]] {ogee.backward}
// CHECK-NOT: ogee.exp
// BYTES: remark: keeps 512 bytes for the backward part instead of 768
// FUSED-LABEL: func.func @f
// FUSED: ogee.group "dot_mul_exp"
// FUSED: ogee.yield %{{.*}}, %{{.*}} : tensor<8x8xf32>, tensor<8x8xf32>
// FUSED: ogee.group "mul"
// FUSED: ogee.group "dot_mul_mul"
// FUSED-NOT: ogee.backward
func.func @f(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = ogee.dot %x, %w batch [] x [] contract [1] x [0] : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
  %1 = ogee.mul %0, %0 : tensor<8x8xf32>
  %2 = ogee.exp %1 : tensor<8x8xf32>
  %3 = ogee.dot %2, %w batch [] x [] contract [1] x [0] : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
  %4 = ogee.mul %3, %1 {ogee.backward} : tensor<8x8xf32>
  %5 = ogee.mul %4, %0 : tensor<8x8xf32>
  return %5 : tensor<8x8xf32>
}

// -----

// A region that is marked is done again from what it reads, products of matrices too, and stays apart from the first.
// CHECK-LABEL: func.func @checkpoint
// CHECK: %[[X:.*]] = ogee.sin
// CHECK: %[[D:.*]] = ogee.dot %{{.*}}, %{{.*}} batch [] x [] contract [1] x [1] {ogee.checkpoint}
// CHECK: %[[T:.*]] = ogee.tanh %[[D]] {ogee.checkpoint}
// CHECK: %[[L:.*]] = ogee.sum %[[T]]
// CHECK: %[[B:.*]] = ogee.broadcast %[[L]] {{.*}} {ogee.backward}
// CHECK: %[[D2:.*]] = ogee.dot {{.*}} {ogee.backward, ogee.checkpoint, ogee.recomputed}
// CHECK: %[[T2:.*]] = ogee.tanh %[[D2]] {ogee.backward, ogee.checkpoint, ogee.recomputed}
// CHECK: ogee.mul %[[B]], %[[T2]]
// BYTES: remark: keeps 4 bytes for the backward part instead of 32772
// FUSED-LABEL: func.func @checkpoint
// FUSED: ogee.group "dot_tanh"
// FUSED: ogee.group "dot_tanh"
// FUSED: ogee.group "sum_broadcast_mul_sin"
func.func @checkpoint(%x: tensor<64x64xf32>, %w: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %0 = ogee.sin %x : tensor<64x64xf32>
  %1 = ogee.dot %x, %w batch [] x [] contract [1] x [1] {ogee.checkpoint}
      : tensor<64x64xf32>, tensor<64x64xf32> -> tensor<64x64xf32>
  %2 = ogee.tanh %1 {ogee.checkpoint} : tensor<64x64xf32>
  %3 = ogee.sum %2 [0, 1] : tensor<64x64xf32> -> tensor<f32>
  %4 = ogee.broadcast %3 [] sizes [64, 64] {ogee.backward} : tensor<f32> -> tensor<64x64xf32>
  %5 = ogee.mul %4, %2 : tensor<64x64xf32>
  %6 = ogee.add %5, %0 : tensor<64x64xf32>
  return %6 : tensor<64x64xf32>
}

// -----

// Sizes that only a call knows, and clones that clones read.
// CHECK-LABEL: func.func @sizes
// CHECK: %[[S:.*]] = ogee.amax
// CHECK: ogee.broadcast %[[S]]
// CHECK: ogee.sub
// CHECK: ogee.exp
// CHECK: ogee.sum
// CHECK: %[[B:.*]] = ogee.broadcast %[[S]] {{.*}} {ogee.backward, ogee.recomputed}
// CHECK: %[[D:.*]] = ogee.sub %{{.*}}, %[[B]] {ogee.backward, ogee.recomputed}
// CHECK: %[[E:.*]] = ogee.exp %[[D]] {ogee.backward, ogee.recomputed}
// CHECK: ogee.mul %{{.*}}, %[[E]] {ogee.backward}
func.func @sizes(%x: tensor<?x256xf32>) -> tensor<?x256xf32> {
  %n = ogee.dim %x [0] : tensor<?x256xf32>
  %0 = ogee.amax %x [1] : tensor<?x256xf32> -> tensor<?xf32>
  %1 = ogee.broadcast %0 [0] sizes [%n, 256] : tensor<?xf32> -> tensor<?x256xf32>
  %2 = ogee.sub %x, %1 : tensor<?x256xf32>
  %3 = ogee.exp %2 : tensor<?x256xf32>
  %4 = ogee.sum %3 [1] : tensor<?x256xf32> -> tensor<?xf32>
  %5 = ogee.broadcast %4 [0] sizes [%n, 256] {ogee.backward} : tensor<?xf32> -> tensor<?x256xf32>
  %6 = ogee.mul %5, %3 {ogee.backward} : tensor<?x256xf32>
  return %6 : tensor<?x256xf32>
}

// -----

// Nothing to gain, nothing marked, nothing inside: as it was.
// CHECK-LABEL: func.func @unmarked
// CHECK-NEXT: ogee.exp
// CHECK-NEXT: ogee.mul
// CHECK-NEXT: return
func.func @unmarked(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = ogee.exp %x : tensor<4xf32>
  %1 = ogee.mul %0, %x : tensor<4xf32>
  return %1 : tensor<4xf32>
}
// CHECK-LABEL: func.func @nothing_to_gain
// CHECK-NEXT: ogee.dot
// CHECK-NEXT: ogee.mul
// CHECK-NEXT: return
func.func @nothing_to_gain(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = ogee.dot %x, %x batch [] x [] contract [1] x [0] : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
  %1 = ogee.mul %0, %x {ogee.backward} : tensor<8x8xf32>
  return %1 : tensor<8x8xf32>
}
// CHECK-LABEL: func.func private @declared
func.func private @declared(%x: tensor<4xf32>) -> tensor<4xf32>
