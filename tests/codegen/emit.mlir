// The loops of each shape of nest, and that they compute the right numbers: a map, rows, columns, a product.
// Covers: kernel
// RUN: ogee-opt %s --graph | ogee-opt --emit-cpu | FileCheck %s
// RUN: ogee bench %s --seconds 0.01 | FileCheck %s --check-prefix=RIGHT

// RIGHT: results agree with the interpreter

// CHECK-LABEL: module @exp
// CHECK: func.func @kernel(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: !llvm.ptr) -> i32
// CHECK: scf.for
// CHECK: vector.load
// CHECK: math.fma
// CHECK: vector.store
// CHECK-LABEL: module @sum
// CHECK: scf.for
// CHECK: iter_args
// CHECK: arith.addf
// CHECK-LABEL: module @prod
// CHECK: scf.for
// CHECK: arith.mulf
// CHECK-LABEL: module @dot_pack
// CHECK-LABEL: module @dot
// CHECK: memref.alloca
// CHECK: math.fma
func.func @main(%x: tensor<70x130xf32>, %w: tensor<130x33xf32>) -> (tensor<70x130xf32>, tensor<70xf32>, tensor<130xf32>, tensor<70x33xf32>) {
  %e = ogee.exp %x : tensor<70x130xf32>
  %s = ogee.sum %x [1] : tensor<70x130xf32> -> tensor<70xf32>
  %c = ogee.prod %x [0] : tensor<70x130xf32> -> tensor<130xf32>
  %d = ogee.dot %x, %w batch [] x [] contract [1] x [0] : tensor<70x130xf32>, tensor<130x33xf32> -> tensor<70x33xf32>
  return %e, %s, %c, %d : tensor<70x130xf32>, tensor<70xf32>, tensor<130xf32>, tensor<70x33xf32>
}
