// Folds and canonical forms of movement ops. None changes the type of a result.
// RUN: ogee-opt %s --canonicalize --cse --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @reshapes
// CHECK-SAME: (%[[X:.*]]: tensor<?x8xf32>, %[[Y:.*]]: tensor<4x2xf32>, %[[N:.*]]: index)
func.func @reshapes(%x: tensor<?x8xf32>, %y: tensor<4x2xf32>, %n: index) -> (tensor<?x8xf32>, tensor<8xf32>, tensor<?x?xf32>, tensor<2x2xi32>) {
  %0 = ogee.reshape %x [%n, 4, 2] : tensor<?x8xf32> -> tensor<?x4x2xf32>
  %1 = ogee.reshape %0 [%n, 8] : tensor<?x4x2xf32> -> tensor<?x8xf32>
  // CHECK: %[[B:.*]] = ogee.reshape %[[Y]] [8] : tensor<4x2xf32> -> tensor<8xf32>
  %2 = ogee.reshape %y [2, 4] : tensor<4x2xf32> -> tensor<2x4xf32>
  %3 = ogee.reshape %2 [8] : tensor<2x4xf32> -> tensor<8xf32>
  // CHECK: %[[C:.*]] = ogee.reshape %[[X]] [%[[N]], %[[N]]]
  %4 = ogee.reshape %x [%n, %n] : tensor<?x8xf32> -> tensor<?x?xf32>
  %5 = ogee.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
  %6 = ogee.reshape %5 [2, 2] : tensor<4xi32> -> tensor<2x2xi32>
  // CHECK: return %[[X]], %[[B]], %[[C]]
  return %1, %3, %4, %6 : tensor<?x8xf32>, tensor<8xf32>, tensor<?x?xf32>, tensor<2x2xi32>
}

// -----

// CHECK-LABEL: func.func @transposes
// CHECK-SAME: (%[[X:.*]]: tensor<2x3x4xf32>)
func.func @transposes(%x: tensor<2x3x4xf32>) -> (tensor<2x3x4xf32>, tensor<4x2x3xf32>, tensor<3x2xi32>) {
  // CHECK-DAG: %[[C:.*]] = ogee.constant dense<{{\[\[}}1, 4], [2, 5], [3, 6]]>
  // CHECK-DAG: %[[T:.*]] = ogee.transpose %[[X]] [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %0 = ogee.transpose %x [1, 2, 0] : tensor<2x3x4xf32> -> tensor<3x4x2xf32>
  %1 = ogee.transpose %0 [2, 0, 1] : tensor<3x4x2xf32> -> tensor<2x3x4xf32>
  %2 = ogee.transpose %0 [1, 2, 0] : tensor<3x4x2xf32> -> tensor<4x2x3xf32>
  %3 = ogee.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %4 = ogee.transpose %3 [1, 0] : tensor<2x3xi32> -> tensor<3x2xi32>
  // CHECK: return %[[X]], %[[T]], %[[C]]
  return %1, %2, %4 : tensor<2x3x4xf32>, tensor<4x2x3xf32>, tensor<3x2xi32>
}

// -----

