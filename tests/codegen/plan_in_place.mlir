// A result takes the place of a dying operand while another result of the same group still reads that operand.
// RUN: ogee show %s --stage nest | FileCheck %s
// RUN: ogee bench %s --seconds 0.01 | FileCheck %s --check-prefix=RIGHT

// RIGHT: results agree with the interpreter

// CHECK: // neg_sub
// CHECK: load b1
// CHECK: store %1 -> b1
func.func @main(%x: tensor<64x32xf32>, %y: tensor<32xf32>) -> (tensor<32xf32>, tensor<32xf32>) {
  %m = ogee.sum %x [0] : tensor<64x32xf32> -> tensor<32xf32>
  %e = ogee.neg %y : tensor<32xf32>
  %d = ogee.sub %e, %m : tensor<32xf32>
  return %d, %e : tensor<32xf32>, tensor<32xf32>
}
