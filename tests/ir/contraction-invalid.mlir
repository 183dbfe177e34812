// What contractions refuse.
// RUN: ogee-opt %s -split-input-file -verify-diagnostics

func.func @f(%a: tensor<32x784xf32>, %b: tensor<512x10xf32>) {
  // expected-error@+1 {{dot: inner sizes differ: [32, 784] x [512, 10]}}
  %0 = ogee.dot %a, %b batch [] x [] contract [1] x [0] : tensor<32x784xf32>, tensor<512x10xf32> -> tensor<32x10xf32>
  return
}

// -----

func.func @f(%a: tensor<2x4xf32>, %b: tensor<3x4xf32>) {
  // expected-error@+1 {{dot: batch sizes differ: [2, 4] x [3, 4]}}
  %0 = ogee.dot %a, %b batch [0] x [0] contract [1] x [1] : tensor<2x4xf32>, tensor<3x4xf32> -> tensor<2xf32>
  return
}

// -----

func.func @f(%a: tensor<2x4xf32>, %b: tensor<2x4xf32>) {
  // expected-error@+1 {{dot: axes do not correspond: batch [0] x [], contract [1] x [1]}}
  %0 = ogee.dot %a, %b batch [0] x [] contract [1] x [1] : tensor<2x4xf32>, tensor<2x4xf32> -> tensor<2xf32>
  return
}

// -----

func.func @f(%a: tensor<2x4xf32>, %b: tensor<2x4xf32>) {
  // expected-error@+1 {{dot: axis 0 is named twice}}
  %0 = ogee.dot %a, %b batch [0] x [0] contract [0] x [1] : tensor<2x4xf32>, tensor<2x4xf32> -> tensor<2xf32>
  return
}

// -----

func.func @f(%a: tensor<2x4xf32>, %b: tensor<2x4xf32>) {
  // expected-error@+1 {{dot: axis 2 is out of range for rank 2}}
  %0 = ogee.dot %a, %b batch [0] x [2] contract [1] x [1] : tensor<2x4xf32>, tensor<2x4xf32> -> tensor<2xf32>
  return
}

// -----

func.func @f(%a: tensor<2x4xf32>, %b: tensor<2x4xf64>) {
  // expected-error@+1 {{'ogee.dot' op failed to verify that operands have the same element type}}
  %0 = ogee.dot %a, %b batch [0] x [0] contract [1] x [1] : tensor<2x4xf32>, tensor<2x4xf64> -> tensor<2xf32>
  return
}

// -----

func.func @f(%a: tensor<3037000500xf32>) {
  // expected-error@+1 {{dot: the result is too large: [3037000500, 3037000500]}}
  %0 = ogee.dot %a, %a batch [] x [] contract [] x [] : tensor<3037000500xf32>, tensor<3037000500xf32> -> tensor<?x?xf32>
  return
}
