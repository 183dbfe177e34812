// Positions of extremes are i32 within a chunk, in 16 lanes that fold by keys: no tree of comparisons of floats.
// RUN: env OGEE_CPU=x86-64-v4 ogee-opt %s --graph | env OGEE_CPU=x86-64-v4 ogee-opt --emit-cpu | FileCheck %s
// RUN: ogee bench %s --seconds 0.01 | FileCheck %s --check-prefix=RIGHT
// REQUIRES: x86

// RIGHT: results agree with the interpreter

// CHECK-LABEL: module @argmax
// CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xi32>)
// CHECK-NOT: vector.extract_strided_slice
// CHECK: vector.reduction <maxsi>, {{.*}} : vector<16xi32> into i32
// CHECK: vector.reduction <minui>, {{.*}} : vector<16xi32> into i32
func.func @main(%x: tensor<40x10000xf32>) -> tensor<40xi64> {
  %i = ogee.argmax %x [1] : tensor<40x10000xf32> -> tensor<40xi64>
  return %i : tensor<40xi64>
}
