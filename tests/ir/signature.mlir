// What the attributes of arguments and results refuse.
// RUN: ogee-opt %s -split-input-file -verify-diagnostics

// expected-error@+1 {{attribute 'ogee.name' must be a text that is not empty}}
func.func @f(%x: tensor<4xf32> {ogee.name = 3}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.name' must be a text that is not empty}}
func.func @f(%x: tensor<4xf32> {ogee.name = ""}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.dims' must be a list of texts}}
func.func @f(%x: tensor<4xf32> {ogee.dims = 3}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.dims' has 2 entries instead of 1}}
func.func @f(%x: tensor<4xf32> {ogee.dims = ["a", "b"]}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.dims' must be a list of texts}}
func.func @f(%x: tensor<4xf32> {ogee.dims = [3]}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.dims' has the name "a b", which is not an identifier}}
func.func @f(%x: tensor<4xf32> {ogee.dims = ["a b"]}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.dims' needs a tensor or an index, not 'f32'}}
func.func @f(%x: f32 {ogee.dims = ["a"]}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.ranges' must be a list of pairs [lowest, highest]}}
func.func @f(%x: tensor<4xf32> {ogee.ranges = 3}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.ranges' has 0 entries instead of 1}}
func.func @f(%x: tensor<4xf32> {ogee.ranges = []}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.ranges' must be a list of pairs [lowest, highest]}}
func.func @f(%x: tensor<4xf32> {ogee.ranges = [3]}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.ranges' must be a list of pairs [lowest, highest]}}
func.func @f(%x: tensor<4xf32> {ogee.ranges = [[3]]}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.ranges' must be a list of pairs [lowest, highest]}}
func.func @f(%x: tensor<4xf32> {ogee.ranges = [[3, "a"]]}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.ranges' has the empty range [3, 2]}}
func.func @f(%x: tensor<4xf32> {ogee.ranges = [[3, 2]]}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.ranges' has the range [-3, 2] of negative sizes}}
func.func @f(%x: tensor<?xf32> {ogee.ranges = [[-3, 2]]}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.ranges' has the range [5, 9] for the size 4}}
func.func @f(%x: tensor<4xf32> {ogee.ranges = [[5, 9]]}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.strides' must be an array<i64> for a tensor}}
func.func @f(%x: tensor<4xf32> {ogee.strides = [1]}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.strides' has 2 entries instead of 1}}
func.func @f(%x: tensor<4xf32> {ogee.strides = array<i64: 1, 1>}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.strides' has the stride -2}}
func.func @f(%x: tensor<4xf32> {ogee.strides = array<i64: -2>}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.strides' must be an array<i64> for a tensor}}
func.func @f(%x: index {ogee.strides = array<i64: 1>}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.foo' is not known}}
func.func @f(%x: tensor<4xf32> {ogee.foo = 1}) { return }

// -----

// expected-error@+1 {{attribute 'ogee.foo' is not known}}
func.func private @f(tensor<4xf32> {ogee.foo = 1})

// -----

// expected-error@+1 {{attribute 'ogee.name' must be a text that is not empty}}
func.func @f(%x: tensor<4xf32>) -> (tensor<4xf32> {ogee.name = 1}) { return %x : tensor<4xf32> }

// -----

// expected-error@+1 {{'func.func' op cannot have results with the attribute 'ogee.dims'}}
func.func @f(%x: tensor<4xf32>) -> (tensor<4xf32> {ogee.dims = ["a"]}) { return %x : tensor<4xf32> }

// -----

// expected-error@+1 {{'func.func' op attribute 'ogee.overwrites' of result 0 names no argument: 1}}
func.func @f(%x: tensor<4xf32>) -> (tensor<4xf32> {ogee.overwrites = 1}) { return %x : tensor<4xf32> }

// -----

// expected-error@+1 {{of result 0 names argument 0, which is 'tensor<4xf32>', not 'tensor<4xf64>'}}
func.func @f(%x: tensor<4xf32>, %y: tensor<4xf64>) -> (tensor<4xf64> {ogee.overwrites = 0}) { return %y : tensor<4xf64> }

// -----

// expected-error@+1 {{of result 1 names argument 0 as result 0 does}}
func.func @f(%x: tensor<f32>) -> (tensor<f32> {ogee.overwrites = 0}, tensor<f32> {ogee.overwrites = 0}) { return %x, %x : tensor<f32>, tensor<f32> }

// -----

// expected-error@+1 {{'func.func' op attribute 'ogee.into' of result 0 names no argument: 2}}
func.func @f(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32> {ogee.into = 2}) { return %x : tensor<4xf32> }

// -----

// expected-error@+1 {{attribute 'ogee.state' must be "captured", "optimizer" or "random", for a tensor}}
func.func @f(%x: tensor<4xf32> {ogee.state = "input"}) { return }

// -----
// expected-error@+1 {{attribute 'ogee.host' must be a unit attribute, for a tensor of rank 0}}
func.func @f(%x: tensor<4xf32> {ogee.host}) { return }

// -----
// expected-error@+1 {{attribute 'ogee.host' must be a unit attribute, for a tensor of rank 0}}
func.func @f(%x: tensor<f32> {ogee.host = true}) { return }

// -----
// expected-error@+1 {{attribute 'ogee.host' must be a unit attribute, for a tensor of rank 0}}
func.func @f(%x: index {ogee.host}) { return }
