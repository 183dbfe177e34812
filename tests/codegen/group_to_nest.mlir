// Groups as nests: positions become coordinates, a contraction becomes a pack and a product with its epilogue.
// RUN: ogee show %s --stage nest | FileCheck %s
// RUN: ogee bench %s --seconds 0.01 | FileCheck %s --check-prefix=RIGHT

// RIGHT: results agree with the interpreter

// CHECK-LABEL: // iota_add
// CHECK: iota {{.*}} at [0, 0, 1] : i64
// CHECK-LABEL: // dot_add_pack
// CHECK-NEXT: nest (32, 128)
// CHECK: pack panels of
// CHECK-LABEL: // dot_add
// CHECK-NEXT: nest (64, 128)
// CHECK: product over 32 in tiles of {{.*}} rows, packed b0[0, 32, 1]
// CHECK: %[[P:.*]] = product : f32
// CHECK: %[[B:.*]] = load b{{.}}[0, 0, 1] : f32
// CHECK: add %[[P]] %[[B]]
func.func @main(%i: tensor<4x8xi64>, %a: tensor<64x32xf32>, %w: tensor<32x128xf32>, %b: tensor<128xf32>)
    -> (tensor<4x8xi64>, tensor<64x128xf32>) {
  %j = ogee.iota [1] sizes [4, 8] : tensor<4x8xi64>
  %k = ogee.add %i, %j : tensor<4x8xi64>
  %bias = ogee.broadcast %b [1] sizes [64, 128] : tensor<128xf32> -> tensor<64x128xf32>
  %c = ogee.dot %a, %w batch [] x [] contract [1] x [0] : tensor<64x32xf32>, tensor<32x128xf32> -> tensor<64x128xf32>
  %r = ogee.add %c, %bias : tensor<64x128xf32>
  return %k, %r : tensor<4x8xi64>, tensor<64x128xf32>
}
