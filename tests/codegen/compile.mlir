// One function through all stages; run-time sizes and static ones take the same path.
// RUN: ogee show %s --stage trace | FileCheck %s --check-prefix=TRACE
// RUN: ogee show %s --stage fuse | FileCheck %s --check-prefix=FUSE
// RUN: ogee show %s --stage nest | FileCheck %s --check-prefix=NEST
// RUN: ogee show %s --stage asm | FileCheck %s --check-prefix=ASM
// RUN: ogee bench %s --dim n=100 --dim b=7 --seconds 0.01 | FileCheck %s --check-prefix=RIGHT

// TRACE: ogee.add
// FUSE: ogee.group "add_sum"
// NEST: nest (b, n reduced)
// ASM: kernel:
// RIGHT: results agree with the interpreter
func.func @main(%x: tensor<?x?xf32> {ogee.dims = ["b", "n"]}, %y: tensor<?x?xf32> {ogee.dims = ["b", "n"]}) -> tensor<?xf32> {
  %0 = ogee.add %x, %y : tensor<?x?xf32>
  %1 = ogee.sum %0 [1] : tensor<?x?xf32> -> tensor<?xf32>
  return %1 : tensor<?xf32>
}
