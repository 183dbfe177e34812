// Gradients of regions: a cond of its regions' products; a scan backwards over what was carried, which the scan before it
// stacks; a while of at most so many trips as such a scan.
// RUN: ogee-opt %s --autodiff --simplify | FileCheck %s
// RUN: ogee-opt %s --autodiff=mode=jvp --simplify | FileCheck %s --check-prefix=JVP

// CHECK-LABEL: func.func @choice_vjp
// CHECK: ogee.cond %arg0(%arg1, %arg2 : tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>) then {
// CHECK: ogee.cos
// CHECK: ogee.mul
// CHECK: } else {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<4xf32>, %[[D:.*]]: tensor<4xf32>):
// CHECK-NEXT: ogee.yield %[[D]]
func.func @choice(%p: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %r = ogee.cond %p (%x : tensor<4xf32>) -> (tensor<4xf32>) then {
  ^bb0(%a: tensor<4xf32>):
    %0 = ogee.sin %a : tensor<4xf32>
    ogee.yield %0 : tensor<4xf32>
  } else {
  ^bb0(%a: tensor<4xf32>):
    ogee.yield %a : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// CHECK-LABEL: func.func @products_vjp
// CHECK: %[[S:.*]]:2 = ogee.scan(%arg0 : tensor<f32>) over(%arg1 : tensor<?xf32>) -> (tensor<f32>, tensor<?xf32>) {
// CHECK: ogee.yield %{{.*}}, %arg3
// CHECK: ogee.scan(%arg2 : tensor<f32>) over(%[[S]]#1, %arg1 : tensor<?xf32>, tensor<?xf32>) reverse -> (tensor<f32>, tensor<?xf32>) {
// CHECK-NEXT: ^bb0(%[[D:.*]]: tensor<f32>, %[[C:.*]]: tensor<f32>, %[[X:.*]]: tensor<f32>):
// CHECK-NEXT: %[[DC:.*]] = ogee.mul %[[D]], %[[X]]
// CHECK-NEXT: %[[DX:.*]] = ogee.mul %[[D]], %[[C]]
// CHECK-NEXT: ogee.yield %[[DC]], %[[DX]]
func.func @products(%s: tensor<f32>, %xs: tensor<?xf32>) -> tensor<f32> {
  %r = ogee.scan (%s : tensor<f32>) over (%xs : tensor<?xf32>) -> (tensor<f32>) {
  ^bb0(%a: tensor<f32>, %x: tensor<f32>):
    %0 = ogee.mul %a, %x : tensor<f32>
    ogee.yield %0 : tensor<f32>
  }
  return %r : tensor<f32>
}

// CHECK-LABEL: func.func @loop_vjp
// CHECK-NOT: ogee.while
// CHECK: ogee.scan(%arg0 : tensor<f32>) over(%{{.*}} : tensor<9xi64>) captures(%arg1 : tensor<f32>) -> (tensor<f32>, tensor<9xf32>) {
// CHECK: ogee.cond
// CHECK: ogee.scan({{.*}}tensor<9xf32>{{.*}} reverse
func.func @loop(%x: tensor<f32>, %limit: tensor<f32>) -> tensor<f32> {
  %r = ogee.while (%x : tensor<f32>) captures (%limit : tensor<f32>) max_trips 9 -> (tensor<f32>) test {
  ^bb0(%a: tensor<f32>, %l: tensor<f32>):
    %0 = ogee.compare lt %a, %l : tensor<f32>
    ogee.yield %0 : tensor<i1>
  } do {
  ^bb0(%a: tensor<f32>, %l: tensor<f32>):
    %0 = ogee.mul %a, %a : tensor<f32>
    ogee.yield %0 : tensor<f32>
  }
  return %r : tensor<f32>
}

// A Jacobian-vector product does not have the cotangents that the other one asks for their dims.
// JVP-LABEL: func.func @sums_jvp(%arg0: tensor<?x3xf32>, %arg1: tensor<?x3xf32>) -> tensor<?x3xf32>
// JVP: ogee.pad
func.func @sums(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %z = ogee.constant dense<0.0> : tensor<f32>
  %y = ogee.scan over (%x : tensor<?x3xf32>) -> (tensor<?x3xf32>) {
  ^bb0(%a: tensor<3xf32>):
    %0 = ogee.sin %a : tensor<3xf32>
    ogee.yield %0 : tensor<3xf32>
  }
  %r = ogee.pad %y, %z low [1, 0] high [0, 0] interior [0, 0] : tensor<?x3xf32>, tensor<f32> -> tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
