// Every op, printed and parsed again: as it is, in the generic form, and as bytecode.
// RUN: ogee-opt %s | FileCheck %s
// RUN: ogee-opt %s | ogee-opt | FileCheck %s
// RUN: ogee-opt %s --mlir-print-op-generic | ogee-opt | FileCheck %s
// RUN: ogee-opt %s --emit-bytecode | ogee-opt | FileCheck %s

// CHECK-LABEL: func.func @unary(
func.func @unary(%f: tensor<?x4xf32>, %i: tensor<3xi64>, %b: tensor<i1>) {
  // CHECK-NEXT: ogee.abs %arg0 : tensor<?x4xf32>
  %0 = ogee.abs %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.abs %arg1 : tensor<3xi64>
  %1 = ogee.abs %i : tensor<3xi64>
  // CHECK-NEXT: ogee.neg %arg0 : tensor<?x4xf32>
  %2 = ogee.neg %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.sign %arg0 : tensor<?x4xf32>
  %3 = ogee.sign %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.exp %arg0 : tensor<?x4xf32>
  %4 = ogee.exp %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.expm1 %arg0 : tensor<?x4xf32>
  %5 = ogee.expm1 %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.log %arg0 : tensor<?x4xf32>
  %6 = ogee.log %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.log2 %arg0 : tensor<?x4xf32>
  %log2 = ogee.log2 %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.log10 %arg0 : tensor<?x4xf32>
  %log10 = ogee.log10 %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.log1p %arg0 : tensor<?x4xf32>
  %7 = ogee.log1p %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.sqrt %arg0 : tensor<?x4xf32>
  %8 = ogee.sqrt %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.rsqrt %arg0 : tensor<?x4xf32>
  %9 = ogee.rsqrt %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.cbrt %arg0 : tensor<?x4xf32>
  %10 = ogee.cbrt %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.sin %arg0 : tensor<?x4xf32>
  %11 = ogee.sin %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.cos %arg0 : tensor<?x4xf32>
  %12 = ogee.cos %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.tan %arg0 : tensor<?x4xf32>
  %13 = ogee.tan %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.tanh %arg0 : tensor<?x4xf32>
  %14 = ogee.tanh %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.logistic %arg0 : tensor<?x4xf32>
  %15 = ogee.logistic %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.erf %arg0 : tensor<?x4xf32>
  %16 = ogee.erf %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.floor %arg0 : tensor<?x4xf32>
  %17 = ogee.floor %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.ceil %arg0 : tensor<?x4xf32>
  %18 = ogee.ceil %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.trunc %arg0 : tensor<?x4xf32>
  %19 = ogee.trunc %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.round_nearest_even %arg0 : tensor<?x4xf32>
  %20 = ogee.round_nearest_even %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.round_nearest_afz %arg0 : tensor<?x4xf32>
  %21 = ogee.round_nearest_afz %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.not %arg2 : tensor<i1>
  %22 = ogee.not %b : tensor<i1>
  // CHECK-NEXT: ogee.popcnt %arg1 : tensor<3xi64>
  %23 = ogee.popcnt %i : tensor<3xi64>
  // CHECK-NEXT: ogee.clz %arg1 : tensor<3xi64>
  %24 = ogee.clz %i : tensor<3xi64>
  // CHECK-NEXT: ogee.is_finite %arg0 : tensor<?x4xf32>
  %25 = ogee.is_finite %f : tensor<?x4xf32>
  // CHECK-NEXT: ogee.not %{{.*}} : tensor<?x4xi1>
  %26 = ogee.not %25 : tensor<?x4xi1>
  // CHECK-NEXT: ogee.convert %arg0 : tensor<?x4xf32> -> tensor<?x4xi1>
  %27 = ogee.convert %f : tensor<?x4xf32> -> tensor<?x4xi1>
  // CHECK-NEXT: ogee.bitcast_convert %arg1 : tensor<3xi64> -> tensor<3xf64>
  %28 = ogee.bitcast_convert %i : tensor<3xi64> -> tensor<3xf64>
  return
}

