// What may stand in one group: groups that are written by hand are held to it before code is made of them.
// RUN: not ogee-opt %s --split-input-file --emit-cpu 2>&1 | FileCheck %s

// CHECK: error: 'ogee.sum' op cannot be computed in a group
func.func @apart(%x: tensor<2x3x4xf32>) -> tensor<3xf32> {
  %0 = ogee.group (%a = %x : tensor<2x3x4xf32>) -> tensor<3xf32> {
    %1 = ogee.sum %a [0, 2] : tensor<2x3x4xf32> -> tensor<3xf32>
    ogee.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

// CHECK: error: 'ogee.sum' op cannot be in one group with 'ogee.sum'
func.func @chained(%x: tensor<2x3xf32>) -> tensor<f32> {
  %0 = ogee.group (%a = %x : tensor<2x3xf32>) -> tensor<f32> {
    %1 = ogee.sum %a [1] : tensor<2x3xf32> -> tensor<2xf32>
    %2 = ogee.sum %1 [0] : tensor<2xf32> -> tensor<f32>
    ogee.yield %2 : tensor<f32>
  }
  return %0 : tensor<f32>
}

// -----

// CHECK: error: 'ogee.broadcast' op cannot be in one group with 'ogee.sum'
func.func @wrong_axis(%x: tensor<3x3xf32>) -> tensor<3x3xf32> {
  %0 = ogee.group (%a = %x : tensor<3x3xf32>) -> tensor<3x3xf32> {
    %1 = ogee.sum %a [1] : tensor<3x3xf32> -> tensor<3xf32>
    %2 = ogee.broadcast %1 [1] sizes [3, 3] : tensor<3xf32> -> tensor<3x3xf32>
    %3 = ogee.sub %a, %2 : tensor<3x3xf32>
    ogee.yield %3 : tensor<3x3xf32>
  }
  return %0 : tensor<3x3xf32>
}

// -----

// CHECK: error: 'ogee.transpose' op cannot be in one group with 'ogee.neg'
func.func @transposed(%x: tensor<3x3xf32>) -> tensor<3x3xf32> {
  %0 = ogee.group (%a = %x : tensor<3x3xf32>) -> tensor<3x3xf32> {
    %1 = ogee.neg %a : tensor<3x3xf32>
    %2 = ogee.transpose %1 [1, 0] : tensor<3x3xf32> -> tensor<3x3xf32>
    ogee.yield %2 : tensor<3x3xf32>
  }
  return %0 : tensor<3x3xf32>
}

// -----

// CHECK: error: 'ogee.constant' op cannot be in one group with 'ogee.add'
func.func @constant(%x: tensor<3xf32>) -> tensor<3xf32> {
  %0 = ogee.group (%a = %x : tensor<3xf32>) -> tensor<3xf32> {
    %2 = ogee.add %a, %a : tensor<3xf32>
    %1 = ogee.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
    %3 = ogee.add %2, %1 : tensor<3xf32>
    ogee.yield %3 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

// CHECK: error: 'ogee.dot' op in a group must have inputs of the group as operands
func.func @computed(%x: tensor<3x3xf32>) -> tensor<3x3xf32> {
  %0 = ogee.group (%a = %x : tensor<3x3xf32>) -> tensor<3x3xf32> {
    %1 = ogee.neg %a : tensor<3x3xf32>
    %2 = ogee.dot %1, %a batch [] x [] contract [1] x [0] : tensor<3x3xf32>, tensor<3x3xf32> -> tensor<3x3xf32>
    ogee.yield %2 : tensor<3x3xf32>
  }
  return %0 : tensor<3x3xf32>
}

// -----

// CHECK: error: 'ogee.yield' op gives an input of the group back
func.func @input(%x: tensor<3xf32>) -> tensor<3xf32> {
  %0:2 = ogee.group (%a = %x : tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
    %1 = ogee.neg %a : tensor<3xf32>
    ogee.yield %1, %a : tensor<3xf32>, tensor<3xf32>
  }
  return %0#1 : tensor<3xf32>
}

// -----

// CHECK: error: 'ogee.group' op gives nothing
func.func @nothing(%x: tensor<3xf32>) -> tensor<3xf32> {
  ogee.group (%a = %x : tensor<3xf32>) {
    ogee.yield
  }
  return %x : tensor<3xf32>
}
