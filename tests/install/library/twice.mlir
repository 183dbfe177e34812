func.func @forward(%x: tensor<8xf32> {ogee.name = "x"}) -> (tensor<8xf32> {ogee.name = "y"}) {
  %0 = ogee.add %x, %x : tensor<8xf32>
  return %0 : tensor<8xf32>
}
