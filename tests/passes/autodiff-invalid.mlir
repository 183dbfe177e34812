// What has no gradient is an error at its line.
// RUN: ogee-opt %s --split-input-file --verify-diagnostics --autodiff
// RUN: not ogee-opt %s --autodiff=mode=both 2>&1 | FileCheck %s
// CHECK: error: autodiff: the mode is vjp or jvp, not both

func.func @strides(%x: tensor<?xf32>, %n: index, %s: index) -> tensor<?xf32> {
  // expected-error@+1 {{'ogee.slice' op has no gradient with strides that only a run knows}}
  %0 = ogee.slice %x [0] [%n] [%s] : tensor<?xf32> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @bits(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{'ogee.bitcast_convert' op has no gradient}}
  %0 = ogee.bitcast_convert %x : tensor<4xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
