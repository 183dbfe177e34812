// A contraction whose operands are transposed keeps its axes through folds: k is read from where the op says.
// RUN: ogee show %s --stage nest | FileCheck %s
// RUN: ogee bench %s --seconds 0.01 | FileCheck %s --check-prefix=RIGHT

// RIGHT: results agree with the interpreter

// CHECK-LABEL: // dot
// CHECK: product over 5 {{.*}} b0[0, 1, 7] x
func.func @main(%x: tensor<5x7xf32>, %y: tensor<5x9xf32>, %z: tensor<9x5xf32>) -> (tensor<7x9xf32>, tensor<7x9xf32>) {
  %t = ogee.transpose %x [1, 0] : tensor<5x7xf32> -> tensor<7x5xf32>
  %0 = ogee.dot %t, %y batch [] x [] contract [1] x [0] : tensor<7x5xf32>, tensor<5x9xf32> -> tensor<7x9xf32>
  %u = ogee.transpose %z [1, 0] : tensor<9x5xf32> -> tensor<5x9xf32>
  %1 = ogee.dot %t, %u batch [] x [] contract [1] x [0] : tensor<7x5xf32>, tensor<5x9xf32> -> tensor<7x9xf32>
  return %0, %1 : tensor<7x9xf32>, tensor<7x9xf32>
}
