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

// -----

func.func @endless(%x: tensor<f32>, %p: tensor<i1>) -> tensor<f32> {
  // expected-error@+1 {{'ogee.while' op has no gradient without max_trips, the number of values to keep; hint: give while_loop {.max_trips = n}, or use scan}}
  %r = ogee.while (%x : tensor<f32>) captures (%p : tensor<i1>) -> (tensor<f32>) test {
  ^bb0(%a: tensor<f32>, %q: tensor<i1>):
    ogee.yield %q : tensor<i1>
  } do {
  ^bb0(%a: tensor<f32>, %q: tensor<i1>):
    %0 = ogee.exp %a : tensor<f32>
    ogee.yield %0 : tensor<f32>
  }
  return %r : tensor<f32>
}

// -----

func.func @inside(%p: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %r = ogee.cond %p (%x : tensor<4xf32>) -> (tensor<4xf32>) then {
  ^bb0(%a: tensor<4xf32>):
    // expected-error@+1 {{'ogee.bitcast_convert' op has no gradient}}
    %0 = ogee.bitcast_convert %a : tensor<4xf32> -> tensor<4xf32>
    ogee.yield %0 : tensor<4xf32>
  } else {
  ^bb0(%a: tensor<4xf32>):
    ogee.yield %a : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
