// Sums do not depend on the vector width: 64 virtual lanes folded in halves, chunks combined by a fixed tree.
// RUN: ogee-opt %s --graph | ogee-opt --emit-cpu | FileCheck %s
// RUN: ogee bench %s --seconds 0.01 | FileCheck %s --check-prefix=RIGHT

// RIGHT: results agree with the interpreter

// The stack of the tree over chunks: as many levels as the number of chunks has trailing zeros.
// CHECK-LABEL: module @mul_sum
// CHECK: vector.extract_strided_slice {{.*}} : vector<4xf32> to vector<2xf32>
// CHECK: vector.extract {{.*}}[1] : f32 from vector<2xf32>
// CHECK: math.cttz
// CHECK: math.ctlz
func.func @main(%x: tensor<40x10000xf32>) -> tensor<40x10000xf32> {
  %q = ogee.mul %x, %x : tensor<40x10000xf32>
  %s = ogee.sum %q [1] : tensor<40x10000xf32> -> tensor<40xf32>
  %b = ogee.broadcast %s [0] sizes [40, 10000] : tensor<40xf32> -> tensor<40x10000xf32>
  %r = ogee.div %x, %b : tensor<40x10000xf32>
  return %r : tensor<40x10000xf32>
}
