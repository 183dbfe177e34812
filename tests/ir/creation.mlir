// Folds of creation ops.
// RUN: ogee-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @iotas
func.func @iotas(%n: index) -> (tensor<2x1xi64>, tensor<2x0xf32>, tensor<?x1xi64>, tensor<2xi64>) {
  // CHECK-DAG: ogee.constant dense<0> : tensor<2x1xi64>
  // CHECK-DAG: ogee.constant dense<> : tensor<2x0xf32>
  // CHECK-DAG: ogee.iota [1] sizes [%{{.*}}, 1]
  // CHECK-DAG: ogee.iota [0] sizes [2]
  %0 = ogee.iota [1] sizes [2, 1] : tensor<2x1xi64>
  %1 = ogee.iota [1] sizes [2, 0] : tensor<2x0xf32>
  %2 = ogee.iota [1] sizes [%n, 1] : tensor<?x1xi64>
  %3 = ogee.iota [0] sizes [2] : tensor<2xi64>
  return %0, %1, %2, %3 : tensor<2x1xi64>, tensor<2x0xf32>, tensor<?x1xi64>, tensor<2xi64>
}

// CHECK-LABEL: func.func @sizes
func.func @sizes(%n: index) -> (tensor<i64>, tensor<i64>) {
  // CHECK-DAG: ogee.constant dense<-3> : tensor<i64>
  // CHECK-DAG: ogee.from_index %{{.*}} : tensor<i64>
  %c = arith.constant -3 : index
  %0 = ogee.from_index %c : tensor<i64>
  %1 = ogee.from_index %n : tensor<i64>
  return %0, %1 : tensor<i64>, tensor<i64>
}
