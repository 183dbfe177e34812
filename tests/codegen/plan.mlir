// Launches that are no groups: a copy per operand of a concatenation, fill and copy for a pad; results that are views or constants, copied; a long
// reduction in two launches; and buffers that are written in place of a dying operand give the right numbers.
// Covers: plan_ops, plan_launch, phases, launch_facts
// RUN: ogee show %s --stage nest | FileCheck %s
// RUN: ogee bench %s --seconds 0.01 | FileCheck %s --check-prefix=RIGHT

// RIGHT: results agree with the interpreter

// CHECK-LABEL: // copy
// CHECK: store %0 -> b1[0, 1]
// CHECK-LABEL: // copy
// CHECK: store %0 -> b1[32, 1]
// The fill reads one element, the copy goes between the pads.
// CHECK-LABEL: // copy
// CHECK: load b0[0, 0] : f32
// CHECK-LABEL: // copy
// CHECK: store %0 -> b1[11, 10, 1]
// CHECK-LABEL: // exp
// CHECK-LABEL: // neg
// CHECK-LABEL: // sum_partials
// CHECK: partial results of chunks to b2
// CHECK-LABEL: // sum_combine
// CHECK: combine partial results of chunks from b2
func.func @main(%x: tensor<4x8xf32>, %y: tensor<2x8xf32>, %v: tensor<f32>, %long: tensor<9000xf32>)
    -> (tensor<6x8xf32>, tensor<5x10xf32>, tensor<8x4xf32>, tensor<f32>, tensor<2xf32>, tensor<8x4xf32>) {
  %a = ogee.concatenate %x, %y [0] : tensor<4x8xf32>, tensor<2x8xf32> -> tensor<6x8xf32>
  %p = ogee.pad %x, %v low [1, 1] high [0, 1] interior [0, 0] : tensor<4x8xf32>, tensor<f32> -> tensor<5x10xf32>
  %e = ogee.exp %x : tensor<4x8xf32>
  %t = ogee.transpose %e [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  %n = ogee.neg %t : tensor<8x4xf32>
  %s = ogee.sum %long [0] : tensor<9000xf32> -> tensor<f32>
  %c = ogee.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %view = ogee.transpose %x [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  return %a, %p, %n, %s, %c, %view
      : tensor<6x8xf32>, tensor<5x10xf32>, tensor<8x4xf32>, tensor<f32>, tensor<2xf32>, tensor<8x4xf32>
}
