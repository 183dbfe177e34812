// What groups refuse.
// RUN: ogee-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<4xf32>) {
  %0 = ogee.group(%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    // expected-error@+1 {{'ogee.yield' op gives () but the group has results ('tensor<4xf32>')}}
    ogee.yield
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-note@+1 {{required by region isolation constraints}}
  %0 = ogee.group(%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    // expected-error@+1 {{'ogee.yield' op using value defined outside the region}}
    ogee.yield %x : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected ':'}}
  %0 = ogee.group(%a = %x) -> tensor<4xf32> {
    ogee.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{custom op 'ogee.group' 1 operands present, but expected 2}}
  %0 = ogee.group(%a = %x : tensor<4xf32>, index) -> tensor<4xf32> {
    ogee.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+2 {{region entry argument '%a' is already in use}}
  // expected-note@+1 {{previously referenced here}}
  %0 = ogee.group(%a = %x, %a = %x : tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
    ogee.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.group' op expects a non-empty block}}
  %0 = ogee.group(%a = %x : tensor<4xf32>) -> tensor<4xf32> {
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  %0 = ogee.group(%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    // expected-error@+1 {{block with no terminator, has %1 = "ogee.neg"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>}}
    %1 = ogee.neg %a : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.group' op expects region #0 to have 0 or 1 blocks}}
  %0 = ogee.group(%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    ogee.yield %a : tensor<4xf32>
    ^bb1:
    ogee.yield
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  %0 = ogee.group(%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    // expected-error@+1 {{'func.return' op expects parent op 'func.func'}}
    func.return %a : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  ogee.group() {
    // expected-error@+1 {{'ogee.group' op cannot stand in a group}}
    ogee.group() {
      ogee.yield
    }
    ogee.yield
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  ogee.group() {
    // expected-error@+1 {{custom op 'scf.if_not_there' is unknown}}
    scf.if_not_there
    ogee.yield
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  ogee.group() {
    // expected-error@+1 {{'func.constant' op cannot stand in a group}}
    %0 = func.constant @f : (tensor<4xf32>) -> ()
    ogee.yield
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.yield' op expects parent op to be one of 'ogee.group, ogee.cond, ogee.while, ogee.scan, ogee.custom_vjp'}}
  ogee.yield %x : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.group' op region #0 ('body') failed to verify constraint: region with 1 blocks}}
  "ogee.group"(%x) ({}) : (tensor<4xf32>) -> ()
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.group' op has inputs of types ('tensor<4xf32>') but its body takes ()}}
  "ogee.group"(%x) ({ "ogee.yield"() : () -> ()
}) : (tensor<4xf32>) -> ()
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.group' op requires one region}}
  "ogee.group"(%x) : (tensor<4xf32>) -> ()
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.group' op attribute 'name' failed to satisfy constraint: string attribute}}
  "ogee.group"() ({ "ogee.yield"() : () -> ()
}) {name = 3} : () -> ()
  return
}

// -----

func.func @f(%x: f32) {
  // expected-error@+1 {{'ogee.group' op operand #0 must be variadic of tensor of numbers or bools (f32, f64, i32, i64, i1), without encoding and of less than 2^63 bytes or index, but got 'f32'}}
  ogee.group(%a = %x : f32) {
    ogee.yield
  }
  return
}