// CHECK-LABEL: func.func @broadcasts
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>, %[[D:.*]]: tensor<?xf32>, %[[N:.*]]: index)
func.func @broadcasts(%x: tensor<4xf32>, %d: tensor<?xf32>, %n: index) -> (tensor<?x3x4xf32>, tensor<?x4xf32>, tensor<?x2xf32>, tensor<?xf32>, tensor<2x2xi32>) {
  // CHECK-DAG: %[[C:.*]] = ogee.constant dense<{{\[\[}}1, 2], [1, 2]]>
  // CHECK-DAG: %[[A:.*]] = ogee.broadcast %[[X]] [2] sizes [%[[N]], 3, 4] : tensor<4xf32> -> tensor<?x3x4xf32>
  %0 = ogee.broadcast %x [1] sizes [3, 4] : tensor<4xf32> -> tensor<3x4xf32>
  %1 = ogee.broadcast %0 [1, 2] sizes [%n, 3, 4] : tensor<3x4xf32> -> tensor<?x3x4xf32>
  // CHECK-DAG: %[[B:.*]] = ogee.broadcast %[[X]] [1] sizes [%[[N]], 4] : tensor<4xf32> -> tensor<?x4xf32>
  %2 = ogee.reshape %x [1, 4] : tensor<4xf32> -> tensor<1x4xf32>
  %3 = ogee.broadcast %2 [0, 1] sizes [%n, 4] : tensor<1x4xf32> -> tensor<?x4xf32>
  // CHECK-DAG: %[[E:.*]] = ogee.broadcast %[[D]] [0] sizes [%{{.*}}, 2] : tensor<?xf32> -> tensor<?x2xf32>
  %d0 = ogee.dim %d [0] : tensor<?xf32>
  %4 = ogee.reshape %d [%d0, 1] : tensor<?xf32> -> tensor<?x1xf32>
  %5 = ogee.broadcast %4 [0, 1] sizes [%d0, 2] : tensor<?x1xf32> -> tensor<?x2xf32>
  %6 = ogee.broadcast %d [0] sizes [%n] : tensor<?xf32> -> tensor<?xf32>
  %7 = ogee.constant dense<[1, 2]> : tensor<2xi32>
  %8 = ogee.broadcast %7 [1] sizes [2, 2] : tensor<2xi32> -> tensor<2x2xi32>
  // CHECK: return %[[A]], %[[B]], %[[E]], %[[D]], %[[C]]
  return %1, %3, %5, %6, %8 : tensor<?x3x4xf32>, tensor<?x4xf32>, tensor<?x2xf32>, tensor<?xf32>, tensor<2x2xi32>
}

// -----

// CHECK-LABEL: func.func @slices
// CHECK-SAME: (%[[X:.*]]: tensor<?x8xf32>, %[[N:.*]]: index)
func.func @slices(%x: tensor<?x8xf32>, %n: index) -> (tensor<?x8xf32>, tensor<?x2xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<2xi32>) {
  // CHECK-DAG: %[[C:.*]] = ogee.constant dense<[2, 4]>
  // CHECK-DAG: %[[M:.*]] = arith.constant -1 : index
  %d = ogee.dim %x [0] : tensor<?x8xf32>
  %0 = ogee.slice %x [0, 0] [%d, 8] [1, 1] : tensor<?x8xf32> -> tensor<?x8xf32>
  // CHECK-DAG: %[[B:.*]] = ogee.slice %[[X]] [5, 3] [%[[N]], 2] [1, 4] : tensor<?x8xf32> -> tensor<?x2xf32>
  %1 = ogee.slice %x [2, 1] [%n, 4] [1, 2] : tensor<?x8xf32> -> tensor<?x4xf32>
  %2 = ogee.slice %1 [3, 1] [%n, 2] [1, 2] : tensor<?x4xf32> -> tensor<?x2xf32>
  // CHECK-DAG: %[[E:.*]] = ogee.slice %[[X]] [3, 0] [%[[N]], 8] [2, 1] : tensor<?x8xf32> -> tensor<?x8xf32>
  %c3 = arith.constant 3 : index
  %c2 = arith.constant 2 : index
  %3 = ogee.slice %x [%c3, 0] [%n, 8] [%c2, 1] : tensor<?x8xf32> -> tensor<?x8xf32>
  // An offset that is out of bounds stays a matter of the call.
  // CHECK-DAG: %[[F:.*]] = ogee.slice %[[X]] [%[[M]], 0] [%[[N]], 8] [1, 1]
  %m = arith.constant -1 : index
  %4 = ogee.slice %x [%m, 0] [%n, 8] [1, 1] : tensor<?x8xf32> -> tensor<?x8xf32>
  %5 = ogee.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
  %6 = ogee.slice %5 [1] [2] [2] : tensor<4xi32> -> tensor<2xi32>
  // CHECK: return %[[X]], %[[B]], %[[E]], %[[F]], %[[C]]
  return %0, %2, %3, %4, %6 : tensor<?x8xf32>, tensor<?x2xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<2xi32>
}

// -----

