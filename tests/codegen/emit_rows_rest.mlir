// A body of some length stands in the code of a pass over a row of run-time length once for each part of the lanes, and once for the rest: not for
// each part of that again.
// Covers: row_plan
// RUN: env OGEE_CPU=x86-64-v4 ogee-opt %s --graph | env OGEE_CPU=x86-64-v4 ogee-opt --emit-cpu | FileCheck %s
// RUN: ogee bench %s --dim rows=3 --dim columns=200 --seconds 0.01 | FileCheck %s --check-prefix=RIGHT
// REQUIRES: x86

// RIGHT: results agree with the interpreter

// CHECK-LABEL: module @exp_sum
// CHECK: scf.for
// CHECK-COUNT-2: vector.load
// CHECK: vector.store {{.*}} : memref<64xf32>
// CHECK: vector.maskedload
// CHECK-NOT: vector.maskedload
func.func @main(%x: tensor<?x?xf32> {ogee.dims = ["rows", "columns"], ogee.ranges = [[0, 1000], [0, 4096]]}) -> tensor<?xf32> {
  %e = ogee.exp %x : tensor<?x?xf32>
  %s = ogee.sum %e [1] : tensor<?x?xf32> -> tensor<?xf32>
  return %s : tensor<?xf32>
}
