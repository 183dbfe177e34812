// A program of several launches brings the kernel that copies for its recorded runs, compiled for itself; others do not.
// REQUIRES: nvrtc
// RUN: ogee show %s --stage cuda --target cuda:sm_90 --entry long | FileCheck %s
// RUN: ogee show %s --stage cuda --target cuda:sm_90 --entry short | FileCheck %s --check-prefix=SHORT
// RUN: ogee show %s --stage resources --target cuda:sm_90 --entry long | FileCheck %s --check-prefix=RESOURCES

// CHECK: // transfer
// CHECK-NEXT: static __device__ void transfer(u8* to, const u8* from, u64 number, i64 bytes) {
// CHECK: k0(u8* t0, const u8* f0, u64 v0, i64 n0, u8* t1, {{.*}}i64 n15) {
// CHECK-NOT: __global__
// SHORT-NOT: transfer
// RESOURCES: transfer: {{[0-9]+}} registers, 0 bytes of shared memory, 0 bytes of stack, 0 bytes of spills
func.func @long(%x: tensor<?x?xf32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<f32>) {
  %0 = ogee.sum %x [0] : tensor<?x?xf32> -> tensor<?xf32>
  %1 = ogee.sum %x [1] : tensor<?x?xf32> -> tensor<?xf32>
  %2 = ogee.prod %x [0] : tensor<?x?xf32> -> tensor<?xf32>
  %3 = ogee.sum %x [0, 1] : tensor<?x?xf32> -> tensor<f32>
  return %0, %1, %2, %3 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<f32>
}

func.func @short(%x: tensor<?x?xf32>) -> tensor<?xf32> {
  %0 = ogee.sum %x [0] : tensor<?x?xf32> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
