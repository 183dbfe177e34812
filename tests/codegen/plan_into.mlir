// What is written into an argument goes there as it lies in memory, and is no result; an argument that is written as a
// whole is one copy of the other one.
// RUN: ogee show %s --stage nest | FileCheck %s

// CHECK-LABEL: // copy
// CHECK: load b0[0, %0.stride1, 1] : f32
// CHECK: store %0 -> b1[0, 2, %1.stride0]
func.func @main(%x: tensor<?x4xf32> {ogee.dims = ["n", ""], ogee.strides = array<i64: 1, -1>},
                %y: tensor<?x4xf32> {ogee.dims = ["n", ""], ogee.strides = array<i64: -1, 2>})
    -> (tensor<?x4xf32> {ogee.into = 1}) {
  return %x : tensor<?x4xf32>
}
