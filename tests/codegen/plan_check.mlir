// Checks end a call, at their place among the launches and with the ranges of views, compiled as interpreted.
// Covers: size_text
// RUN: rm -rf %t && mkdir %t
// RUN: %python -c "import sys; sys.path.insert(0, '%S/../tools/inputs'); import npz; npz.write('%t/good.npz', x=('<f4', [2, 3], [1, 2, 3, 4, 5, 6]), last=('<f4', [], [7]))"
// RUN: %python -c "import sys; sys.path.insert(0, '%S/../tools/inputs'); import npz; npz.write('%t/bad.npz', x=('<f4', [2, 3], [1, 2, 3, 4, 5, 6]), last=('<f4', [], [5]))"
// RUN: %python -c "import sys; sys.path.insert(0, '%S/../tools/inputs'); import npz; npz.write('%t/few.npz', x=('<f4', [1, 3], [1, 2, 3]), last=('<f4', [], [7]))"
// RUN: ogee run %s --inputs %t/good.npz --outputs %t/out.npz | FileCheck %s --check-prefix=GOOD
// RUN: ogee run %s --inputs %t/good.npz --reference --expect %t/out.npz
// RUN: not ogee run %s --inputs %t/bad.npz 2>&1 | FileCheck %s --check-prefix=BAD
// RUN: not ogee run %s --inputs %t/bad.npz --reference 2>&1 | FileCheck %s --check-prefix=REFERENCE
// RUN: not ogee run %s --inputs %t/few.npz 2>&1 | FileCheck %s --check-prefix=FEW

// GOOD: result0: f32 [3, 2]
// BAD: ogee: above 5: columns in [2, 6], twice in [4, 12] {9} at net.cpp:7 in fc; hint: smaller ones
// REFERENCE: net.cpp:7:3: error: above 5: columns in [2, 6], twice in [4, 12] {9}; hint: smaller ones
// FEW: slice: out of bounds along axis 0 {{.*}}(n = 1) at plan_check.mlir
func.func @main(%x: tensor<?x3xf32> {ogee.name = "x", ogee.dims = ["n", ""]}, %last: tensor<f32> {ogee.name = "last"})
    -> tensor<3x?xf32> {
  %n = ogee.dim %x [0] : tensor<?x3xf32>
  %two = ogee.slice %x [0, 0] [2, 3] [1, 1] : tensor<?x3xf32> -> tensor<2x3xf32>
  %columns = ogee.slice %x [0, 1] [%n, 2] [1, 1] : tensor<?x3xf32> -> tensor<?x2xf32>
  %turned = ogee.transpose %columns [1, 0] : tensor<?x2xf32> -> tensor<2x?xf32>
  %twice = ogee.add %turned, %turned : tensor<2x?xf32>
  %most = ogee.amax %two [0, 1] : tensor<2x3xf32> -> tensor<f32>
  %bad = ogee.compare gt %most, %last : tensor<f32>
  ogee.check %bad, "above {2}: columns in {0}, twice in {1} {9}" (%turned, %twice, %last : tensor<2x?xf32>, tensor<2x?xf32>, tensor<f32>) hint "smaller ones" loc("fc"("net.cpp":7:3))
  %r = ogee.transpose %x [1, 0] : tensor<?x3xf32> -> tensor<3x?xf32>
  return %r : tensor<3x?xf32>
}
