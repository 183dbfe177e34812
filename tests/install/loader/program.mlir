// What loader.cpp runs: y = x * x + total, and total += x.
func.func @main(%x: tensor<3xf32> {ogee.name = "x"},
                %total: tensor<3xf32> {ogee.name = "total", ogee.state = "captured"})
    -> (tensor<3xf32> {ogee.name = "y"}, tensor<3xf32> {ogee.overwrites = 1}) {
  %square = ogee.mul %x, %x : tensor<3xf32>
  %y = ogee.add %square, %total : tensor<3xf32>
  %next = ogee.add %total, %x : tensor<3xf32>
  return %y, %next : tensor<3xf32>, tensor<3xf32>
}
