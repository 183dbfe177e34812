// What movement ops refuse.
// RUN: ogee-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<f32>) {
  // expected-error@+1 {{reverse: axis 0 is out of range for rank 0}}
  %0 = ogee.reverse %x [0] : tensor<f32>
  return
}

// -----

func.func @f(%x: f32) {
  // expected-error@+1 {{custom op 'ogee.reverse' invalid kind of type specified}}
  %0 = ogee.reverse %x [0] : f32
  return
}

// -----

func.func @f(%x: f32) {
  // expected-error@+1 {{custom op 'ogee.dim' invalid kind of type specified}}
  %0 = ogee.dim %x [0] : f32
  return
}

// -----

func.func @f(%x: tensor<3xf32>) {
  // expected-error@+1 {{dim: axis 1 is out of range for rank 1}}
  %0 = ogee.dim %x [1] : tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<3xf32>) {
  // expected-error@+1 {{dim: axis -1 is out of range for rank 1}}
  %0 = ogee.dim %x [-1] : tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{reshape: [2, 3] and [4] have different numbers of elements}}
  %0 = ogee.reshape %x [4] : tensor<2x3xf32> -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{reshape: a size is negative: [-6]}}
  %0 = ogee.reshape %x [-6] : tensor<2x3xf32> -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %n: index) {
  // expected-error@+1 {{'ogee.reshape' op has the result type 'tensor<6xf32>', expected 'tensor<?xf32>'}}
  %0 = ogee.reshape %x [%n] : tensor<2x3xf32> -> tensor<6xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %n: index) {
  // expected-error@+1 {{reshape: 1 index values for 0 places in a list}}
  %0 = "ogee.reshape"(%x, %n) {staticSizes = array<i64: 6>} : (tensor<2x3xf32>, index) -> tensor<6xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %n: index) {
  // expected-error@+1 {{reshape: 0 index values for 1 places in a list}}
  %0 = "ogee.reshape"(%x) {staticSizes = array<i64: -9223372036854775808>} : (tensor<2x3xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<0xf32>) {
  // expected-error@+1 {{'ogee.reshape' op result #0 must be tensor of numbers or bools (f32, f64, i32, i64, i1), without encoding and of less than 2^63 bytes, but got 'tensor<0x9223372036854775807x9223372036854775807xf32>'}}
  %0 = ogee.reshape %x [0, 9223372036854775807, 9223372036854775807] : tensor<0xf32> -> tensor<0x9223372036854775807x9223372036854775807xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{transpose: 1 axes for rank 2}}
  %0 = ogee.transpose %x [0] : tensor<2x3xf32> -> tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{transpose: axis 2 is out of range for rank 2}}
  %0 = ogee.transpose %x [0, 2] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{transpose: axis 1 is named twice}}
  %0 = ogee.transpose %x [1, 1] : tensor<2x3xf32> -> tensor<3x3xf32>
  return
}

// -----

func.func @f(%x: tensor<3xf32>) {
  // expected-error@+1 {{broadcast: [3] does not broadcast to [4] along axes [0]}}
  %0 = ogee.broadcast %x [0] sizes [4] : tensor<3xf32> -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<3xf32>) {
  // expected-error@+1 {{broadcast: 2 axes for rank 1}}
  %0 = ogee.broadcast %x [0, 1] sizes [3, 3] : tensor<3xf32> -> tensor<3x3xf32>
  return
}

// -----

func.func @f(%x: tensor<3x3xf32>) {
  // expected-error@+1 {{broadcast: axes [1, 0] do not ascend}}
  %0 = ogee.broadcast %x [1, 0] sizes [3, 3] : tensor<3x3xf32> -> tensor<3x3xf32>
  return
}

// -----

func.func @f(%x: tensor<3xf32>) {
  // expected-error@+1 {{broadcast: axis 2 is out of range for rank 2}}
  %0 = ogee.broadcast %x [2] sizes [3, 3] : tensor<3xf32> -> tensor<3x3xf32>
  return
}

// -----

