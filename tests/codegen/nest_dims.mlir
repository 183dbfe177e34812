// The dims of nests: the innermost one is that of the loads that walk all of them, whatever smaller operands ask for; a reduced one is known to be one
// chunk where its range says so.
// Covers: nest, phases, plan_launch, chunks
// RUN: ogee show %s --stage nest | FileCheck %s
// RUN: ogee bench %s --dim rows=5 --dim few=4096 --dim many=4097 --seconds 0.01 | FileCheck %s --check-prefix=RIGHT

// RIGHT: results agree with the interpreter

// CHECK-LABEL: // mul
// CHECK-NEXT: nest (32, 10)
// CHECK: load b0[0, 10, 1]
// CHECK: load b1[0, 1, 0]
// A reduction that is one chunk at most is one kernel, one of more for sure is the two of a split.
// CHECK-LABEL: // sum
// CHECK-NEXT: nest (rows, few reduced in one chunk)
// CHECK-LABEL: // neg_sum_partials
// CHECK-NEXT: nest (rows, many reduced)
// CHECK-LABEL: // neg_sum_combine
// CHECK-NOT: // neg_sum
func.func @main(%x: tensor<32x10xf32>, %a: tensor<32xf32>, %b: tensor<32xf32>, %c: tensor<32xf32>,
                %few: tensor<?x?xf32> {ogee.dims = ["rows", "few"], ogee.ranges = [[1, 64], [0, 4096]]},
                %many: tensor<?x?xf32> {ogee.dims = ["rows", "many"], ogee.ranges = [[1, 64], [4097, 1000000]]})
    -> (tensor<32x10xf32>, tensor<?xf32>, tensor<?xf32>) {
  %ab = ogee.broadcast %a [0] sizes [32, 10] : tensor<32xf32> -> tensor<32x10xf32>
  %bb = ogee.broadcast %b [0] sizes [32, 10] : tensor<32xf32> -> tensor<32x10xf32>
  %cb = ogee.broadcast %c [0] sizes [32, 10] : tensor<32xf32> -> tensor<32x10xf32>
  %0 = ogee.mul %x, %ab : tensor<32x10xf32>
  %1 = ogee.sub %0, %bb : tensor<32x10xf32>
  %2 = ogee.div %1, %cb : tensor<32x10xf32>
  %s = ogee.sum %few [1] : tensor<?x?xf32> -> tensor<?xf32>
  %n = ogee.neg %many : tensor<?x?xf32>
  %t = ogee.sum %n [1] : tensor<?x?xf32> -> tensor<?xf32>
  return %2, %s, %t : tensor<32x10xf32>, tensor<?xf32>, tensor<?xf32>
}
