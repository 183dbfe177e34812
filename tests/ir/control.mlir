// Canonical forms of regions: what goes in and out of them.
// RUN: ogee-opt %s --canonicalize --cse | FileCheck %s
// Covers: control_canonical

// CHECK-LABEL: func.func @known
// CHECK-NOT: ogee.cond
// CHECK: %[[R:.*]] = ogee.exp %arg0
// CHECK: return %[[R]], %arg1
func.func @known(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %p = ogee.constant dense<true> : tensor<i1>
  %r:2 = ogee.cond %p (%x, %y : tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) then {
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>):
    %0 = ogee.exp %a : tensor<4xf32>
    ogee.yield %0, %b : tensor<4xf32>, tensor<4xf32>
  } else {
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>):
    ogee.yield %a, %a : tensor<4xf32>, tensor<4xf32>
  }
  return %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>
}

// A captured value that is handed over twice, one that nobody reads, a constant; a result that is the same either way,
// and one that nobody reads.
// CHECK-LABEL: func.func @cond
// CHECK: %[[R:.*]] = ogee.cond %arg0(%arg1 : tensor<4xf32>) -> (tensor<4xf32>) then {
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<4xf32>):
// CHECK-NEXT: %[[C:.*]] = ogee.constant dense<2.0
// CHECK-NEXT: %[[S:.*]] = ogee.add %[[A]], %[[C]]
// CHECK-NEXT: ogee.yield %[[S]]
// CHECK-NEXT: } else {
// CHECK-NEXT: ^bb0(%[[B:.*]]: tensor<4xf32>):
// CHECK-NEXT: ogee.yield %[[B]]
// CHECK: return %[[R]], %arg1
func.func @cond(%p: tensor<i1>, %x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %two = ogee.constant dense<2.0> : tensor<4xf32>
  %r:3 = ogee.cond %p (%x, %two, %x, %y : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
      -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) then {
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>, %c: tensor<4xf32>, %d: tensor<4xf32>):
    %0 = ogee.add %c, %b : tensor<4xf32>
    ogee.yield %0, %a, %b : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  } else {
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>, %c: tensor<4xf32>, %d: tensor<4xf32>):
    ogee.yield %c, %a, %d : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  }
  return %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>
}

// Of four carried values the first is read, the second by the test, the third stays what it is, and the fourth leads
// nowhere.
// CHECK-LABEL: func.func @loop
// CHECK: %[[R:.*]]:2 = ogee.while(%arg0, %arg1 : tensor<f32>, tensor<f32>) captures(%arg2 : tensor<f32>) max_trips 7 -> (tensor<f32>, tensor<f32>) test {
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<f32>, %[[B:.*]]: tensor<f32>, %[[C:.*]]: tensor<f32>):
// CHECK: } do {
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<f32>, %[[B:.*]]: tensor<f32>, %[[C:.*]]: tensor<f32>):
// CHECK-NEXT: %[[M:.*]] = ogee.mul %[[A]], %[[C]]
// CHECK-NEXT: %[[N:.*]] = ogee.neg %[[B]]
// CHECK-NEXT: ogee.yield %[[M]], %[[N]]
// CHECK: return %[[R]]#0, %arg2
func.func @loop(%x: tensor<f32>, %y: tensor<f32>, %z: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  %r:4 = ogee.while (%x, %y, %z, %x : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) max_trips 7
      -> (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) test {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>, %d: tensor<f32>):
    %0 = ogee.compare lt %b, %c : tensor<f32>
    ogee.yield %0 : tensor<i1>
  } do {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>, %d: tensor<f32>):
    %0 = ogee.mul %a, %c : tensor<f32>
    %1 = ogee.neg %b : tensor<f32>
    %2 = ogee.exp %d : tensor<f32>
    ogee.yield %0, %1, %c, %2 : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
  }
  return %r#0, %r#2 : tensor<f32>, tensor<f32>
}

// A carried value whose sum nobody reads, and a stacked one; the size of a result is that of what came in.
// CHECK-LABEL: func.func @scan
// CHECK: ogee.scan over(%arg1 : tensor<?x3xf32>) reverse -> (tensor<?x3xf32>) {
// CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<3xf32>):
// CHECK-NEXT: %[[E:.*]] = ogee.exp %[[X]]
// CHECK-NEXT: ogee.yield %[[E]]
// CHECK: ogee.dim %arg1 [0] : tensor<?x3xf32>
func.func @scan(%s: tensor<3xf32>, %xs: tensor<?x3xf32>) -> (tensor<?x3xf32>, index) {
  %r:3 = ogee.scan (%s : tensor<3xf32>) over (%xs : tensor<?x3xf32>) reverse
      -> (tensor<3xf32>, tensor<?x3xf32>, tensor<?x3xf32>) {
  ^bb0(%a: tensor<3xf32>, %x: tensor<3xf32>):
    %0 = ogee.add %a, %x : tensor<3xf32>
    %1 = ogee.exp %x : tensor<3xf32>
    ogee.yield %0, %0, %1 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
  }
  %n = ogee.dim %r#2 [0] : tensor<?x3xf32>
  return %r#2, %n : tensor<?x3xf32>, index
}

// What a check reads is carried, even if nothing else reads it.
// CHECK-LABEL: func.func @checked
// CHECK: ogee.scan(%arg0, %arg1 : tensor<f32>, tensor<f32>)
// CHECK: ogee.check
func.func @checked(%s: tensor<f32>, %t: tensor<f32>, %xs: tensor<4xf32>) -> tensor<f32> {
  %r:3 = ogee.scan (%s, %t, %s : tensor<f32>, tensor<f32>, tensor<f32>) over (%xs : tensor<4xf32>)
      -> (tensor<f32>, tensor<f32>, tensor<f32>) {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>, %x: tensor<f32>):
    %0 = ogee.add %a, %x : tensor<f32>
    %1 = ogee.mul %b, %x : tensor<f32>
    %2 = ogee.compare lt %1, %b : tensor<f32>
    ogee.check %2, "shrinks"
    %3 = ogee.exp %c : tensor<f32>
    ogee.yield %0, %1, %3 : tensor<f32>, tensor<f32>, tensor<f32>
  }
  return %r#0 : tensor<f32>
}