// CHECK-LABEL: func.func @pads_and_concatenations
// CHECK-SAME: (%[[X:.*]]: tensor<?xf32>, %[[Z:.*]]: tensor<f32>, %[[E:.*]]: tensor<0xf32>, %[[S:.*]]: tensor<2xf32>)
func.func @pads_and_concatenations(%x: tensor<?xf32>, %z: tensor<f32>, %e: tensor<0xf32>, %s: tensor<2xf32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<2xf32>) {
  %0 = ogee.pad %x, %z low [0] high [0] interior [0] : tensor<?xf32>, tensor<f32> -> tensor<?xf32>
  %1 = ogee.concatenate %x [0] : tensor<?xf32> -> tensor<?xf32>
  // CHECK: %[[C:.*]] = ogee.concatenate %[[X]], %[[X]], %[[S]] [0]
  %2 = ogee.concatenate %x, %e [0] : tensor<?xf32>, tensor<0xf32> -> tensor<?xf32>
  %3 = ogee.concatenate %x, %s [0] : tensor<?xf32>, tensor<2xf32> -> tensor<?xf32>
  %4 = ogee.concatenate %2, %3 [0] : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
  %5 = ogee.concatenate %s, %e [0] : tensor<2xf32>, tensor<0xf32> -> tensor<2xf32>
  // CHECK: return %[[X]], %[[X]], %[[C]], %[[S]]
  return %0, %1, %4, %5 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<2xf32>
}

// -----

// CHECK-LABEL: func.func @reversals
// CHECK-SAME: (%[[X:.*]]: tensor<1x?x3xf32>)
func.func @reversals(%x: tensor<1x?x3xf32>) -> (tensor<1x?x3xf32>, tensor<1x?x3xf32>, tensor<1x?x3xf32>, tensor<3xi32>) {
  // CHECK-DAG: %[[C:.*]] = ogee.constant dense<[3, 2, 1]>
  %0 = ogee.reverse %x [0] : tensor<1x?x3xf32>
  // CHECK-DAG: %[[B:.*]] = ogee.reverse %[[X]] [2]
  %1 = ogee.reverse %x [0, 2] : tensor<1x?x3xf32>
  %2 = ogee.reverse %x [1, 2] : tensor<1x?x3xf32>
  %3 = ogee.reverse %2 [1, 2] : tensor<1x?x3xf32>
  %4 = ogee.constant dense<[1, 2, 3]> : tensor<3xi32>
  %5 = ogee.reverse %4 [0] : tensor<3xi32>
  // CHECK: return %[[X]], %[[B]], %[[X]], %[[C]]
  return %0, %1, %3, %5 : tensor<1x?x3xf32>, tensor<1x?x3xf32>, tensor<1x?x3xf32>, tensor<3xi32>
}

// -----

// CHECK-LABEL: func.func @dims
// CHECK-SAME: (%[[X:.*]]: tensor<?x8xf32>, %[[N:.*]]: index)
func.func @dims(%x: tensor<?x8xf32>, %n: index) -> (index, index, index, index, index) {
  // CHECK-DAG: %[[C:.*]] = arith.constant 8 : index
  // CHECK-DAG: %[[D:.*]] = ogee.dim %[[X]] [0]
  %0 = ogee.dim %x [1] : tensor<?x8xf32>
  %1 = ogee.reshape %x [%n, 4, 2] : tensor<?x8xf32> -> tensor<?x4x2xf32>
  %2 = ogee.dim %1 [0] : tensor<?x4x2xf32>
  %3 = ogee.transpose %x [1, 0] : tensor<?x8xf32> -> tensor<8x?xf32>
  %4 = ogee.exp %3 : tensor<8x?xf32>
  %5 = ogee.dim %4 [1] : tensor<8x?xf32>
  %6 = ogee.sum %x [1] : tensor<?x8xf32> -> tensor<?xf32>
  %7 = ogee.reverse %6 [0] : tensor<?xf32>
  %8 = ogee.dim %7 [0] : tensor<?xf32>
  %9 = ogee.iota [0] sizes [%n] : tensor<?xi64>
  %10 = ogee.dim %9 [0] : tensor<?xi64>
  // CHECK: return %[[C]], %[[N]], %[[D]], %[[D]], %[[N]]
  return %0, %2, %5, %8, %10 : index, index, index, index, index
}
