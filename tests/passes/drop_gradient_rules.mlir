// What only differentiation looks at goes, in regions too.
// RUN: ogee-opt %s --drop-gradient-rules | FileCheck %s

// CHECK-LABEL: func.func @f
// CHECK-NOT: stop_gradient
// CHECK-NOT: custom_vjp
// CHECK: return
func.func @f(%p: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = ogee.stop_gradient %x : tensor<4xf32>
  %1 = ogee.cond %p (%0 : tensor<4xf32>) -> (tensor<4xf32>) then {
  ^bb0(%a: tensor<4xf32>):
    %2 = ogee.stop_gradient %a : tensor<4xf32>
    ogee.yield %2 : tensor<4xf32>
  } else {
  ^bb0(%a: tensor<4xf32>):
    %2 = ogee.neg %a : tensor<4xf32>
    ogee.yield %2 : tensor<4xf32>
  }
  %3 = ogee.custom_vjp (%x, %1 : tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>, %db: tensor<4xf32>):
    ogee.yield %db : tensor<4xf32>
  }
  return %3 : tensor<4xf32>
}
