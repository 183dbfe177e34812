// What runs backward reads what was saved, and sizes where it needs no more; what runs forward gives what is to be saved.
// RUN: ogee-opt %s --partition --split-input-file | FileCheck %s
// RUN: ogee-opt %s --partition=forward --split-input-file | FileCheck %s --check-prefix=BOTH
// Covers: derived

// The result is read, the argument is not.
// CHECK-LABEL: func.func @f_backward
// CHECK-SAME: (%[[DY:.*]]: tensor<?xf32>, %[[Y:.*]]: tensor<?xf32>, %{{.*}}: index) -> tensor<?xf32>
// CHECK: ogee.mul %[[Y]], %[[Y]]
// CHECK-NOT: func.func @{{.*}}_forward
// BOTH: func.func @f_forward(%{{.*}}: tensor<?xf32>) -> tensor<?xf32>
func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = ogee.tanh %x : tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// A sum needs the sizes of what was summed; the cotangent of an operand that was added is the result's, not computed.
// CHECK-LABEL: func.func @sizes_backward
// CHECK-SAME: (%[[DY:.*]]: tensor<?xf32>, %{{.*}}: index, %{{.*}}: index) -> tensor<?x?xf32>
// CHECK: ogee.broadcast %[[DY]]
func.func @sizes(%x: tensor<?x?xf32> {ogee.dims = ["m", "n"]}, %b: tensor<?xf32> {ogee.dims = ["n"]}) -> tensor<?xf32> {
  %s = ogee.sum %x [0] : tensor<?x?xf32> -> tensor<?xf32>
  %y = ogee.add %s, %b : tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// One value is kept, the last one that the gradient can be computed from again element by element.
// CHECK-LABEL: func.func @chosen_backward
// BOTH-LABEL: func.func @chosen_backward
// BOTH-SAME: %[[H:[^: ]*]]: tensor<8x16xf32>) ->
// BOTH: ogee.exp %[[H]]
// BOTH: func.func @chosen_forward
// BOTH: %[[H:.*]] = ogee.tanh
// BOTH: return %{{.*}}, %[[H]]
func.func @chosen(%x: tensor<8x4xf32>, %w: tensor<4x16xf32>) -> tensor<f32> {
  %h = ogee.dot %x, %w batch [] x [] contract [1] x [0] : tensor<8x4xf32>, tensor<4x16xf32> -> tensor<8x16xf32>
  %t = ogee.tanh %h : tensor<8x16xf32>
  %e = ogee.exp %t : tensor<8x16xf32>
  %s = ogee.sum %e [0, 1] : tensor<8x16xf32> -> tensor<f32>
  return %s : tensor<f32>
}

// -----

// A declaration has no gradient to take apart.
// CHECK-LABEL: func.func private @declared
func.func private @declared(tensor<4xf32>) -> tensor<4xf32>
