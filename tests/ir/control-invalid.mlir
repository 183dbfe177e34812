// What cond, while and scan refuse.
// RUN: ogee-opt %s --fuse -split-input-file -verify-diagnostics

func.func @f(%p: tensor<i1>, %x: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.cond' op hands ('tensor<4xf32>') to its 'else' region, which takes ()}}
  ogee.cond %p (%x : tensor<4xf32>) then {
  ^bb0(%a: tensor<4xf32>):
    ogee.yield
  } else {
    ogee.yield
  }
  return
}

// -----

func.func @f(%p: tensor<i1>, %x: tensor<4xf32>) {
  %0 = ogee.cond %p (%x : tensor<4xf32>) -> (tensor<4xf32>) then {
  ^bb0(%a: tensor<4xf32>):
    ogee.yield %a : tensor<4xf32>
  } else {
  ^bb0(%a: tensor<4xf32>):
    // expected-error@+1 {{'ogee.yield' op gives () but the 'else' region of 'ogee.cond' has to give ('tensor<4xf32>')}}
    ogee.yield
  }
  return
}

// -----

// expected-note@+1 {{prior use here}}
func.func @f(%p: tensor<1xi1>) {
  // expected-error@+1 {{use of value '%p' expects different type than prior uses: 'tensor<i1>' vs 'tensor<1xi1>'}}
  ogee.cond %p then {
    ogee.yield
  } else {
    ogee.yield
  }
  return
}

// -----

func.func @f(%p: tensor<i1>) {
  ogee.cond %p then {
    // expected-error@+1 {{'func.call' op cannot stand in 'ogee.cond'}}
    func.call @g() : () -> ()
    ogee.yield
  } else {
    ogee.yield
  }
  return
}
func.func private @g()

// -----

func.func @f(%p: tensor<i1>, %x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %0 = "ogee.cond"(%p, %x) ({
  ^bb0(%a: tensor<?xf32>):
    // expected-error@+1 {{block with no terminator, has %1 = "ogee.exp"}}
    %1 = ogee.exp %a : tensor<?xf32>
  }, {
    ogee.yield
  }) : (tensor<i1>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.while' op carries ('tensor<4xf32>') but has results ('tensor<5xf32>')}}
  %0 = ogee.while (%x : tensor<4xf32>) -> (tensor<5xf32>) test {
  ^bb0(%a: tensor<4xf32>):
    %p = ogee.constant dense<true> : tensor<i1>
    ogee.yield %p : tensor<i1>
  } do {
  ^bb0(%a: tensor<4xf32>):
    ogee.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  %0 = ogee.while (%x : tensor<4xf32>) -> (tensor<4xf32>) test {
  ^bb0(%a: tensor<4xf32>):
    // expected-error@+1 {{'ogee.yield' op gives ('tensor<4xf32>') but the 'test' region of 'ogee.while' has to give ('tensor<i1>')}}
    ogee.yield %a : tensor<4xf32>
  } do {
  ^bb0(%a: tensor<4xf32>):
    ogee.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{'ogee.while' op has a negative 'max_trips'}}
  ogee.while max_trips -1 test {
    %p = ogee.constant dense<true> : tensor<i1>
    ogee.yield %p : tensor<i1>
  } do {
    ogee.yield
  }
  return
}

// -----

func.func @f(%x: tensor<f32>) {
  // expected-error@+1 {{'ogee.scan' op cannot scan over a tensor of rank 0}}
  ogee.scan over (%x : tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    ogee.yield
  }
  return
}

// -----

func.func @f(%x: tensor<f32>) {
  // expected-error@+1 {{'ogee.scan' op needs a tensor to scan over}}
  "ogee.scan"() <{operandSegmentSizes = array<i32: 0, 0, 0>}> ({
    ogee.yield
  }) : () -> ()
  return
}

// -----

func.func @f(%x: tensor<3xf32>, %y: tensor<4xf32>) {
  // expected-error@+1 {{'ogee.scan' op scans over 3 and over 4 parts}}
  ogee.scan over (%x, %y : tensor<3xf32>, tensor<4xf32>) {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    ogee.yield
  }
  return
}

// -----

func.func @f(%s: tensor<f32>, %x: tensor<3xf32>) {
  // expected-error@+1 {{'ogee.scan' op carries 1 values, but its body gives 0}}
  %0 = ogee.scan (%s : tensor<f32>) over (%x : tensor<3xf32>) -> (tensor<f32>) {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    ogee.yield
  }
  return
}

// -----

func.func @f(%x: tensor<3xf32>) {
  // expected-error@+1 {{'ogee.scan' op has results ('tensor<4xf32>') but its body makes ('tensor<3xf32>')}}
  %0 = ogee.scan over (%x : tensor<3xf32>) -> (tensor<4xf32>) {
  ^bb0(%b: tensor<f32>):
    ogee.yield %b : tensor<f32>
  }
  return
}

// -----

func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error@+1 {{while: carried value 0 has dims [%0.0] in one place and [%0.0 + 1] in another}}
  %0 = ogee.while (%x : tensor<?xf32>) -> (tensor<?xf32>) test {
  ^bb0(%a: tensor<?xf32>):
    %p = ogee.constant dense<true> : tensor<i1>
    ogee.yield %p : tensor<i1>
  } do {
  ^bb0(%a: tensor<?xf32>):
    %one = ogee.constant dense<1.0> : tensor<1xf32>
    %next = ogee.concatenate %a, %one [0] : tensor<?xf32>, tensor<1xf32> -> tensor<?xf32>
    ogee.yield %next : tensor<?xf32>
  }
  return %0 : tensor<?xf32>
}
