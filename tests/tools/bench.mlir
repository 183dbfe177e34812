// `ogee bench`: checks the results, then says what a call costs and how fast it is.
// RUN: ogee bench %s --dim rows=32 --seconds 0.05 | FileCheck %s
// Covers: limits

// 32*16 products of depth 64, two operations each, then two operations for each element.
// CHECK: main: 0.067 MFLOP, 0.014 MB read and written (0.027 op by op), results agree with the interpreter
// CHECK-NEXT: time      GFLOP/s      of peak   GB moved/s      of copy
// CHECK-NEXT: eager {{.*}} {{[num]s}} {{.*}} % {{.*}} %
// CHECK-NEXT: compiled {{.*}} {{[num]s}} {{.*}} % {{.*}} %
// CHECK-NEXT: compiled is {{[0-9.]+}} times as fast; limits measured on {{[0-9]+}} threads: {{[0-9.]+}} GFLOP/s (f32), {{[0-9.]+}} GB/s copied
func.func @main(%x: tensor<?x64xf32> {ogee.dims = ["rows", ""]}, %w: tensor<64x16xf32>, %b: tensor<16xf32>) -> tensor<?x16xf32> {
  %rows = ogee.dim %x [0] : tensor<?x64xf32>
  %0 = ogee.dot %x, %w batch [] x [] contract [1] x [0] : tensor<?x64xf32>, tensor<64x16xf32> -> tensor<?x16xf32>
  %1 = ogee.broadcast %b [1] sizes [%rows, 16] : tensor<16xf32> -> tensor<?x16xf32>
  %2 = ogee.add %0, %1 : tensor<?x16xf32>
  %3 = ogee.tanh %2 : tensor<?x16xf32>
  return %3 : tensor<?x16xf32>
}
