// Functions as a library: what the report, the headers and the manifest say of it.
// Covers: compile, cost, cpp_header, describe, driver, files, golden, header, object, sizes
// RUN: rm -rf %t
// RUN: ogee aot %s --name net -o %t --cpu x86-64-v3,x86-64-v4 --emit obj,header,asm,mlir,report
// RUN: FileCheck %s --check-prefix=REPORT < %t/net.report.txt
// RUN: FileCheck %s --check-prefix=HEADER < %t/net.h
// RUN: FileCheck %s --check-prefix=CPP < %t/net.hpp
// RUN: FileCheck %s --check-prefix=MANIFEST < %t/net.manifest.json
// RUN: FileCheck %s --check-prefix=ASM < %t/net.x86-64-v4.s
// RUN: FileCheck %s --check-prefix=MLIR < %t/net.mlir
// RUN: not ls %t/net.weights.safetensors %t/net_golden.npz

// State in the order of its kinds, then of its names; entries share it. Dims keep their ranges.
// REPORT: net: state 192 bytes, workspace {{[0-9]+}} bytes and 0 for each worker
// REPORT: forward: batch in 1..64; at most
// REPORT:   x: f32 [batch, 4]
// REPORT:   y: f32 [batch, 3]
// REPORT: update:
// REPORT:   loss: f32 []
// REPORT: x86-64-v4 (x86_64-unknown-linux-gnu): {{[0-9]+}} bytes of code, {{[0-9]+}} in all; needs nothing
// REPORT: net_forward
// REPORT: x86-64-v3

// HEADER-DAG: #define NET_STATE_BYTES 192u
// HEADER-DAG: #define NET_ENTRY_FORWARD 0
// HEADER-DAG: #define NET_ENTRY_UPDATE 1
// HEADER: extern const net_code net_code_x86_64_v4;
// HEADER: extern const net_code net_code_x86_64_v3;
// HEADER: {"batch", 1, 64}
// HEADER: {"w", net_f32, 2, state_0, 0u, 48u, "captured", {{.*}}}
// HEADER: {"lr", net_f32, 0, state_1, 64u, 4u, "optimizer", {{.*}}}
// HEADER: {"random_key", net_i64, {{.*}}"random", {{.*}}}
// HEADER: Only reads the state.
// HEADER: static inline net_status net_forward(const net_ctx *ctx, const net_memory *memory, int64_t batch, const float *x, float *y) {
// HEADER: Writes to the state.
// HEADER: static inline net_status net_update(const net_ctx *ctx, const net_memory *memory, float *buffer, float *loss) {
// An index argument is a size of its name.
// HEADER: static inline net_status net_counted(const net_ctx *ctx, const net_memory *memory, int64_t n, int64_t k, const float *x, float *result) {

// CPP: namespace net {
// CPP: static constexpr std::array<std::int64_t, 2> x{-1, 4};
// CPP: Status forward(std::int64_t batch, std::span<const float> x, std::span<float> y) const noexcept {
// CPP: if (batch < 1 || batch > 64) return Status(net_fail(net_error_dim, NET_ENTRY_FORWARD, 0));
// CPP: if (x.size() != static_cast<std::size_t>(batch * 4)) return Status(net_fail(net_error_size, NET_ENTRY_FORWARD, 4));
// CPP: Status update(std::span<float> buffer, float& loss) const noexcept {

// MANIFEST: "made_by": "ogee
// MANIFEST: "name": "libnet.a",
// MANIFEST: "sha256": "{{[0-9a-f]+}}"
// MANIFEST: "undefined": []
// MANIFEST: "use": "in-out"
// MANIFEST: "kind": "optimizer"
// MANIFEST: "bytes_per_worker": 0

// ASM: .globl net_code_x86_64_v4
// MLIR: func.func @forward(
// MLIR: func.func @update(
func.func @forward(%x: tensor<?x4xf32> {ogee.name = "x", ogee.dims = ["batch", ""], ogee.ranges = [[1, 64], []]},
                   %w: tensor<4x3xf32> {ogee.name = "w", ogee.state = "captured"})
    -> (tensor<?x3xf32> {ogee.name = "y"}) {
  %0 = ogee.dot %x, %w batch [] x [] contract [1] x [0] : tensor<?x4xf32>, tensor<4x3xf32> -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

func.func @update(%lr: tensor<f32> {ogee.name = "lr", ogee.state = "optimizer"}, %b: tensor<8xf32> {ogee.name = "buffer"},
                  %key: tensor<i64> {ogee.name = "random_key", ogee.state = "random"},
                  %w: tensor<4x3xf32> {ogee.name = "w", ogee.state = "captured"})
    -> (tensor<4x3xf32> {ogee.overwrites = 3 : i64}, tensor<8xf32> {ogee.overwrites = 1 : i64},
        tensor<f32> {ogee.name = "loss"}) {
  %0 = ogee.add %w, %w : tensor<4x3xf32>
  %1 = ogee.exp %b : tensor<8xf32>
  %2 = ogee.sum %b [0] : tensor<8xf32> -> tensor<f32>
  %3 = ogee.mul %2, %lr : tensor<f32>
  return %0, %1, %3 : tensor<4x3xf32>, tensor<8xf32>, tensor<f32>
}

func.func @counted(%k: index {ogee.name = "k", ogee.ranges = [[0, 5]]},
                   %x: tensor<?xf32> {ogee.name = "x", ogee.dims = ["n"], ogee.ranges = [[1, 6]]}) -> tensor<?xf32> {
  %0 = ogee.exp %x : tensor<?xf32>
  return %0 : tensor<?xf32>
}
