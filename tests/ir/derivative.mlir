// Values with a gradient of their own, or none: printed, differentiated by their region, kept by simplification;
// ill-formed ones.
// RUN: ogee-opt %s --split-input-file --verify-diagnostics | FileCheck %s
// RUN: ogee-opt %s --split-input-file --verify-diagnostics --autodiff | FileCheck %s --check-prefix=GRADIENT
// RUN: ogee-opt %s --split-input-file --verify-diagnostics --canonicalize | FileCheck %s --check-prefix=SIMPLE

// CHECK-LABEL: func.func @f
// CHECK: ogee.custom_vjp(%{{.*}}, %{{.*}} : tensor<?xf32>, tensor<?xf32>) captures(%{{.*}} : tensor<f32>) -> tensor<?xf32> {
// GRADIENT-LABEL: func.func @f_vjp
// GRADIENT-SAME: %[[X:.*]]: tensor<?xf32>, %{{.*}}: tensor<f32>, %[[DY:.*]]: tensor<?xf32>)
// GRADIENT: %[[DX:.*]] = ogee.tanh %[[DY]]
// GRADIENT: return %[[DX]]
// SIMPLE-LABEL: func.func @f
// SIMPLE: ogee.custom_vjp
func.func @f(%x: tensor<?xf32>, %s: tensor<f32>) -> tensor<?xf32> {
  %y = ogee.exp %x : tensor<?xf32>
  %r = ogee.custom_vjp (%x, %y : tensor<?xf32>, tensor<?xf32>) captures (%s : tensor<f32>) -> tensor<?xf32> {
  ^bb0(%a: tensor<?xf32>, %b: tensor<?xf32>, %db: tensor<?xf32>, %t: tensor<f32>):
    %0 = ogee.tanh %db : tensor<?xf32>
    ogee.yield %0 : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}

// -----

func.func @empty() -> tensor<f32> {
  // expected-error@+1 {{'ogee.custom_vjp' op has no value}}
  %r = "ogee.custom_vjp"() <{operandSegmentSizes = array<i32: 0, 0>}> ({
  ^bb0(%d: tensor<f32>):
    ogee.yield
  }) : () -> tensor<f32>
  return %r : tensor<f32>
}

// -----

func.func @integers(%x: tensor<i32>) -> tensor<i32> {
  // expected-error@+1 {{only floats have gradients}}
  %r = ogee.custom_vjp (%x : tensor<i32>) -> tensor<i32> {
  ^bb0(%a: tensor<i32>, %d: tensor<i32>):
    ogee.yield
  }
  return %r : tensor<i32>
}

// -----

func.func @arguments(%x: tensor<f32>) -> tensor<f32> {
  // expected-error@+1 {{hands ('tensor<f32>', 'tensor<f32>') to its region, which takes ('tensor<f32>')}}
  %r = ogee.custom_vjp (%x : tensor<f32>) -> tensor<f32> {
  ^bb0(%a: tensor<f32>):
    ogee.yield
  }
  return %r : tensor<f32>
}

// -----

func.func @cotangents(%n: tensor<i64>, %x: tensor<f32>) -> tensor<f32> {
  %r = ogee.custom_vjp (%x, %n, %x : tensor<f32>, tensor<i64>, tensor<f32>) -> tensor<f32> {
  ^bb0(%a: tensor<f32>, %b: tensor<i64>, %c: tensor<f32>, %d: tensor<f32>):
    // expected-error@+1 {{gives ('tensor<f32>', 'tensor<f32>') but the cotangents of the inputs are ('tensor<f32>')}}
    ogee.yield %d, %d : tensor<f32>, tensor<f32>
  }
  return %r : tensor<f32>
}

// -----

// CHECK-LABEL: func.func @stop
// CHECK: ogee.stop_gradient %{{.*}} : tensor<4xf32>
// GRADIENT-LABEL: func.func @stop_vjp
// GRADIENT-NOT: ogee.cos
// GRADIENT: return
// SIMPLE-LABEL: func.func @stop
// SIMPLE: ogee.stop_gradient
func.func @stop(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = ogee.sin %x : tensor<4xf32>
  %1 = ogee.stop_gradient %0 : tensor<4xf32>
  %2 = ogee.mul %1, %x : tensor<4xf32>
  return %2 : tensor<4xf32>
}
