// Folds and canonical forms of pointwise ops: each keeps every bit of the result.
// RUN: ogee-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @identities
// CHECK-SAME: (%[[X:.*]]: tensor<?xf32>, %[[I:.*]]: tensor<4xi32>, %[[B:.*]]: tensor<4xi1>)
func.func @identities(%x: tensor<?xf32>, %i: tensor<4xi32>, %b: tensor<4xi1>)
    -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi1>, tensor<4xi1>) {
  %0 = ogee.neg %x : tensor<?xf32>
  %1 = ogee.neg %0 : tensor<?xf32>
  %2 = ogee.max %x, %x : tensor<?xf32>
  %3 = ogee.convert %x : tensor<?xf32> -> tensor<?xf64>
  %4 = ogee.convert %3 : tensor<?xf64> -> tensor<?xf32>
  %zero = ogee.constant dense<0> : tensor<4xi32>
  %one = ogee.constant dense<1> : tensor<4xi32>
  %5 = ogee.add %zero, %i : tensor<4xi32>
  %6 = ogee.mul %one, %5 : tensor<4xi32>
  %7 = ogee.div %6, %one : tensor<4xi32>
  %8 = ogee.sub %i, %zero : tensor<4xi32>
  %9 = ogee.pow %i, %one : tensor<4xi32>
  %10 = ogee.and %b, %b : tensor<4xi1>
  %true = ogee.constant dense<true> : tensor<4xi1>
  %false = ogee.constant dense<false> : tensor<4xi1>
  %11 = ogee.select %b, %true, %false : tensor<4xi1>
  // CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[I]], %[[I]], %[[I]], %[[B]], %[[B]]
  return %1, %2, %4, %7, %8, %9, %10, %11
    : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi1>, tensor<4xi1>
}

// -----

