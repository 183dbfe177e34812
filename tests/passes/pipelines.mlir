// All stages of a graph in one pipeline, and each by name.
// RUN: ogee-opt %s --graph | FileCheck %s
// RUN: ogee-opt %s --simplify --decompose --simplify --fuse | FileCheck %s

// CHECK: ogee.group "add"
// CHECK-NEXT: ogee.add
// CHECK-NOT: ogee.add
func.func @main(%x: tensor<16xf32>) -> tensor<16xf32> {
  %0 = ogee.add %x, %x : tensor<16xf32>
  %1 = ogee.add %x, %x : tensor<16xf32>
  %2 = ogee.transpose %0 [0] : tensor<16xf32> -> tensor<16xf32>
  return %2 : tensor<16xf32>
}
