// What creation ops refuse.
// RUN: ogee-opt %s -split-input-file -verify-diagnostics

func.func @f() {
  // expected-error@+1 {{iota: axis 1 is out of range for rank 1}}
  %0 = ogee.iota [1] sizes [4] : tensor<4xi64>
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{'ogee.iota' op has the result type 'tensor<5xi64>', expected 'tensor<4xi64>'}}
  %0 = ogee.iota [0] sizes [4] : tensor<5xi64>
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{iota: a size is negative: [-4]}}
  %0 = ogee.iota [0] sizes [-4] : tensor<?xi64>
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{'ogee.iota' op result #0 must be tensor of numbers (f32, f64, i32, i64), without encoding and of less than 2^63 bytes, but got 'tensor<4xi1>'}}
  %0 = ogee.iota [0] sizes [4] : tensor<4xi1>
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{'ogee.constant' op result #0 must be tensor of numbers or bools (f32, f64, i32, i64, i1), without encoding and of less than 2^63 bytes, but got 'tensor<2xi8>'}}
  %0 = ogee.constant dense<1> : tensor<2xi8>
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{custom op 'ogee.constant' invalid kind of attribute specified}}
  %0 = ogee.constant 1 : i32
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{custom op 'ogee.constant' invalid kind of attribute specified}}
  %0 = ogee.constant dense_resource<foo> : tensor<2xi32>
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{'ogee.constant' op result #0 must be tensor of numbers or bools (f32, f64, i32, i64, i1), without encoding and of less than 2^63 bytes, but got 'vector<2xi32>'}}
  %0 = ogee.constant dense<[1, 2]> : vector<2xi32>
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{'ogee.constant' op result #0 must be tensor of numbers or bools (f32, f64, i32, i64, i1), without encoding and of less than 2^63 bytes, but got 'tensor<9223372036854775807x9223372036854775807xf32>'}}
  %0 = ogee.constant dense<1.0> : tensor<9223372036854775807x9223372036854775807xf32>
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{custom op 'ogee.constant' invalid kind of attribute specified}}
  %0 = ogee.constant sparse<0, 1.0> : tensor<4xf32>
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{`!"foo"<"bar">` type created with unregistered dialect. If this is intended, please call allowUnregisteredDialects() on the MLIRContext, or use -allow-unregistered-dialect with the MLIR opt tool used}}
  %0 = ogee.constant dense<"foo"> : tensor<4x!foo.bar>
  return
}
