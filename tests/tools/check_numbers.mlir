// `ogee run --check-numbers`: a run ends at the op that first makes a NaN of numbers, or inf of finite ones.
// RUN: rm -rf %t && mkdir %t
// RUN: %python -c "import sys; sys.path.insert(0, '%S/inputs'); import npz; npz.write('%t/good.npz', x=('<f4', [2, 2], [1, 2, 3, 4]), y=('<f4', [2], [1, 2]))"
// RUN: %python -c "import sys; sys.path.insert(0, '%S/inputs'); import npz; npz.write('%t/log.npz', x=('<f4', [2, 2], [1, -2, 3, 4]), y=('<f4', [2], [1, 0]))"
// RUN: %python -c "import sys; sys.path.insert(0, '%S/inputs'); import npz; npz.write('%t/div.npz', x=('<f4', [2, 2], [1, 1, 1, 1]), y=('<f4', [2], [1, 0]))"
// RUN: %python -c "import sys; sys.path.insert(0, '%S/inputs'); import npz; npz.write('%t/nan.npz', x=('<f4', [2, 2], [float('nan'), 2, 2, 2]), y=('<f4', [2], [1, 1]))"
// RUN: %python -c "import sys; sys.path.insert(0, '%S/inputs'); import npz; npz.write('%t/exp.npz', x=('<f4', [2, 2], [1, 2, 3, 100]), y=('<f4', [2], [1, 1]))"
// RUN: %python -c "import sys; sys.path.insert(0, '%S/inputs'); import npz; npz.write('%t/inf.npz', x=('<f4', [2, 2], [float('inf'), 2, 2, 2]), y=('<f4', [2], [1, 1]))"
// RUN: ogee run %s --inputs %t/good.npz --check-numbers --outputs %t/out.npz | FileCheck %s --check-prefix=GOOD
// RUN: ogee run %s --inputs %t/good.npz --reference --expect %t/out.npz
// RUN: ogee run %s --inputs %t/log.npz
// RUN: not ogee run %s --inputs %t/log.npz --check-numbers 2>&1 | FileCheck %s --check-prefix=LOG
// RUN: not ogee run %s --inputs %t/div.npz --check-numbers 2>&1 | FileCheck %s --check-prefix=DIV
// RUN: ogee run %s --inputs %t/nan.npz --check-numbers
// RUN: ogee run %s --inputs %t/inf.npz --check-numbers
// RUN: ogee run %s --inputs %t/exp.npz
// RUN: not ogee run %s --inputs %t/exp.npz --check-numbers 2>&1 | FileCheck %s --check-prefix=EXP
// RUN: not ogee run %s --inputs %t/nan.npz --check-numbers --reference 2>&1 | FileCheck %s --check-prefix=BOTH
// RUN: not ogee run %s --inputs %t/nan.npz --device cuda --reference 2>&1 | FileCheck %s --check-prefix=DEVICE

// GOOD: result0: f32 [2, 2]
// LOG: ogee: log: makes NaN of [-2, 4] at net.cpp:4 in fc; hint: a negative number has no logarithm; clamp the input
// EXP: ogee: exp: makes inf of [1, 100] at check_numbers.mlir:{{[0-9]+}}; hint: the result is too large for its dtype; clamp the input
// DIV: ogee: div: makes NaN of [0, 0] and [0, 1] at net.cpp:5; hint: 0 / 0, or inf / inf
// BOTH: ogee: --reference excludes --check-numbers
// DEVICE: ogee: --device excludes --reference
func.func @main(%x: tensor<2x2xf32> {ogee.name = "x"}, %y: tensor<2xf32> {ogee.name = "y"}) -> tensor<2x2xf32> {
  %0 = ogee.exp %x : tensor<2x2xf32>
  %1 = ogee.log %x : tensor<2x2xf32> loc("fc"("net.cpp":4:3))
  %2 = ogee.broadcast %y [1] sizes [2, 2] : tensor<2xf32> -> tensor<2x2xf32>
  %3 = ogee.div %1, %2 : tensor<2x2xf32> loc("net.cpp":5:3)
  %4 = ogee.tanh %3 : tensor<2x2xf32>
  %5 = ogee.add %4, %0 : tensor<2x2xf32>
  return %5 : tensor<2x2xf32>
}
// RUN: not env OGEE_NAN=1 ogee run %s --inputs %t/log.npz 2>&1 | FileCheck %s --check-prefix=LOG
// RUN: not env OGEE_NAN=yes ogee run %s --inputs %t/log.npz 2>&1 | FileCheck %s --check-prefix=YES
// YES: ogee: OGEE_NAN: expected 0 or 1, got yes
