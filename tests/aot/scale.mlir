// A function with a weight and a check of its own, for the command line.
func.func @forward(%x: tensor<?x4xf32> {ogee.name = "x", ogee.dims = ["n", ""], ogee.ranges = [[1, 50], []]},
                   %w: tensor<4xf32> {ogee.name = "w"})
    -> (tensor<?x4xf32> {ogee.name = "y"}) {
  %zero = ogee.constant dense<0.0> : tensor<f32>
  %most = ogee.amax %x [0, 1] : tensor<?x4xf32> -> tensor<f32>
  %bad = ogee.compare lt %most, %zero : tensor<f32>
  ogee.check %bad, "all of {0} is negative, {1} at most" (%x, %most : tensor<?x4xf32>, tensor<f32>) hint "shift it" loc("net.cpp":5:3)
  %n = ogee.dim %x [0] : tensor<?x4xf32>
  %b = ogee.broadcast %w [1] sizes [%n, 4] : tensor<4xf32> -> tensor<?x4xf32>
  %e = ogee.exp %x : tensor<?x4xf32>
  %y = ogee.mul %e, %b : tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