// CHECK-LABEL: func.func @binary(
func.func @binary(%f: tensor<?x4xf64>, %i: tensor<3xi32>, %b: tensor<i1>) {
  // CHECK-NEXT: ogee.add %arg0, %arg0 : tensor<?x4xf64>
  %0 = ogee.add %f, %f : tensor<?x4xf64>
  // CHECK-NEXT: ogee.sub %arg0, %arg0 : tensor<?x4xf64>
  %1 = ogee.sub %f, %f : tensor<?x4xf64>
  // CHECK-NEXT: ogee.mul %arg0, %arg0 : tensor<?x4xf64>
  %2 = ogee.mul %f, %f : tensor<?x4xf64>
  // CHECK-NEXT: ogee.div %arg1, %arg1 : tensor<3xi32>
  %3 = ogee.div %i, %i : tensor<3xi32>
  // CHECK-NEXT: ogee.rem %arg0, %arg0 : tensor<?x4xf64>
  %4 = ogee.rem %f, %f : tensor<?x4xf64>
  // CHECK-NEXT: ogee.pow %arg0, %arg0 : tensor<?x4xf64>
  %5 = ogee.pow %f, %f : tensor<?x4xf64>
  // CHECK-NEXT: ogee.atan2 %arg0, %arg0 : tensor<?x4xf64>
  %6 = ogee.atan2 %f, %f : tensor<?x4xf64>
  // CHECK-NEXT: ogee.max %arg0, %arg0 : tensor<?x4xf64>
  %7 = ogee.max %f, %f : tensor<?x4xf64>
  // CHECK-NEXT: ogee.min %arg0, %arg0 : tensor<?x4xf64>
  %8 = ogee.min %f, %f : tensor<?x4xf64>
  // CHECK-NEXT: ogee.and %arg2, %arg2 : tensor<i1>
  %9 = ogee.and %b, %b : tensor<i1>
  // CHECK-NEXT: ogee.or %arg1, %arg1 : tensor<3xi32>
  %10 = ogee.or %i, %i : tensor<3xi32>
  // CHECK-NEXT: ogee.xor %arg1, %arg1 : tensor<3xi32>
  %11 = ogee.xor %i, %i : tensor<3xi32>
  // CHECK-NEXT: ogee.shl %arg1, %arg1 : tensor<3xi32>
  %12 = ogee.shl %i, %i : tensor<3xi32>
  // CHECK-NEXT: ogee.shr_arith %arg1, %arg1 : tensor<3xi32>
  %13 = ogee.shr_arith %i, %i : tensor<3xi32>
  // CHECK-NEXT: ogee.shr_logic %arg1, %arg1 : tensor<3xi32>
  %14 = ogee.shr_logic %i, %i : tensor<3xi32>
  // CHECK-NEXT: ogee.compare lt %arg0, %arg0 : tensor<?x4xf64>
  %15 = ogee.compare lt %f, %f : tensor<?x4xf64>
  // CHECK-NEXT: ogee.select %{{.*}}, %arg0, %arg0 : tensor<?x4xf64>
  %16 = ogee.select %15, %f, %f : tensor<?x4xf64>
  // CHECK-NEXT: ogee.clamp %arg0, %arg0, %arg0 : tensor<?x4xf64>
  %17 = ogee.clamp %f, %f, %f : tensor<?x4xf64>
  // CHECK-NEXT: ogee.compare eq %arg2, %arg2 {note = "why"} : tensor<i1>
  %18 = ogee.compare eq %b, %b {note = "why"} : tensor<i1>
  return
}

