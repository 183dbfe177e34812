// What checks refuse.
// RUN: ogee-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<4xi1>) {
  // expected-note@-1 {{prior use here}}
  // expected-error@+1 {{use of value '%x' expects different type than prior uses: 'tensor<i1>' vs 'tensor<4xi1>'}}
  ogee.check %x, "all"
  return
}

// -----

func.func @f(%x: tensor<i32>) {
  // expected-error@+1 {{'ogee.check' op operand #0 must be tensor<i1>, but got 'tensor<i32>'}}
  "ogee.check"(%x) {message = "no bool"} : (tensor<i32>) -> ()
  return
}

// -----

func.func @f(%x: tensor<i1>, %n: index) {
  // expected-error@+1 {{'ogee.check' op operand #1 must be variadic of tensor of numbers or bools}}
  ogee.check %x, "an index" (%n : index)
  return
}

// -----

func.func @f(%x: tensor<i1>) {
  // expected-error@+1 {{'ogee.check' op requires attribute 'message'}}
  "ogee.check"(%x) : (tensor<i1>) -> ()
  return
}
