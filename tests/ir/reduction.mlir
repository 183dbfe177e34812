// Folds of reductions.
// RUN: ogee-opt %s --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @reductions
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf32>)
func.func @reductions(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2xf32>, tensor<2xf32>) {
  // CHECK-DAG: %[[C:.*]] = ogee.constant dense<7.000000e+00> : tensor<2xf32>
  // CHECK-DAG: %[[E:.*]] = ogee.amax
  %0 = ogee.sum %x [] : tensor<2x3xf32> -> tensor<2x3xf32>
  %1 = ogee.constant dense<7.0> : tensor<2x3xf32>
  %2 = ogee.amax %1 [1] : tensor<2x3xf32> -> tensor<2xf32>
  %3 = ogee.constant dense<7.0> : tensor<2x0xf32>
  %4 = ogee.amax %3 [1] : tensor<2x0xf32> -> tensor<2xf32>
  // CHECK: return %[[X]], %[[C]], %[[E]]
  return %0, %2, %4 : tensor<2x3xf32>, tensor<2xf32>, tensor<2xf32>
}
