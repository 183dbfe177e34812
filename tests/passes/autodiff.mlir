// Products of functions with the Jacobian: readable, without what they do not need, located at what they derive from.
// RUN: ogee-opt %s --autodiff --canonicalize --cse --split-input-file | FileCheck %s
// RUN: ogee-opt %s --autodiff=mode=jvp --canonicalize --cse --split-input-file | FileCheck %s --check-prefix=JVP
// RUN: ogee-opt %s --autodiff --mlir-print-debuginfo --mlir-print-local-scope --split-input-file | FileCheck %s --check-prefix=LINE
// RUN: ogee-opt %s --autodiff --autodiff --canonicalize --split-input-file | FileCheck %s --check-prefix=TWICE

// CHECK-LABEL: func.func @f_vjp
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32> {ogee.name = "x"}, %[[DY:.*]]: tensor<4xf32> {ogee.name = "d_y"}) -> tensor<4xf32>
// CHECK: %[[ONE:.*]] = ogee.constant dense<1.0
// CHECK: %[[Y:.*]] = ogee.tanh %[[X]]
// CHECK: %[[S:.*]] = ogee.mul %[[Y]], %[[Y]]
// CHECK: %[[D:.*]] = ogee.sub %[[ONE]], %[[S]]
// CHECK: %[[R:.*]] = ogee.mul %[[DY]], %[[D]]
// CHECK: return %[[R]]
// JVP-LABEL: func.func @f_jvp
// JVP-SAME: {ogee.name = "x"}, %[[T:.*]]: tensor<4xf32> {ogee.name = "t_x"}) -> tensor<4xf32>
// JVP: ogee.mul %[[T]]
// LINE-LABEL: func.func @f_vjp
// LINE: ogee.sub {{.*}} loc(fused<"gradient of tanh">["net.cpp":7:3])
// LINE: ogee.mul {{.*}} loc(fused<"gradient of tanh">["net.cpp":7:3])
// TWICE: func.func @f_vjp_vjp
func.func @f(%x: tensor<4xf32> {ogee.name = "x"}) -> (tensor<4xf32> {ogee.name = "y"}) {
  %y = ogee.tanh %x : tensor<4xf32> loc("net.cpp":7:3)
  return %y : tensor<4xf32>
}

// -----

// What has no influence gets zeros; integers and flat ops pass nothing on; what only the forward pass needs is gone.
// CHECK-LABEL: func.func @mixed_vjp
// CHECK-SAME: (%[[X:.*]]: tensor<?xf32>, %{{.*}}: tensor<?xf32>, %{{.*}}: tensor<?xi64>, %[[D:.*]]: tensor<?xf32>)
// CHECK-NOT: ogee.floor
// CHECK-NOT: ogee.exp
// CHECK: return %{{.*}}, %{{.*}} : tensor<?xf32>, tensor<?xf32>
func.func @mixed(%x: tensor<?xf32>, %unused: tensor<?xf32>, %n: tensor<?xi64>) -> (tensor<?xf32>, tensor<?xi64>) {
  %0 = ogee.floor %x : tensor<?xf32>
  %1 = ogee.add %x, %0 : tensor<?xf32>
  %2 = ogee.convert %n : tensor<?xi64> -> tensor<?xf32>
  %3 = ogee.exp %2 : tensor<?xf32>
  %4 = ogee.add %1, %3 : tensor<?xf32>
  return %4, %n : tensor<?xf32>, tensor<?xi64>
}

// -----

// Groups mean what is in them.
// CHECK-LABEL: func.func @grouped_vjp
// CHECK-NOT: ogee.group
// CHECK: ogee.cos
func.func @grouped(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = ogee.group (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    %1 = ogee.sin %a : tensor<4xf32>
    ogee.yield %1 : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}
