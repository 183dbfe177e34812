// f64 functions are the C library's, called through import slots; f32 ones are code.
// Covers: object, image
// RUN: ogee show %s --stage llvm | FileCheck %s
// RUN: ogee show %s --stage asm | FileCheck %s --check-prefix=ASM
// RUN: ogee bench %s --seconds 0.01 | FileCheck %s --check-prefix=RIGHT

// RIGHT: results agree with the interpreter

// CHECK: @import.exp = hidden
// CHECK: call double %
// CHECK-NOT: declare {{.*}}@exp
// ASM: import.exp
func.func @main(%x: tensor<37xf64>, %y: tensor<37xf32>) -> (tensor<37xf64>, tensor<37xf32>) {
  %e = ogee.exp %x : tensor<37xf64>
  %f = ogee.exp %y : tensor<37xf32>
  return %e, %f : tensor<37xf64>, tensor<37xf32>
}