// CHECK-LABEL: func.func @reductions(
func.func @reductions(%f: tensor<?x4x2xf32>, %b: tensor<3x4xi1>) {
  // CHECK-NEXT: ogee.sum %arg0 [1] : tensor<?x4x2xf32> -> tensor<?x2xf32>
  %0 = ogee.sum %f [1] : tensor<?x4x2xf32> -> tensor<?x2xf32>
  // CHECK-NEXT: ogee.prod %arg0 [0, 2] : tensor<?x4x2xf32> -> tensor<4xf32>
  %1 = ogee.prod %f [0, 2] : tensor<?x4x2xf32> -> tensor<4xf32>
  // CHECK-NEXT: ogee.amax %arg0 [0, 1, 2] : tensor<?x4x2xf32> -> tensor<f32>
  %2 = ogee.amax %f [0, 1, 2] : tensor<?x4x2xf32> -> tensor<f32>
  // CHECK-NEXT: ogee.amin %arg0 [] : tensor<?x4x2xf32> -> tensor<?x4x2xf32>
  %3 = ogee.amin %f [] : tensor<?x4x2xf32> -> tensor<?x4x2xf32>
  // CHECK-NEXT: ogee.any %arg1 [1] : tensor<3x4xi1> -> tensor<3xi1>
  %4 = ogee.any %b [1] : tensor<3x4xi1> -> tensor<3xi1>
  // CHECK-NEXT: ogee.all %arg1 [0] : tensor<3x4xi1> -> tensor<4xi1>
  %5 = ogee.all %b [0] : tensor<3x4xi1> -> tensor<4xi1>
  // CHECK-NEXT: ogee.argmax %arg0 [1] : tensor<?x4x2xf32> -> tensor<?x2xi64>
  %6 = ogee.argmax %f [1] : tensor<?x4x2xf32> -> tensor<?x2xi64>
  // CHECK-NEXT: ogee.argmin %arg0 [2] : tensor<?x4x2xf32> -> tensor<?x4xi64>
  %7 = ogee.argmin %f [2] : tensor<?x4x2xf32> -> tensor<?x4xi64>
  return
}

// CHECK-LABEL: func.func @contractions(
func.func @contractions(%a: tensor<?x32x64xf32>, %b: tensor<?x64x16xf32>, %v: tensor<64xf32>) {
  // CHECK-NEXT: ogee.dot %arg0, %arg1 batch [0] x [0] contract [2] x [1] : tensor<?x32x64xf32>, tensor<?x64x16xf32> -> tensor<?x32x16xf32>
  %0 = ogee.dot %a, %b batch [0] x [0] contract [2] x [1] : tensor<?x32x64xf32>, tensor<?x64x16xf32> -> tensor<?x32x16xf32>
  // CHECK-NEXT: ogee.dot %arg2, %arg2 batch [] x [] contract [0] x [0] : tensor<64xf32>, tensor<64xf32> -> tensor<f32>
  %1 = ogee.dot %v, %v batch [] x [] contract [0] x [0] : tensor<64xf32>, tensor<64xf32> -> tensor<f32>
  // CHECK-NEXT: ogee.dot %arg2, %arg2 batch [] x [] contract [] x [] : tensor<64xf32>, tensor<64xf32> -> tensor<64x64xf32>
  %2 = ogee.dot %v, %v batch [] x [] contract [] x [] : tensor<64xf32>, tensor<64xf32> -> tensor<64x64xf32>
  return
}

