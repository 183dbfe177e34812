// From a group of the graph to a nest.
#pragma once

#include "codegen/nest.h"
#include "codegen/target.h"
#include "codegen/view.h"
#include "ir/dialect.h"

namespace ogee::codegen {

/// The nest that computes `group`: its tensor operands are read through `inputs` (one view per operand; those of index
/// operands are not looked at) and its results written through `outputs`. Not yet canonical.
Nest nestOf(ir::GroupOp group, llvm::ArrayRef<View> inputs, llvm::ArrayRef<View> outputs, const ir::DimAnalysis& dims);

/// The nest that copies `from` to `to`, of equal sizes.
Nest copyNest(const View& from, const View& to);

/// Up to so many rows of its left operand a contraction reads its right operand in place, if it can: packing would take
/// longer than it gains.
constexpr int64_t kFewRows = 18;
/// Whether the right operand's columns lie side by side.
bool canReadInPlace(const Nest& nest);
/// Chooses the micro-kernel of a contraction nest where the target wants one, and whether its right operand is packed
/// first.
void chooseMicroKernel(Nest& nest, const TargetInfo& target);
/// Elements of the packed right operand of `nest`.
Dim packedElements(const Nest& nest);
/// Splits off the packing: the nest that fills `buffer`, which `nest` reads from then on.
Nest splitPack(Nest& nest, unsigned buffer);

} // namespace ogee::codegen
