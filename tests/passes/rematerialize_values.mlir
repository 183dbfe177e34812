// What is computed again has the values that it had: a chain whose middle a program forgets.
// RUN: ogee show %s --stage simplify | FileCheck %s
// RUN: ogee bench %s --seconds 0.01 | FileCheck %s --check-prefix=RIGHT

// CHECK-COUNT-5: ogee.recomputed
// RIGHT: results agree with the interpreter
func.func @main(%x: tensor<32x64xf32>, %w: tensor<64x64xf32>) -> (tensor<32x64xf32>, tensor<64x32xf32>) {
  %0 = ogee.dot %x, %w batch [] x [] contract [1] x [0] {ogee.checkpoint}
      : tensor<32x64xf32>, tensor<64x64xf32> -> tensor<32x64xf32>
  %1 = ogee.tanh %0 {ogee.checkpoint} : tensor<32x64xf32>
  %2 = ogee.dot %1, %w batch [] x [] contract [1] x [0] : tensor<32x64xf32>, tensor<64x64xf32> -> tensor<32x64xf32>
  %3 = ogee.mul %2, %2 : tensor<32x64xf32>
  %4 = ogee.transpose %3 [1, 0] : tensor<32x64xf32> -> tensor<64x32xf32>
  %5 = ogee.neg %4 : tensor<64x32xf32>
  %6 = ogee.sum %5 [0, 1] : tensor<64x32xf32> -> tensor<f32>
  %7 = ogee.broadcast %6 [] sizes [32, 64] {ogee.backward} : tensor<f32> -> tensor<32x64xf32>
  %8 = ogee.mul %7, %1 : tensor<32x64xf32>
  %9 = ogee.mul %8, %2 : tensor<32x64xf32>
  %10 = ogee.exp %5 {ogee.backward} : tensor<64x32xf32>
  return %9, %10 : tensor<32x64xf32>, tensor<64x32xf32>
}
