// What has the form of the dialect but cannot be a program is refused before code is made of it.
// RUN: ogee-opt %s --split-input-file --verify-diagnostics --graph --emit-cpu

// expected-error@+1 {{argument 0 is 'memref<2xf32>', needs a tensor of the dialect or an index}}
func.func @f(%x: memref<2xf32>) { return }

// -----

// expected-error@+1 {{argument 1 is 'tensor<*xf32>', needs a tensor of the dialect or an index}}
func.func @f(%n: index, %x: tensor<*xf32>) { return }

// -----

// expected-error@+1 {{result 0 is 'index', needs a tensor of the dialect}}
func.func @f(%n: index) -> index { return %n : index }

// -----

// expected-error@+1 {{two arguments have the name 'a'}}
func.func @f(%x: tensor<2xf32> {ogee.name = "a"}, %y: tensor<2xf32> {ogee.name = "a"}) { return }

// -----

// expected-error@+1 {{two results have the name 'a'}}
func.func @f(%x: tensor<2xf32>) -> (tensor<2xf32> {ogee.name = "a"}, tensor<2xf32> {ogee.name = "a"}) {
  return %x, %x : tensor<2xf32>, tensor<2xf32>
}

// -----

func.func @f() -> tensor<?xf32> {
  %n = arith.constant 9223372036854775807 : index
  // expected-error@+1 {{has a result that is too large, or of a negative size}}
  %0 = ogee.iota [0] sizes [%n] : tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @f() -> tensor<?xf32> {
  %n = arith.constant -9223372036854775808 : index
  // expected-error@+1 {{has a result that is too large, or of a negative size}}
  %0 = ogee.iota [0] sizes [%n] : tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @f() -> tensor<9223372036854775807xi1> {
  // expected-error@+1 {{has a result that is too large, or of a negative size}}
  %0 = ogee.constant dense<true> : tensor<9223372036854775807xi1>
  return %0 : tensor<9223372036854775807xi1>
}