// x + 0.0 is +0.0 where x is -0.0, x - x and x * 0 can be NaN, x == x is false for NaN: these stay.
// CHECK-LABEL: func.func @no_identities
func.func @no_identities(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>, tensor<4xf32>) {
  %zero = ogee.constant dense<0.0> : tensor<4xf32>
  // CHECK: ogee.add
  %0 = ogee.add %x, %zero : tensor<4xf32>
  // CHECK: ogee.sub
  %1 = ogee.sub %x, %x : tensor<4xf32>
  // CHECK: ogee.mul
  %2 = ogee.mul %x, %zero : tensor<4xf32>
  // CHECK: ogee.compare eq
  %3 = ogee.compare eq %x, %x : tensor<4xf32>
  %third = ogee.constant dense<3.0> : tensor<4xf32>
  // CHECK: ogee.div
  %4 = ogee.div %x, %third : tensor<4xf32>
  return %0, %1, %2, %3, %4 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @signed_zeros
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>)
func.func @signed_zeros(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %plus = ogee.constant dense<0.0> : tensor<4xf32>
  %minus = ogee.constant dense<-0.0> : tensor<4xf32>
  %0 = ogee.add %x, %minus : tensor<4xf32>
  %1 = ogee.sub %x, %plus : tensor<4xf32>
  // CHECK: %[[N:.*]] = ogee.neg %[[X]]
  %2 = ogee.sub %minus, %x : tensor<4xf32>
  // CHECK: return %[[X]], %[[X]], %[[N]]
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @negations
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>, %[[Y:.*]]: tensor<4xf32>)
func.func @negations(%x: tensor<4xf32>, %y: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %nx = ogee.neg %x : tensor<4xf32>
  %ny = ogee.neg %y : tensor<4xf32>
  // CHECK: ogee.sub %[[X]], %[[Y]]
  %0 = ogee.add %x, %ny : tensor<4xf32>
  // CHECK: ogee.sub %[[Y]], %[[X]]
  %1 = ogee.add %nx, %y : tensor<4xf32>
  // CHECK: ogee.add %[[X]], %[[Y]]
  %2 = ogee.sub %x, %ny : tensor<4xf32>
  // CHECK: ogee.mul %[[X]], %[[Y]]
  %3 = ogee.mul %nx, %ny : tensor<4xf32>
  %minus = ogee.constant dense<-1.0> : tensor<4xf32>
  // CHECK: ogee.neg %[[X]]
  %4 = ogee.mul %minus, %x : tensor<4xf32>
  // CHECK: ogee.abs %[[X]]
  %5 = ogee.abs %nx : tensor<4xf32>
  return %0, %1, %2, %3, %4, %5 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// Both round the same exact value once.
// CHECK-LABEL: func.func @division_by_a_power_of_two
func.func @division_by_a_power_of_two(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: %[[C:.*]] = ogee.constant dense<1.250000e-01>
  // CHECK: ogee.mul %{{.*}}, %[[C]]
  %eight = ogee.constant dense<8.0> : tensor<4xf32>
  %0 = ogee.div %x, %eight : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @comparisons
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>, %[[Y:.*]]: tensor<4xf32>, %[[I:.*]]: tensor<4xi64>)
func.func @comparisons(%x: tensor<4xf32>, %y: tensor<4xf32>, %i: tensor<4xi64>) -> (tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>) {
  // CHECK-DAG: %[[TRUE:.*]] = ogee.constant dense<true>
  // CHECK-DAG: %[[ONE:.*]] = ogee.constant dense<1.0
  %one = ogee.constant dense<1.0> : tensor<4xf32>
  // CHECK: %[[A:.*]] = ogee.compare gt %[[X]], %[[ONE]]
  %0 = ogee.compare lt %one, %x : tensor<4xf32>
  // CHECK: %[[B:.*]] = ogee.compare ne %[[X]], %[[Y]]
  %1 = ogee.compare eq %x, %y : tensor<4xf32>
  %2 = ogee.not %1 : tensor<4xi1>
  // A NaN is neither less nor greater.
  // CHECK: %[[C:.*]] = ogee.compare lt %[[X]], %[[Y]]
  // CHECK: %[[D:.*]] = ogee.not %[[C]]
  %3 = ogee.compare lt %x, %y : tensor<4xf32>
  %4 = ogee.not %3 : tensor<4xi1>
  // CHECK: %[[E:.*]] = ogee.compare le
  %two = ogee.constant dense<2> : tensor<4xi64>
  %5 = ogee.compare gt %i, %two : tensor<4xi64>
  %6 = ogee.not %5 : tensor<4xi1>
  %7 = ogee.compare ge %i, %i : tensor<4xi64>
  // CHECK: return %[[A]], %[[B]], %[[D]], %[[E]], %[[TRUE]]
  return %0, %2, %4, %6, %7 : tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>
}

// -----

// CHECK-LABEL: func.func @selects
// CHECK-SAME: (%[[P:.*]]: tensor<2xi1>, %[[X:.*]]: tensor<2xf32>, %[[Y:.*]]: tensor<2xf32>)
func.func @selects(%p: tensor<2xi1>, %x: tensor<2xf32>, %y: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %true = ogee.constant dense<true> : tensor<2xi1>
  %0 = ogee.select %true, %x, %y : tensor<2xf32>
  %1 = ogee.select %p, %y, %y : tensor<2xf32>
  // CHECK: %[[S:.*]] = ogee.select %[[P]], %[[Y]], %[[X]]
  %np = ogee.not %p : tensor<2xi1>
  %2 = ogee.select %np, %x, %y : tensor<2xf32>
  // CHECK: return %[[X]], %[[Y]], %[[S]]
  return %0, %1, %2 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// -----

// A conversion to a type that holds every value of the first one leaves no trace.
// CHECK-LABEL: func.func @conversions
// CHECK-SAME: (%[[I:.*]]: tensor<2xi32>, %[[F:.*]]: tensor<2xf64>)
func.func @conversions(%i: tensor<2xi32>, %f: tensor<2xf64>) -> (tensor<2xf32>, tensor<2xf64>, tensor<2xi64>) {
  // CHECK: ogee.convert %[[I]] : tensor<2xi32> -> tensor<2xf32>
  %0 = ogee.convert %i : tensor<2xi32> -> tensor<2xi64>
  %1 = ogee.convert %0 : tensor<2xi64> -> tensor<2xf32>
  // CHECK: ogee.convert %[[F]] : tensor<2xf64> -> tensor<2xf32>
  // CHECK: ogee.convert %{{.*}} : tensor<2xf32> -> tensor<2xf64>
  %2 = ogee.convert %f : tensor<2xf64> -> tensor<2xf32>
  %3 = ogee.convert %2 : tensor<2xf32> -> tensor<2xf64>
  // CHECK: ogee.bitcast_convert %[[F]] : tensor<2xf64> -> tensor<2xi64>
  %4 = ogee.bitcast_convert %f : tensor<2xf64> -> tensor<2xi64>
  %5 = ogee.bitcast_convert %4 : tensor<2xi64> -> tensor<2xf64>
  %6 = ogee.bitcast_convert %5 : tensor<2xf64> -> tensor<2xi64>
  return %1, %3, %6 : tensor<2xf32>, tensor<2xf64>, tensor<2xi64>
}

// -----

// Constants are computed as splats, and element by element where they are small. tests/ir/fold.cpp checks the values.
// CHECK-LABEL: func.func @constants
func.func @constants() -> (tensor<1000xf32>, tensor<3xf32>, tensor<0xf32>, tensor<2xi1>) {
  // CHECK-DAG: dense<5.000000e+00> : tensor<1000xf32>
  %0 = ogee.constant dense<2.0> : tensor<1000xf32>
  %1 = ogee.constant dense<3.0> : tensor<1000xf32>
  %2 = ogee.add %0, %1 : tensor<1000xf32>
  // CHECK-DAG: dense<[2.000000e+00, 3.000000e+00, 4.000000e+00]> : tensor<3xf32>
  %3 = ogee.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %4 = ogee.constant dense<1.0> : tensor<3xf32>
  %5 = ogee.add %3, %4 : tensor<3xf32>
  // CHECK-DAG: dense<> : tensor<0xf32>
  %6 = ogee.constant dense<> : tensor<0xf32>
  %7 = ogee.neg %6 : tensor<0xf32>
  // CHECK-DAG: dense<[true, false]> : tensor<2xi1>
  %8 = ogee.constant dense<[1.0, 0x7F800000]> : tensor<2xf32>
  %9 = ogee.is_finite %8 : tensor<2xf32>
  return %2, %5, %7, %9 : tensor<1000xf32>, tensor<3xf32>, tensor<0xf32>, tensor<2xi1>
}
