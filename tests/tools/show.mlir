// `ogee show`: every stage has its text, graphs have a picture.
// RUN: ogee show %s | FileCheck %s --check-prefix=TRACE
// RUN: ogee show %s --stage simplify | FileCheck %s --check-prefix=SIMPLIFY
// RUN: ogee show %s --stage fuse | FileCheck %s --check-prefix=FUSE
// RUN: ogee show %s --stage nest | FileCheck %s --check-prefix=NEST
// RUN: ogee show %s --stage loops | FileCheck %s --check-prefix=LOOPS
// RUN: ogee show %s --stage llvm | FileCheck %s --check-prefix=LLVM
// RUN: ogee show %s --stage asm | FileCheck %s --check-prefix=ASM
// RUN: ogee show %s --format dot | FileCheck %s --check-prefix=DOT
// RUN: ogee show %s --stage fuse --format dot | FileCheck %s --check-prefix=FUSED
// RUN: not ogee show %s --stage llvm --format dot 2>&1 | FileCheck %s --check-prefix=NODOT

// TRACE: ogee.add
// TRACE: ogee.add
// SIMPLIFY: ogee.add
// SIMPLIFY-NOT: ogee.add
// FUSE: ogee.group
// NEST: add_mul
// LOOPS: vector
// LLVM: define
// ASM: ret
// DOT: digraph "main" {
// DOT: [label="x", shape=ellipse];
// DOT: label="16xf32"
// FUSED: subgraph cluster0
// NODOT: ogee: stage llvm is no graph: --format dot shows stages up to fuse
func.func @main(%x: tensor<16xf32> {ogee.name = "x"}) -> tensor<16xf32> {
  %0 = ogee.add %x, %x : tensor<16xf32>
  %1 = ogee.add %x, %x : tensor<16xf32>
  %2 = ogee.mul %0, %1 : tensor<16xf32>
  return %2 : tensor<16xf32>
}
