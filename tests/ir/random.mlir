// What random ops refuse.
// RUN: ogee-opt %s -split-input-file -verify-diagnostics

func.func @f(%k: tensor<i64>, %n: index) {
  // expected-error@+1 {{'ogee.random_uniform' op has the result type 'tensor<4xf32>', expected 'tensor<?xf32>'}}
  %0 = ogee.random_uniform %k, %k sizes [%n] : tensor<4xf32>
  return
}

// -----

func.func @f(%k: tensor<i64>, %n: index) {
  // expected-error@+1 {{'ogee.random_uniform' op result #0 must be tensor of floats (f32, f64), without encoding and of less than 2^63 bytes, but got 'tensor<4xi32>'}}
  %0 = ogee.random_uniform %k, %k sizes [4] : tensor<4xi32>
  return
}

// -----

func.func @f(%k: tensor<1xi64>, %n: index) {
  // expected-error@+1 {{'ogee.random_uniform' op operand #0 must be tensor<i64>, but got 'tensor<1xi64>'}}
  %0 = "ogee.random_uniform"(%k, %k) {staticSizes = array<i64: 4>} : (tensor<1xi64>, tensor<1xi64>) -> tensor<4xf32>
  return
}
