// A long body stands once in the code of a pass over a row: not once for each part of the lanes, and for the rest.
// RUN: env OGEE_CPU=x86-64-v4 ogee-opt %s --graph | env OGEE_CPU=x86-64-v4 ogee-opt --emit-cpu | FileCheck %s
// REQUIRES: x86

// CHECK-LABEL: module @log_exp_sum_partials
// CHECK: memref.alloca() {{.*}} : memref<64xf32>
// CHECK: %[[STATE:.*]] = vector.load {{.*}} : memref<64xf32>
// CHECK: vector.maskedload
// CHECK-NOT: vector.maskedload
// CHECK: arith.addf %[[STATE]]
// CHECK: vector.store {{.*}} : memref<64xf32>
// CHECK-NOT: vector.maskedload
// CHECK: module @log_exp_sum_combine
func.func @main(%x: tensor<?x?xf32>) -> tensor<?xf32> {
  %l = ogee.log %x : tensor<?x?xf32>
  %e = ogee.exp %l : tensor<?x?xf32>
  %s = ogee.sum %e [1] : tensor<?x?xf32> -> tensor<?xf32>
  return %s : tensor<?xf32>
}
