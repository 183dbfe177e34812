// The code of other CPUs runs here too, with the same results; an unknown name is an error.
// RUN: env OGEE_CPU=x86-64-v3 ogee bench %s --seconds 0.01 | FileCheck %s --check-prefix=RIGHT
// RUN: env OGEE_CPU=x86-64-v3 ogee show %s --stage asm | FileCheck %s --check-prefix=V3
// RUN: not env OGEE_CPU=z80 ogee show %s --stage asm 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// REQUIRES: x86

// RIGHT: results agree with the interpreter
// V3-NOT: zmm
// V3: ymm
// V3-NOT: zmm
// UNKNOWN: OGEE_CPU is z80: it has to be x86-64-v3 or x86-64-v4
func.func @main(%x: tensor<70x130xf32>, %w: tensor<130x33xf32>, %p: tensor<70x130xi1>)
    -> (tensor<70x130xf32>, tensor<130xf32>, tensor<70x33xf32>, tensor<70xi1>) {
  %e = ogee.exp %x : tensor<70x130xf32>
  %q = ogee.select %p, %e, %x : tensor<70x130xf32>
  %c = ogee.amax %x [0] : tensor<70x130xf32> -> tensor<130xf32>
  %d = ogee.dot %x, %w batch [] x [] contract [1] x [0] : tensor<70x130xf32>, tensor<130x33xf32> -> tensor<70x33xf32>
  %a = ogee.all %p [1] : tensor<70x130xi1> -> tensor<70xi1>
  return %q, %c, %d, %a : tensor<70x130xf32>, tensor<130xf32>, tensor<70x33xf32>, tensor<70xi1>
}
