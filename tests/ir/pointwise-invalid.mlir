// What pointwise ops refuse.
// RUN: ogee-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<4xi32>) {
  // expected-error@+1 {{'ogee.exp' op operand #0 must be tensor of floats (f32, f64), without encoding and of less than 2^63 bytes, but got 'tensor<4xi32>'}}
  %0 = ogee.exp %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xf16>) {
  // expected-error@+1 {{'ogee.neg' op operand #0 must be tensor of numbers (f32, f64, i32, i64), without encoding and of less than 2^63 bytes, but got 'tensor<4xf16>'}}
  %0 = ogee.neg %x : tensor<4xf16>
  return
}

// -----

func.func @f(%x: f32) {
  // expected-error@+1 {{custom op 'ogee.neg' invalid kind of type specified}}
  %0 = ogee.neg %x : f32
  return
}

// -----

func.func @f(%x: tensor<*xf32>) {
  // expected-error@+1 {{custom op 'ogee.neg' invalid kind of type specified}}
  %0 = ogee.neg %x : tensor<*xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32, "e">) {
  // expected-error@+1 {{'ogee.neg' op operand #0 must be tensor of numbers (f32, f64, i32, i64), without encoding and of less than 2^63 bytes, but got 'tensor<4xf32, "e">'}}
  %0 = ogee.neg %x : tensor<4xf32, "e">
  return
}

// -----

func.func @f(%x: tensor<9223372036854775807xf32>) {
  // expected-error@+1 {{'ogee.neg' op operand #0 must be tensor of numbers (f32, f64, i32, i64), without encoding and of less than 2^63 bytes, but got 'tensor<9223372036854775807xf32>'}}
  %0 = ogee.neg %x : tensor<9223372036854775807xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.neg' op failed to verify that all of {operand, result} have same type}}
  %0 = "ogee.neg"(%x) : (tensor<4xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<?xf32>) {
  // expected-error@+1 {{'ogee.add' op failed to verify that all of {lhs, rhs, result} have same type}}
  %0 = "ogee.add"(%x, %y) : (tensor<4xf32>, tensor<?xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.is_finite' op failed to verify that result has the operand's dims and i1 elements}}
  %0 = "ogee.is_finite"(%x) : (tensor<4xf32>) -> tensor<5xi1>
  return
}

// -----

func.func @f(%x: f32) {
  // expected-error@+1 {{custom op 'ogee.is_finite' invalid kind of type specified}}
  %0 = ogee.is_finite %x : f32
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.convert' op failed to verify that all of {operand, result} have same shape}}
  %0 = ogee.convert %x : tensor<4xf32> -> tensor<?xf64>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.bitcast_convert' op failed to verify that elements of operand and result have the same number of bits}}
  %0 = ogee.bitcast_convert %x : tensor<4xf32> -> tensor<4xf64>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{custom op 'ogee.compare' expected string or keyword containing one of the following enum values for attribute 'comparison' [eq, ne, lt, le, gt, ge]}}
  %0 = ogee.compare foo %x, %x : tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.compare' op attribute 'comparison' failed to satisfy constraint: how two values are compared}}
  %0 = "ogee.compare"(%x, %x) {comparison = 9 : i32} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.compare' op requires attribute 'comparison'}}
  %0 = "ogee.compare"(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{invalid properties {comparison = 9 : i32} for op ogee.compare: Invalid attribute `comparison` in property conversion: 9 : i32}}
  %0 = "ogee.compare"(%x, %x) <{comparison = 9 : i32}> : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%p: tensor<3xi1>, %x: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.select' op failed to verify that pred has the result's dims and i1 elements}}
  %0 = "ogee.select"(%p, %x, %x) : (tensor<3xi1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}
