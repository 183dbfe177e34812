// Movement ops are views: their kernels' readers get offsets and strides, and nothing is copied.
// RUN: ogee show %s --stage nest | FileCheck %s
// RUN: ogee bench %s --seconds 0.01 | FileCheck %s --check-prefix=RIGHT

// RIGHT: results agree with the interpreter

// A transpose, then a reverse of its first dim.
// CHECK-LABEL: // neg
// CHECK: load b0[7, -1, 8] : f32
// A slice with a stride.
// CHECK-LABEL: // abs
// CHECK: load b0[10, 8, 2] : f32
// A dense operand under other dims.
// CHECK-LABEL: // sum
// CHECK: nest (16, 2 reduced)
// A transpose that is then reshaped has to be copied first.
// CHECK-LABEL: // copy
// CHECK-LABEL: // exp
// CHECK: nest (32)
func.func @main(%x: tensor<4x8xf32>) -> (tensor<8x4xf32>, tensor<2x3xf32>, tensor<16xf32>, tensor<32xf32>) {
  %t = ogee.transpose %x [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  %r = ogee.reverse %t [0] : tensor<8x4xf32>
  %n = ogee.neg %r : tensor<8x4xf32>
  %s = ogee.slice %x [1, 2] [2, 3] [1, 2] : tensor<4x8xf32> -> tensor<2x3xf32>
  %a = ogee.abs %s : tensor<2x3xf32>
  %v = ogee.reshape %x [16, 2] : tensor<4x8xf32> -> tensor<16x2xf32>
  %m = ogee.sum %v [1] : tensor<16x2xf32> -> tensor<16xf32>
  %f = ogee.reshape %t [32] : tensor<8x4xf32> -> tensor<32xf32>
  %e = ogee.exp %f : tensor<32xf32>
  return %n, %a, %m, %e : tensor<8x4xf32>, tensor<2x3xf32>, tensor<16xf32>, tensor<32xf32>
}
