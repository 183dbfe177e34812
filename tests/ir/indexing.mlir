// Folds and canonical forms of dynamic slices and updates.
// RUN: ogee-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @whole
// CHECK: return %arg0, %arg1
func.func @whole(%x: tensor<4x3xf32>, %y: tensor<4x3xf32>, %i: tensor<i64>) -> (tensor<4x3xf32>, tensor<4x3xf32>) {
  %0 = ogee.dynamic_slice %x [%i, %i] sizes [4, 3] : tensor<4x3xf32> -> tensor<4x3xf32>
  %1 = ogee.dynamic_update %x, %y [%i, %i] : tensor<4x3xf32>, tensor<4x3xf32>
  return %0, %1 : tensor<4x3xf32>, tensor<4x3xf32>
}

// A known place is a slice, moved to where the part fits.
// CHECK-LABEL: func.func @known
// CHECK: ogee.slice %arg0 [2, 0] [2, 2] [1, 1] : tensor<4x3xf32> -> tensor<2x2xf32>
func.func @known(%x: tensor<4x3xf32>) -> tensor<2x2xf32> {
  %i = ogee.constant dense<9> : tensor<i64>
  %j = ogee.constant dense<-1> : tensor<i64>
  %0 = ogee.dynamic_slice %x [%i, %j] sizes [2, 2] : tensor<4x3xf32> -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// CHECK-LABEL: func.func @sizes
// CHECK: %[[N:.*]] = ogee.dim %arg0 [0]
// CHECK: return %arg2, %[[N]]
func.func @sizes(%x: tensor<?xf32>, %i: tensor<i64>, %n: index) -> (index, index) {
  %0 = ogee.dynamic_slice %x [%i] sizes [%n] : tensor<?xf32> -> tensor<?xf32>
  %1 = ogee.dynamic_update %x, %0 [%i] : tensor<?xf32>, tensor<?xf32>
  %2 = ogee.dim %0 [0] : tensor<?xf32>
  %3 = ogee.dim %1 [0] : tensor<?xf32>
  return %2, %3 : index, index
}
