// The text of kernels: one for each shape of nest.
// RUN: ogee-opt %s --graph --emit-cuda | FileCheck %s
// Covers: spell, prelude, kernel

// Dense operands are read 16 bytes at a time where pointers allow it, and what is computed stands there once.
// CHECK-LABEL: // exp_mul
// CHECK-NEXT: {{^}}extern "C" __global__ void __launch_bounds__(256) k0(const f32* b0, const f32* b1, f32* b2) {
// CHECK: const bool aligned = is_aligned(b0, 16) && is_aligned(b1, 16) && is_aligned(b2, 16);
// CHECK: for (i32 [[UNIT:p[0-9]+]] = (i32)blockIdx.x * 256 + (i32)threadIdx.x; [[UNIT]] < 100; [[UNIT]] += (i32)gridDim.x * 256) {
// CHECK: if (aligned) {
// CHECK-NEXT: copy<16>
// CHECK-NEXT: copy<16>
// CHECK: #pragma unroll
// CHECK: fused({{v[0-9]+}}, 0x1.715476p+0f, {{0x1.8[0-9a-f]*p\+23f}})
// CHECK: if (aligned) {
// CHECK-NEXT: copy<16>
func.func @map_static(%x: tensor<4x100xf32>, %y: tensor<100xf32>) -> tensor<4x100xf32> {
  %b = ogee.broadcast %y [1] sizes [4, 100] : tensor<100xf32> -> tensor<4x100xf32>
  %e = ogee.exp %x : tensor<4x100xf32>
  %m = ogee.mul %e, %b : tensor<4x100xf32>
  return %m : tensor<4x100xf32>
}

// Sizes that only a run knows are parameters, and indices have 64 bits; what is not dense is read by its strides.
// CHECK-LABEL: // add
// CHECK-NEXT: k1(const f32* b0, f32* b1, i64 n0, i64 n1)
// CHECK: const i64 s0 = n0;
// CHECK: const bool aligned = (s1 % 4) == 0 && is_aligned(b1, 16);
// CHECK: j < {{p[0-9]+}} ? b0[({{p[0-9]+}} + (j * s0))] : (f32)0;
func.func @map_views(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %t = ogee.transpose %x [1, 0] : tensor<?x?xf32> -> tensor<?x?xf32>
  %m = ogee.add %t, %t : tensor<?x?xf32>
  return %m : tensor<?x?xf32>
}

// Integers are unsigned: what is signed says so. Bools are bytes in memory.
// CHECK-LABEL: // div_select
// CHECK-NEXT: k2(const u32* b0, const u8* b1, u32* b2)
// CHECK: (u32)((i32){{v[0-9]+}} / (i32){{v[0-9]+}});
func.func @integers(%x: tensor<5xi32>, %p: tensor<5xi1>) -> tensor<5xi32> {
  %d = ogee.div %x, %x : tensor<5xi32>
  %s = ogee.select %p, %d, %x : tensor<5xi32>
  return %s : tensor<5xi32>
}

// A row of one chunk belongs to a warp: two virtual lanes in each of its lanes, folded in halves.
// CHECK-LABEL: // sum
// CHECK-NEXT: OGEE_INLINE void k3_join1(f32& x0, f32 y0) {
// CHECK: k3(const f32* b0, f32* b1)
// CHECK-NOT: __syncthreads
// CHECK: f32 [[LANES:v[0-9]+]][2] = {0x0p+0f, 0x0p+0f};
// CHECK: += 64) {
// CHECK: k3_join1([[LANES]][part],
// CHECK: k3_join1([[LANES]][0], [[LANES]][1]);
// CHECK: for (i32 places = 16; places > 0; places /= 2) {
// CHECK: from_first([[LANES]][0]);
func.func @warps(%x: tensor<4x4096xf32>) -> tensor<4xf32> {
  %s = ogee.sum %x [1] : tensor<4x4096xf32> -> tensor<4xf32>
  return %s : tensor<4xf32>
}

// A longer one belongs to a block, whose warps take chunks in turn; few rows are split, as on every target.
// CHECK-LABEL: // sum_broadcast_div
// CHECK: k4(
// CHECK: __shared__ f32 {{m[0-9]+}}[8];
// CHECK: for (i32 d = 1; d <
// CHECK: if (threadIdx.x == 0u)
// CHECK: for (u64 bits =
// CHECK-LABEL: // neg_sum_partials
// CHECK: k5(const f32* b0, const f32* b1, f32* b2)
// CHECK-LABEL: // neg_sum_combine
// CHECK: __shared__ f32 {{m[0-9]+}}[256];
func.func @blocks(%x: tensor<9x5000xf32>) -> (tensor<9x5000xf32>, tensor<9xf32>) {
  %s = ogee.sum %x [1] : tensor<9x5000xf32> -> tensor<9xf32>
  %b = ogee.broadcast %s [0] sizes [9, 5000] : tensor<9xf32> -> tensor<9x5000xf32>
  %r = ogee.div %x, %b : tensor<9x5000xf32>
  %n = ogee.neg %x : tensor<9x5000xf32>
  %t = ogee.sum %n [1] : tensor<9x5000xf32> -> tensor<9xf32>
  return %r, %t : tensor<9x5000xf32>, tensor<9xf32>
}

// A column belongs to a thread; positions are 64 bits wide.
// CHECK-LABEL: // argmax
// CHECK: k7_next1(f32& x0, u64& x1, f32 y0, u64 y1)
// CHECK: (u64){{p[0-9]+}});
func.func @columns(%x: tensor<40x30xf32>) -> tensor<30xi64> {
  %m = ogee.argmax %x [0] : tensor<40x30xf32> -> tensor<30xi64>
  return %m : tensor<30xi64>
}

// A product in tiles through shared memory, one chain of FMAs per output; nothing is packed before. What a library may do
// without its epilogue has that apart.
// CHECK-LABEL: // dot_add_product
// CHECK-NEXT: k8(
// CHECK: __shared__ f32 lhs[16][17];
// CHECK: = fused(lhs[y][i], rhs[i][x],
// CHECK-LABEL: // dot_add_epilogue
// CHECK-NEXT: {{^}}extern "C" __global__ void __launch_bounds__(256) k9(
func.func @product(%x: tensor<33x40xf32>, %y: tensor<40x50xf32>, %z: tensor<33x50xf32>) -> tensor<33x50xf32> {
  %p = ogee.dot %x, %y batch [] x [] contract [1] x [0] : tensor<33x40xf32>, tensor<40x50xf32> -> tensor<33x50xf32>
  %s = ogee.add %p, %z : tensor<33x50xf32>
  return %s : tensor<33x50xf32>
}

// An index value may be negative, also where indices have 32 bits; the number of an element never is.
// CHECK-LABEL: // from_index
// CHECK: const u64 [[VALUE:v[0-9]+]] = (u64){{.*}}s0
// CHECK-NOT: (u64)(u32)
func.func @index_value(%x: tensor<?x4xf32> {ogee.dims = ["n", ""], ogee.ranges = [[1, 64], []]}) -> tensor<4xi64> {
  %n = ogee.dim %x [0] : tensor<?x4xf32>
  %v = ogee.from_index %n : tensor<i64>
  %b = ogee.broadcast %v [] sizes [4] : tensor<i64> -> tensor<4xi64>
  %m = ogee.mul %b, %b : tensor<4xi64>
  return %m : tensor<4xi64>
}
