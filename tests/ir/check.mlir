// Canonical forms of checks: what cannot fail goes, what has no other reader stays.
// RUN: ogee-opt %s --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @checks
func.func @checks(%x: tensor<?xf32>, %bad: tensor<i1>) {
  // CHECK-NOT: "never"
  %no = ogee.constant dense<false> : tensor<i1>
  ogee.check %no, "never"
  // CHECK: %[[YES:.*]] = ogee.constant dense<true>
  // CHECK: ogee.check %{{.*}}, "read nowhere else"(%{{.*}} : tensor<?xf32>) hint "none"
  // CHECK: ogee.check %{{.*}}, "read nowhere else"(%{{.*}} : tensor<?xf32>) hint "none"
  %0 = ogee.neg %x : tensor<?xf32>
  ogee.check %bad, "read nowhere else"(%0 : tensor<?xf32>) hint "none"
  ogee.check %bad, "read nowhere else"(%0 : tensor<?xf32>) hint "none"
  // CHECK: ogee.check %[[YES]], "always"
  %yes = ogee.constant dense<true> : tensor<i1>
  ogee.check %yes, "always"
  return
}
