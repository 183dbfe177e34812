// Canonical forms of contractions.
// RUN: ogee-opt %s --canonicalize --cse | FileCheck %s
// Covers: dot

// CHECK-LABEL: func.func @dots
// CHECK-SAME: (%[[A:.*]]: tensor<4x8xf32>, %[[B:.*]]: tensor<16x8xf32>, %[[C:.*]]: tensor<2x3x8xf32>)
func.func @dots(%a: tensor<4x8xf32>, %b: tensor<16x8xf32>, %c: tensor<2x3x8xf32>) -> (tensor<4x16xf32>, tensor<4x3x2xf32>) {
  // CHECK: ogee.dot %[[A]], %[[B]] batch [] x [] contract [1] x [1]
  %0 = ogee.transpose %b [1, 0] : tensor<16x8xf32> -> tensor<8x16xf32>
  %1 = ogee.dot %a, %0 batch [] x [] contract [1] x [0] : tensor<4x8xf32>, tensor<8x16xf32> -> tensor<4x16xf32>
  // The order of free dims is the operand's: this transpose stays.
  // CHECK: %[[T:.*]] = ogee.transpose
  // CHECK: ogee.dot %[[A]], %[[T]] batch [] x [] contract [1] x [0]
  %2 = ogee.transpose %c [2, 1, 0] : tensor<2x3x8xf32> -> tensor<8x3x2xf32>
  %3 = ogee.dot %a, %2 batch [] x [] contract [1] x [0] : tensor<4x8xf32>, tensor<8x3x2xf32> -> tensor<4x3x2xf32>
  return %1, %3 : tensor<4x16xf32>, tensor<4x3x2xf32>
}

// Marks of others stay with what takes an op's place.
// CHECK-LABEL: func.func @marks
func.func @marks(%a: tensor<4x8xf32>, %b: tensor<16x8xf32>) -> tensor<4x16xf32> {
  %0 = ogee.transpose %b [1, 0] : tensor<16x8xf32> -> tensor<8x16xf32>
  // CHECK: ogee.dot %{{.*}}, %{{.*}} batch [] x [] contract [1] x [1] {ogee.checkpoint}
  %1 = ogee.dot %a, %0 batch [] x [] contract [1] x [0] {ogee.checkpoint}
      : tensor<4x8xf32>, tensor<8x16xf32> -> tensor<4x16xf32>
  return %1 : tensor<4x16xf32>
}
