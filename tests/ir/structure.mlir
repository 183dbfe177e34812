// Canonical forms of groups.
// RUN: ogee-opt %s --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @groups
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>, %[[Y:.*]]: tensor<4xf32>)
func.func @groups(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: %[[R:.*]] = ogee.group "g" (%[[A:.*]] = %[[X]] : tensor<4xf32>) -> tensor<4xf32> attributes {note} {
  // CHECK-NEXT: %[[S:.*]] = ogee.add %[[A]], %[[A]]
  // CHECK-NEXT: ogee.yield %[[S]]
  %r:2 = ogee.group "g" (%a = %x, %b = %y, %c = %x : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {note} {
    %0 = ogee.neg %b : tensor<4xf32>
    %1 = ogee.add %a, %c : tensor<4xf32>
    ogee.yield %0, %1 : tensor<4xf32>, tensor<4xf32>
  }
  // CHECK: return %[[R]]
  return %r#1 : tensor<4xf32>
}
