// A function compiled for devices: its stages, what becomes of its kernels, and the architectures. No device is needed.
// REQUIRES: nvrtc
// Covers: resources, stages, kernels
// RUN: ogee show %s --stage cuda | FileCheck %s --check-prefix=CUDA
// RUN: ogee show %s --stage ptx --target cuda:sm_80 | FileCheck %s --check-prefix=PTX
// RUN: ogee show %s --stage resources --target cuda | FileCheck %s --check-prefix=RESOURCES
// RUN: ogee show %s --stage resources --target cuda:compute_90 | FileCheck %s --check-prefix=LATER
// RUN: ogee show %s --stage nest --target cuda | FileCheck %s --check-prefix=NEST
// RUN: not ogee show %s --stage asm --target cuda 2>&1 | FileCheck %s --check-prefix=NOSTAGE
// RUN: not ogee show %s --stage cuda --target armv8 2>&1 | FileCheck %s --check-prefix=NOCUDA
// RUN: rm -rf %t && mkdir %t && env OGEE_DUMP=%t ogee compile %s --target cuda:sm_90 -o %t/p.ogee
// RUN: ls %t | FileCheck %s --check-prefix=DUMP
// RUN: ogee show %t/p.ogee | FileCheck %s --check-prefix=PROGRAM
// RUN: ogee compile %s --target cuda:compute_80 -o %t/p.ogee && ogee show %t/p.ogee | FileCheck %s --check-prefix=TEXT
// RUN: not ogee compile %s --target cuda:sm_35 -o %t/p.ogee 2>&1 | FileCheck %s --check-prefix=OLD
// Programs are the same from the cache, and on any number of threads; code of another compiler is not taken for its own.
// RUN: env OGEE_CACHE_DIR=%t/cache OGEE_NUM_THREADS=1 ogee compile %s --target cuda:sm_90 -o %t/first.ogee
// RUN: env OGEE_CACHE_DIR=%t/cache OGEE_CUDA_PATH=%fake_cuda ogee compile %s --target cuda:sm_90 -o %t/fake.ogee
// RUN: env OGEE_CACHE_DIR=%t/cache OGEE_NUM_THREADS=2 ogee compile %s --target cuda:sm_90 -o %t/again.ogee
// RUN: cmp %t/first.ogee %t/again.ogee && not cmp %t/first.ogee %t/fake.ogee

// Equal kernels are one; an argument of the host comes by value, or from where a recorded run has put it.
// CUDA: // mul
// CUDA-NEXT: k0(const f32* b0, const f32 h1, const f32* q1, f32* b2) {
// CUDA-NEXT: {{^}}  const f32 e1 = q1 ? *q1 : h1;
// CUDA-NEXT: {{^}}  const f32* b1 = &e1;
// CUDA: // sum
// CUDA: k1(const f32* b0, f32* b1)
// CUDA-NOT: __global__

// PTX: .target sm_80
// PTX: .entry k0(
// PTX: .entry k1(

// RESOURCES: {{^}}mul: {{[1-9][0-9]*}} registers, 0 bytes of shared memory, 0 bytes of stack, 0 bytes of spills
// RESOURCES-NEXT: {{^}}sum: {{[1-9][0-9]*}} registers
// LATER: {{^}}mul: the driver decides
// NEST: b1 : f32 by value
// NOSTAGE: ogee: stage asm is none of target cuda
// NOCUDA: ogee: stage cuda is none of target armv8

// DUMP: main.05-nest.txt
// DUMP-NEXT: main.06-cuda.cu
// DUMP-NEXT: main.07-ptx.ptx
// DUMP-NEXT: main.08-resources.txt

// PROGRAM: program main for cuda sm_90
// PROGRAM: argument arg1: f32 [], in the host's memory
// PROGRAM: code {{[1-9][0-9]+}} bytes
// TEXT: program main for cuda compute_80
// OLD: does not compile for sm_35; it does for sm_{{.*}}, sm_90
func.func @main(%x: tensor<4x64xf32>, %rate: tensor<f32> {ogee.host}, %y: tensor<4x64xf32>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4x64xf32>) {
  %r = ogee.broadcast %rate [] sizes [4, 64] : tensor<f32> -> tensor<4x64xf32>
  %0 = ogee.mul %x, %r : tensor<4x64xf32>
  %1 = ogee.sum %x [1] : tensor<4x64xf32> -> tensor<4xf32>
  %2 = ogee.sum %y [1] : tensor<4x64xf32> -> tensor<4xf32>
  return %1, %2, %0 : tensor<4xf32>, tensor<4xf32>, tensor<4x64xf32>
}
