// What dynamic slices and updates refuse.
// RUN: ogee-opt %s --fuse -split-input-file -verify-diagnostics

func.func @f(%x: tensor<4x3xf32>, %i: tensor<i64>) {
  // expected-error@+1 {{dynamic_slice: the part [5, 1] is larger than [4, 3] along axis 0}}
  %0 = ogee.dynamic_slice %x [%i, %i] sizes [5, 1] : tensor<4x3xf32> -> tensor<5x1xf32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %i: tensor<i64>) {
  // expected-error@+1 {{dynamic_slice: 1 starts for rank 2}}
  %0 = ogee.dynamic_slice %x [%i] sizes [1, 1] : tensor<4x3xf32> -> tensor<1x1xf32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %i: tensor<i64>) {
  // expected-error@+1 {{dynamic_slice: a size is negative: [-1, 1]}}
  %0 = ogee.dynamic_slice %x [%i, %i] sizes [-1, 1] : tensor<4x3xf32> -> tensor<1x1xf32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %y: tensor<3xf32>, %i: tensor<i64>) {
  // expected-error@+1 {{dynamic_update: 1 sizes for rank 2}}
  %0 = ogee.dynamic_update %x, %y [%i, %i] : tensor<4x3xf32>, tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<4xi32>, %i: tensor<i64>) {
  // expected-error@+1 {{failed to verify that operand and part have the same element type}}
  %0 = ogee.dynamic_update %x, %y [%i] : tensor<4xf32>, tensor<4xi32>
  return
}
