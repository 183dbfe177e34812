// Checks behind the ops that can make a NaN of numbers or an infinity of finite ones, and no others; texts.
// RUN: ogee-opt %s --check-numbers --split-input-file | FileCheck %s
// RUN: ogee-opt %s --check-numbers="within=softmax lines=false" --mlir-print-debuginfo --mlir-print-local-scope --split-input-file | FileCheck %s --check-prefix=EAGER

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>)
// CHECK-NEXT: %[[Y:.*]] = ogee.log %[[X]] : tensor<4xf32>
// CHECK-NEXT: %[[NUMBER:.*]] = ogee.compare eq %[[Y]], %[[Y]] {ogee.check_part}
// CHECK-NEXT: %[[NAN:.*]] = ogee.not %[[NUMBER]] {ogee.check_part}
// CHECK-NEXT: %[[FINE:.*]] = ogee.compare eq %[[X]], %[[X]] {ogee.check_part}
// CHECK-NEXT: %[[MADE:.*]] = ogee.and %[[NAN]], %[[FINE]] {ogee.check_part}
// CHECK-NEXT: %[[BAD:.*]] = ogee.any %[[MADE]] [0] {ogee.check_part}
// CHECK-NEXT: ogee.check %[[BAD]], "log: makes NaN of {0}"(%[[X]] : tensor<4xf32>) hint "a negative number has no logarithm; clamp the input"
// CHECK-NEXT: %[[FINITE:.*]] = ogee.is_finite %[[Y]] {ogee.check_part}
// CHECK-NEXT: %[[INF:.*]] = ogee.not %[[FINITE]] {ogee.check_part}
// CHECK-NEXT: %[[GOOD:.*]] = ogee.is_finite %[[X]] {ogee.check_part}
// CHECK-NEXT: %[[MADE2:.*]] = ogee.and %[[INF]], %[[GOOD]] {ogee.check_part}
// CHECK-NEXT: %[[BAD2:.*]] = ogee.any %[[MADE2]] [0] {ogee.check_part}
// CHECK-NEXT: ogee.check %[[BAD2]], "log: makes inf of {0}"(%[[X]] : tensor<4xf32>) hint "the logarithm of 0 is -inf; add a small number to the input"
// CHECK-NEXT: return
// EAGER: ogee.check {{.*}}"log in softmax: makes NaN of {0}"{{.*}} loc(unknown)
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = ogee.log %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// Of a reduction no element of the operand may be NaN; what has rank 0 is its own `any`.
// CHECK-LABEL: func.func @sum
// CHECK: %[[S:.*]] = ogee.sum
// CHECK-NEXT: %[[NUMBER:.*]] = ogee.compare eq %[[S]], %[[S]]
// CHECK-NEXT: %[[BAD:.*]] = ogee.not %[[NUMBER]]
// CHECK-NEXT: ogee.compare eq %arg0, %arg0
// CHECK-NEXT: ogee.not
// CHECK-NEXT: ogee.any {{.*}} [0, 1]
// CHECK-NEXT: ogee.not
// CHECK-NEXT: ogee.and %[[BAD]]
// CHECK-NEXT: ogee.check {{.*}}"sum: makes NaN of {0}"
// CHECK-NEXT: ogee.is_finite %[[S]]
// CHECK: ogee.is_finite %arg0
// CHECK: ogee.check {{.*}}"sum: makes inf of {0}"{{.*}}hint "the result is too large for its dtype
func.func @sum(%x: tensor<?x4xf64>) -> tensor<f64> {
  %0 = ogee.sum %x [0, 1] : tensor<?x4xf64> -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

// CHECK-LABEL: func.func @two
// CHECK: ogee.check {{.*}}"dot: makes NaN of {0} and {1}"
// CHECK: ogee.check {{.*}}"dot: makes inf of {0} and {1}"
// CHECK: ogee.check {{.*}}"div in the gradient of sqrt: makes NaN of {0} and {1}"{{.*}}hint "the derivative of sqrt is infinite at 0;
// CHECK: ogee.check {{.*}}"div in the gradient of sqrt: makes inf of {0} and {1}"{{.*}}hint "the derivative of sqrt is infinite at 0;
func.func @two(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = ogee.dot %x, %x batch [] x [] contract [1] x [0] : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  %1 = ogee.div %0, %x : tensor<4x4xf32> loc(fused<"gradient of sqrt">["net.cpp":7:3])
  return %1 : tensor<4x4xf32>
}

// -----

// CHECK-LABEL: func.func @integers
// CHECK: ogee.div
// CHECK: ogee.compare eq
// CHECK: ogee.constant dense<-2147483648>
// CHECK: ogee.check {{.*}}"div: divides {0} by {1}"(%arg0, %arg1 : tensor<?xi32>, tensor<?xi32>)
// CHECK: ogee.check {{.*}}"rem: divides with remainder {0} by {1}"
// CHECK: ogee.add
// CHECK-NEXT: return
func.func @integers(%x: tensor<?xi32>, %y: tensor<?xi32>) -> tensor<?xi32> {
  %0 = ogee.div %x, %y : tensor<?xi32>
  %1 = ogee.rem %x, %y : tensor<?xi32>
  %2 = ogee.add %0, %1 : tensor<?xi32>
  return %2 : tensor<?xi32>
}

// -----

// What is made of one kind of value stays of it: selections, extremes, movement, conversions of integers.
// CHECK-LABEL: func.func @never
// CHECK-NOT: ogee.check
// CHECK: return
func.func @never(%x: tensor<4xf32>, %c: tensor<4xi1>, %i: tensor<4xi64>) -> tensor<4xf32> {
  %inf = ogee.constant dense<0x7F800000> : tensor<4xf32>
  %0 = ogee.select %c, %x, %inf : tensor<4xf32>
  %1 = ogee.tanh %0 : tensor<4xf32>
  %2 = ogee.max %0, %1 : tensor<4xf32>
  %3 = ogee.amax %2 [0] : tensor<4xf32> -> tensor<f32>
  %4 = ogee.broadcast %3 [] sizes [4] : tensor<f32> -> tensor<4xf32>
  %5 = ogee.convert %i : tensor<4xi64> -> tensor<4xf32>
  %6 = ogee.min %4, %5 : tensor<4xf32>
  return %6 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @infinities
// CHECK: ogee.exp
// CHECK-NOT: makes NaN
// CHECK: ogee.check {{.*}}"exp: makes inf of {0}"
// CHECK: ogee.sqrt
// CHECK: ogee.check {{.*}}"sqrt: makes NaN of {0}"
// CHECK-NOT: makes inf
// CHECK: ogee.convert
// CHECK: ogee.check {{.*}}"convert: makes inf of {0}"{{.*}}hint "the result is too large for its dtype
func.func @infinities(%x: tensor<4xf64>) -> tensor<4xf32> {
  %0 = ogee.exp %x : tensor<4xf64>
  %1 = ogee.sqrt %0 : tensor<4xf64>
  %2 = ogee.convert %1 : tensor<4xf64> -> tensor<4xf32>
  return %2 : tensor<4xf32>
}

// -----

// In regions as outside of them; what a region gives is not checked again.
// CHECK-LABEL: func.func @regions
// CHECK: ogee.cond
// CHECK: ogee.log
// CHECK: ogee.check {{.*}}"log: makes NaN of {0}"
// CHECK: ogee.yield
// CHECK-NOT: ogee.check
// CHECK: return
func.func @regions(%p: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = ogee.cond %p (%x : tensor<4xf32>) -> (tensor<4xf32>) then {
  ^bb0(%a: tensor<4xf32>):
    %1 = ogee.log %a : tensor<4xf32>
    ogee.yield %1 : tensor<4xf32>
  } else {
  ^bb0(%a: tensor<4xf32>):
    ogee.yield %a : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// -----

// What passes know nothing of is checked without a hint.
// CHECK-LABEL: func.func @group
// CHECK: ogee.check {{.*}}"group: makes NaN of {0}"(%arg0 : tensor<4xf32>){{$}}
// CHECK: ogee.check {{.*}}"group: makes inf of {0}"(%arg0 : tensor<4xf32>){{$}}
func.func @group(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = ogee.group (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    %1 = ogee.log %a : tensor<4xf32>
    ogee.yield %1 : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}
// CHECK-LABEL: func.func private @declared
func.func private @declared(%x: tensor<4xf32>) -> tensor<4xf32>
