// Kernels of one name become modules of different ones.
// RUN: ogee-opt %s --graph --emit-cpu | FileCheck %s
// CHECK: module @copy {
// CHECK: module @copy_0 {
func.func @main(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  return %x, %x : tensor<2xf32>, tensor<2xf32>
}
