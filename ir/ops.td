//===-- The cast: every op of the dialect, by family -------------------------------------------------------------===//
#ifndef OGEE_IR_OPS_TD
#define OGEE_IR_OPS_TD

include "ir/ops/check.td"
include "ir/ops/contraction.td"
include "ir/ops/control.td"
include "ir/ops/creation.td"
include "ir/ops/derivative.td"
include "ir/ops/functions.td"
include "ir/ops/indexing.td"
include "ir/ops/movement.td"
include "ir/ops/pointwise.td"
include "ir/ops/random.td"
include "ir/ops/reduction.td"
include "ir/ops/structure.td"

#endif // OGEE_IR_OPS_TD
