// The passes over a row: in a softmax exp is computed once per element and kept in scratch memory (the kernel's last argument).
// RUN: ogee-opt %s --graph | ogee-opt --emit-cpu | FileCheck %s
// RUN: ogee bench %s --seconds 0.01 | FileCheck %s --check-prefix=RIGHT

// RIGHT: results agree with the interpreter

// CHECK: func.func @kernel({{.*}}, %[[SCRATCH:[a-z0-9]*]]: !llvm.ptr) -> i32
// CHECK: llvm.getelementptr %[[SCRATCH]]
// CHECK: arith.divf
func.func @main(%x: tensor<32x100xf32>) -> tensor<32x100xf32> {
  %m = ogee.amax %x [1] : tensor<32x100xf32> -> tensor<32xf32>
  %mb = ogee.broadcast %m [0] sizes [32, 100] : tensor<32xf32> -> tensor<32x100xf32>
  %d = ogee.sub %x, %mb : tensor<32x100xf32>
  %e = ogee.exp %d : tensor<32x100xf32>
  %s = ogee.sum %e [1] : tensor<32x100xf32> -> tensor<32xf32>
  %sb = ogee.broadcast %s [0] sizes [32, 100] : tensor<32xf32> -> tensor<32x100xf32>
  %r = ogee.div %e, %sb : tensor<32x100xf32>
  return %r : tensor<32x100xf32>
}
