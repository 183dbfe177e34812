// What reductions refuse.
// RUN: ogee-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<3x4xf32>) {
  // expected-error@+1 {{sum: axis 2 is out of range for rank 2}}
  %0 = ogee.sum %x [2] : tensor<3x4xf32> -> tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<3x4xf32>) {
  // expected-error@+1 {{sum: axis -1 is out of range for rank 2}}
  %0 = ogee.sum %x [-1] : tensor<3x4xf32> -> tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<3x4xf32>) {
  // expected-error@+1 {{sum: axes [1, 0] do not ascend}}
  %0 = ogee.sum %x [1, 0] : tensor<3x4xf32> -> tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<3x4xf32>) {
  // expected-error@+1 {{'ogee.sum' op has the result type 'tensor<4xf32>', expected 'tensor<3xf32>'}}
  %0 = ogee.sum %x [1] : tensor<3x4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<3x4xf32>) {
  // expected-error@+1 {{'ogee.sum' op requires attribute 'axes'}}
  %0 = "ogee.sum"(%x) : (tensor<3x4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<3x4xf32>) {
  // expected-error@+1 {{'ogee.sum' op attribute 'axes' failed to satisfy constraint: i64 dense array attribute}}
  %0 = "ogee.sum"(%x) {axes = [1]} : (tensor<3x4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<3x4xf32>) {
  // expected-error@+1 {{'ogee.argmax' op attribute 'axes' failed to satisfy constraint: i64 dense array attribute with exactly 1 elements}}
  %0 = ogee.argmax %x [0, 1] : tensor<3x4xf32> -> tensor<i64>
  return
}

// -----

func.func @f(%x: tensor<3x4xf32>) {
  // expected-error@+1 {{'ogee.argmax' op has the result type 'tensor<4xi32>', expected 'tensor<4xi64>'}}
  %0 = ogee.argmax %x [0] : tensor<3x4xf32> -> tensor<4xi32>
  return
}