// CHECK-LABEL: func.func @movement(
func.func @movement(%x: tensor<?x8xf32>, %b: tensor<8xf32>, %zero: tensor<f32>, %n: index) {
  // CHECK-NEXT: ogee.reshape %arg0 [%arg3, 4, 2] : tensor<?x8xf32> -> tensor<?x4x2xf32>
  %0 = ogee.reshape %x [%n, 4, 2] : tensor<?x8xf32> -> tensor<?x4x2xf32>
  // CHECK-NEXT: ogee.reshape %arg2 [] : tensor<f32> -> tensor<f32>
  %1 = ogee.reshape %zero [] : tensor<f32> -> tensor<f32>
  // CHECK-NEXT: ogee.transpose %arg0 [1, 0] : tensor<?x8xf32> -> tensor<8x?xf32>
  %2 = ogee.transpose %x [1, 0] : tensor<?x8xf32> -> tensor<8x?xf32>
  // CHECK-NEXT: ogee.broadcast %arg1 [1] sizes [%arg3, 8] : tensor<8xf32> -> tensor<?x8xf32>
  %3 = ogee.broadcast %b [1] sizes [%n, 8] : tensor<8xf32> -> tensor<?x8xf32>
  // CHECK-NEXT: ogee.slice %arg0 [%arg3, 0] [%arg3, 4] [1, 2] : tensor<?x8xf32> -> tensor<?x4xf32>
  %4 = ogee.slice %x [%n, 0] [%n, 4] [1, 2] : tensor<?x8xf32> -> tensor<?x4xf32>
  // CHECK-NEXT: ogee.pad %arg0, %arg2 low [1, %arg3] high [-1, 0] interior [0, 1] : tensor<?x8xf32>, tensor<f32> -> tensor<?x?xf32>
  %5 = ogee.pad %x, %zero low [1, %n] high [-1, 0] interior [0, 1] : tensor<?x8xf32>, tensor<f32> -> tensor<?x?xf32>
  // CHECK-NEXT: ogee.concatenate %arg0, %arg0 [1] : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x16xf32>
  %6 = ogee.concatenate %x, %x [1] : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x16xf32>
  // CHECK-NEXT: ogee.reverse %arg0 [0, 1] : tensor<?x8xf32>
  %7 = ogee.reverse %x [0, 1] : tensor<?x8xf32>
  // CHECK-NEXT: ogee.dim %arg0 [0] : tensor<?x8xf32>
  %8 = ogee.dim %x [0] : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @creation(
func.func @creation(%key: tensor<i64>, %draw: tensor<i64>, %n: index) {
  // CHECK-NEXT: ogee.constant dense<[1.000000e+00, 0x7FC00000]> : tensor<2xf32>
  %0 = ogee.constant dense<[1.0, 0x7FC00000]> : tensor<2xf32>
  // CHECK-NEXT: ogee.constant dense<true> : tensor<3xi1>
  %1 = ogee.constant dense<true> : tensor<3xi1>
  // CHECK-NEXT: ogee.iota [1] sizes [%arg2, 4] : tensor<?x4xi64>
  %2 = ogee.iota [1] sizes [%n, 4] : tensor<?x4xi64>
  // CHECK-NEXT: ogee.from_index %arg2 : tensor<i64>
  %size = ogee.from_index %n : tensor<i64>
  // CHECK-NEXT: ogee.random_uniform %arg0, %arg1 sizes [%arg2, 4] : tensor<?x4xf32>
  %3 = ogee.random_uniform %key, %draw sizes [%n, 4] : tensor<?x4xf32>
  // CHECK-NEXT: ogee.random_normal %arg0, %arg1 sizes [] : tensor<f64>
  %4 = ogee.random_normal %key, %draw sizes [] : tensor<f64>
  // CHECK-NEXT: ogee.random_integers %arg0, %arg1, %arg0, %arg1 sizes [3] : tensor<3xi32>
  %5 = ogee.random_integers %key, %draw, %key, %draw sizes [3] : tensor<3xi32>
  return
}

// CHECK-LABEL: func.func @groups(
func.func @groups(%x: tensor<?xf32>, %n: index) -> (tensor<?xf32>, tensor<i64>) {
  // CHECK-NEXT: %[[R:.*]]:2 = ogee.group "scale" (%[[A:.*]] = %arg0, %[[B:.*]] = %arg1 : tensor<?xf32>, index) -> (tensor<?xf32>, tensor<i64>) attributes {note = 1 : i64} {
  %r:2 = ogee.group "scale" (%a = %x, %m = %n : tensor<?xf32>, index) -> (tensor<?xf32>, tensor<i64>) attributes {note = 1} {
    // CHECK-NEXT: %[[V:.*]] = ogee.iota [0] sizes [%[[B]]] : tensor<?xf32>
    %i = ogee.iota [0] sizes [%m] : tensor<?xf32>
    // CHECK-NEXT: %[[V:.*]] = ogee.mul %[[A]], %{{.*}} : tensor<?xf32>
    %0 = ogee.mul %a, %i : tensor<?xf32>
    %1 = ogee.constant dense<1> : tensor<i64>
    // CHECK: ogee.yield %[[V]], %{{.*}} : tensor<?xf32>, tensor<i64>
    ogee.yield %0, %1 : tensor<?xf32>, tensor<i64>
  }
  // CHECK: ogee.check %{{.*}}, "log: an input in {0}"(%arg0 : tensor<?xf32>) hint "clamp it" {note = 1 : i64}
  // CHECK-NEXT: ogee.check %{{.*}}, "never"
  %bad = ogee.constant dense<false> : tensor<i1>
  ogee.check %bad, "log: an input in {0}"(%x : tensor<?xf32>) hint "clamp it" {note = 1}
  ogee.check %bad, "never"
  // CHECK: ogee.group() {
  ogee.group() {
    // CHECK-NEXT: ogee.yield
    ogee.yield
  }
  return %r#0, %r#1 : tensor<?xf32>, tensor<i64>
}

// CHECK-LABEL: func.func @regions(
func.func @regions(%p: tensor<i1>, %x: tensor<?x4xf32>, %i: tensor<i64>, %n: index) {
  // CHECK-NEXT: %{{.*}} = ogee.dynamic_slice %arg1[%arg2, %arg2] sizes [1, %arg3] : tensor<?x4xf32> -> tensor<1x?xf32>
  %0 = ogee.dynamic_slice %x [%i, %i] sizes [1, %n] : tensor<?x4xf32> -> tensor<1x?xf32>
  // CHECK-NEXT: ogee.dynamic_update %arg1, %{{.*}}[%arg2, %arg2] : tensor<?x4xf32>, tensor<1x?xf32>
  %1 = ogee.dynamic_update %x, %0 [%i, %i] : tensor<?x4xf32>, tensor<1x?xf32>
  // CHECK-NEXT: ogee.cond %arg0(%arg1, %arg3 : tensor<?x4xf32>, index) -> (tensor<?x4xf32>) attributes {note = 1 : i64} then {
  %2 = ogee.cond %p (%x, %n : tensor<?x4xf32>, index) -> (tensor<?x4xf32>) attributes {note = 1} then {
  ^bb0(%a: tensor<?x4xf32>, %m: index):
    ogee.yield %a : tensor<?x4xf32>
  // CHECK: } else {
  } else {
  ^bb0(%a: tensor<?x4xf32>, %m: index):
    ogee.yield %a : tensor<?x4xf32>
  }
  // CHECK: ogee.cond %arg0 then {
  ogee.cond %p then {
    ogee.yield
  } else {
    ogee.yield
  }
  // CHECK: ogee.while(%arg1 : tensor<?x4xf32>) captures(%arg0 : tensor<i1>) max_trips 3 -> (tensor<?x4xf32>) test {
  %3 = ogee.while (%x : tensor<?x4xf32>) captures (%p : tensor<i1>) max_trips 3 -> (tensor<?x4xf32>) test {
  ^bb0(%a: tensor<?x4xf32>, %q: tensor<i1>):
    ogee.yield %q : tensor<i1>
  // CHECK: } do {
  } do {
  ^bb0(%a: tensor<?x4xf32>, %q: tensor<i1>):
    ogee.yield %a : tensor<?x4xf32>
  }
  // CHECK: ogee.scan(%arg2 : tensor<i64>) over(%arg1 : tensor<?x4xf32>) captures(%arg3 : index) reverse -> (tensor<i64>, tensor<?x4xf32>) {
  // CHECK-NEXT: ^bb0(%{{.*}}: tensor<i64>, %{{.*}}: tensor<4xf32>, %{{.*}}: index):
  %4:2 = ogee.scan (%i : tensor<i64>) over (%x : tensor<?x4xf32>) captures (%n : index) reverse -> (tensor<i64>, tensor<?x4xf32>) {
  ^bb0(%s: tensor<i64>, %a: tensor<4xf32>, %m: index):
    ogee.yield %s, %a : tensor<i64>, tensor<4xf32>
  }
  return
}

// CHECK-LABEL: func.func @signature(
// CHECK-SAME: %arg0: tensor<?x784xf32> {ogee.dims = ["batch", ""], ogee.name = "x", ogee.ranges = {{\[\[}}1, 256], []], ogee.strides = array<i64: -1, 1>}
// CHECK-SAME: %arg1: index {ogee.dims = ["batch"], ogee.name = "n"}
// CHECK-SAME: -> (tensor<?x784xf32> {ogee.name = "y"})
func.func @signature(%x: tensor<?x784xf32> {ogee.name = "x", ogee.dims = ["batch", ""], ogee.ranges = [[1, 256], []], ogee.strides = array<i64: -1, 1>},
                     %n: index {ogee.name = "n", ogee.dims = ["batch"]}) -> (tensor<?x784xf32> {ogee.name = "y"}) {
  return %x : tensor<?x784xf32>
}
