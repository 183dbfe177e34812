// `ogee run`: arguments by name, results by name, compiled and interpreted alike, and errors of one line.
// RUN: rm -rf %t && mkdir %t
// RUN: %python -c "import sys; sys.path.insert(0, '%S/inputs'); import npz; npz.write('%t/in.npz', x=('<f4', [2, 3], [1, 2, 3, 4, 5, 6]), n=('<i8', [], [2]))"
// RUN: ogee run %s --inputs %t/in.npz --outputs %t/compiled.npz | FileCheck %s
// RUN: ogee run %s --inputs %t/in.npz --reference --expect %t/compiled.npz --rtol 0 --atol 0 | FileCheck %s
// RUN: %python -c "import sys; sys.path.insert(0, '%S/inputs'); import npz; npz.show('%t/compiled.npz')" | FileCheck %s --check-prefix=VALUES
// Covers: arrays, call, function

// CHECK: rows: f32 [2, 2]
// CHECK-NEXT: result1: f32 [2]
// VALUES: rows <f4 (2, 2) [2.0, 4.0, 8.0, 10.0]
// VALUES: result1 <f4 (2,) [6.0, 15.0]
func.func @main(%x: tensor<?x3xf32> {ogee.name = "x", ogee.dims = ["n", ""]}, %n: index {ogee.name = "n"})
    -> (tensor<?x?xf32> {ogee.name = "rows"}, tensor<?xf32>) {
  %0 = ogee.add %x, %x : tensor<?x3xf32>
  %rows = ogee.dim %x [0] : tensor<?x3xf32>
  %1 = ogee.slice %0 [0, 0] [%rows, %n] [1, 1] : tensor<?x3xf32> -> tensor<?x?xf32>
  %2 = ogee.sum %x [1] : tensor<?x3xf32> -> tensor<?xf32>
  return %1, %2 : tensor<?x?xf32>, tensor<?xf32>
}