func.func @f(%x: tensor<f32>) {
  // expected-error@+1 {{broadcast: the result is too large: [9223372036854775807, 9223372036854775807]}}
  %0 = ogee.broadcast %x [] sizes [9223372036854775807, 9223372036854775807] : tensor<f32> -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>) {
  // expected-error@+1 {{slice: out of bounds along axis 0 of [5]: offset 2, size 4, stride 1}}
  %0 = ogee.slice %x [2] [4] [1] : tensor<5xf32> -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>) {
  // expected-error@+1 {{slice: the offset is negative along axis 0 of [5]: offset -1, size 4, stride 1}}
  %0 = ogee.slice %x [-1] [4] [1] : tensor<5xf32> -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>) {
  // expected-error@+1 {{slice: the stride is below 1 along axis 0 of [5]: offset 0, size 4, stride 0}}
  %0 = ogee.slice %x [0] [4] [0] : tensor<5xf32> -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>) {
  // expected-error@+1 {{slice: a size is negative: [-1]}}
  %0 = ogee.slice %x [0] [-1] [1] : tensor<5xf32> -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>) {
  // expected-error@+1 {{slice: 2 offsets for rank 1}}
  %0 = ogee.slice %x [0, 0] [5] [1] : tensor<5xf32> -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>) {
  // expected-error@+1 {{slice: 2 sizes for rank 1}}
  %0 = ogee.slice %x [0] [5, 1] [1] : tensor<5xf32> -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>) {
  // expected-error@+1 {{slice: 0 strides for rank 1}}
  %0 = ogee.slice %x [0] [5] [] : tensor<5xf32> -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>) {
  // expected-error@+1 {{slice: a size is too large}}
  %0 = ogee.slice %x [0] [9223372036854775807] [9223372036854775807] : tensor<5xf32> -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>) {
  // expected-error@+1 {{'ogee.slice' op operand count (1) does not match with the total size (2) specified in attribute 'operandSegmentSizes'}}
  %0 = "ogee.slice"(%x) {operandSegmentSizes = array<i32: 1, 1, 0, 0>, staticOffsets = array<i64: 0>, staticSizes = array<i64: 5>, staticStrides = array<i64: 1>} : (tensor<5xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>, %z: tensor<f32>) {
  // expected-error@+1 {{pad: a size is negative: [-1]}}
  %0 = ogee.pad %x, %z low [-6] high [0] interior [0] : tensor<5xf32>, tensor<f32> -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>, %z: tensor<f32>) {
  // expected-error@+1 {{pad: an interior pad is negative: [-1]}}
  %0 = ogee.pad %x, %z low [0] high [0] interior [-1] : tensor<5xf32>, tensor<f32> -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>, %z: tensor<f32>) {
  // expected-error@+1 {{pad: 0 high pads for rank 1}}
  %0 = ogee.pad %x, %z low [0] high [] interior [0] : tensor<5xf32>, tensor<f32> -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>, %z: tensor<f32>) {
  // expected-error@+1 {{pad: a size is too large}}
  %0 = ogee.pad %x, %z low [0] high [0] interior [9223372036854775807] : tensor<5xf32>, tensor<f32> -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>, %z: tensor<i32>) {
  // expected-error@+1 {{'ogee.pad' op failed to verify that value has rank 0 and the operand's element type}}
  %0 = ogee.pad %x, %z low [0] high [0] interior [0] : tensor<5xf32>, tensor<i32> -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>, %z: tensor<1xf32>) {
  // expected-error@+1 {{'ogee.pad' op failed to verify that value has rank 0 and the operand's element type}}
  %0 = ogee.pad %x, %z low [0] high [0] interior [0] : tensor<5xf32>, tensor<1xf32> -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<5xf32>, %y: tensor<5x1xf32>) {
  // expected-error@+1 {{concatenate: ranks differ: [5] and [5, 1]}}
  %0 = ogee.concatenate %x, %y [0] : tensor<5xf32>, tensor<5x1xf32> -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<5x2xf32>, %y: tensor<5x1xf32>) {
  // expected-error@+1 {{concatenate: sizes differ along an axis other than 0: [5, 2] and [5, 1]}}
  %0 = ogee.concatenate %x, %y [0] : tensor<5x2xf32>, tensor<5x1xf32> -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<5x2xf32>, %y: tensor<5x1xf64>) {
  // expected-error@+1 {{'ogee.concatenate' op failed to verify that operands have the same element type}}
  %0 = ogee.concatenate %x, %y [1] : tensor<5x2xf32>, tensor<5x1xf64> -> tensor<5x3xf32>
  return
}

// -----

func.func @f(%x: tensor<5x2xf32>) {
  // expected-error@+1 {{concatenate: axis 2 is out of range for rank 2}}
  %0 = ogee.concatenate %x [2] : tensor<5x2xf32> -> tensor<5x2xf32>
  return
}

// -----

func.func @f(%x: tensor<5x2xf32>) {
  // expected-error@+1 {{'ogee.concatenate' op failed to verify that there is at least one operand}}
  %0 = "ogee.concatenate"() {axis = 0 : i64} : () -> tensor<5x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2305843009213693951xi32>) {
  // expected-error@+1 {{'ogee.concatenate' op result #0 must be tensor of numbers or bools (f32, f64, i32, i64, i1), without encoding and of less than 2^63 bytes, but got 'tensor<4611686018427387902xi32>'}}
  %0 = ogee.concatenate %x, %x [0] : tensor<2305843009213693951xi32>, tensor<2305843009213693951xi32> -> tensor<4611686018427387902xi32>
  return
}

// -----

func.func @f(%x: tensor<5x2xf32>) {
  // expected-error@+1 {{reverse: axes [1, 0] do not ascend}}
  %0 = ogee.reverse %x [1, 0] : tensor<5x2xf32>
  return
}

// -----

func.func @f(%x: tensor<5x2xf32>) {
  // expected-error@+1 {{'ogee.reverse' op has the result type 'tensor<2x5xf32>', expected 'tensor<5x2xf32>'}}
  %0 = "ogee.reverse"(%x) {axes = array<i64: 0>} : (tensor<5x2xf32>) -> tensor<2x5xf32>
  return
}
