// How elements are read and written: gathered along strides, bools as bytes, masked at the end of a row.
// RUN: env OGEE_CPU=x86-64-v4 ogee-opt %s --graph | env OGEE_CPU=x86-64-v4 ogee-opt --emit-cpu | FileCheck %s
// RUN: ogee bench %s --seconds 0.01 | FileCheck %s --check-prefix=RIGHT
// REQUIRES: x86

// RIGHT: results agree with the interpreter

// CHECK-LABEL: module @neg
// CHECK: vector.gather
// CHECK-LABEL: module @compare
// CHECK: arith.extui {{.*}} : vector<{{.*}}xi1> to vector<{{.*}}xi8>
// CHECK: vector.create_mask
// CHECK: vector.maskedload
// CHECK: vector.maskedstore {{.*}}xi8
func.func @main(%x: tensor<33x5xf32>) -> (tensor<5x33xf32>, tensor<33x5xi1>) {
  %t = ogee.transpose %x [1, 0] : tensor<33x5xf32> -> tensor<5x33xf32>
  %n = ogee.neg %t : tensor<5x33xf32>
  %c = ogee.compare lt %x, %x : tensor<33x5xf32>
  return %n, %c : tensor<5x33xf32>, tensor<33x5xi1>
}
