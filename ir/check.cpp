// `check`: removal where its condition is known not to hold.
#include "ir/fold.h"

#include "mlir/IR/PatternMatch.h"

namespace ogee::ir {

using namespace mlir;

static LogicalResult eraseWhatHolds(CheckOp op, PatternRewriter& rewriter) {
  auto failed = dyn_cast_or_null<IntegerAttr>(splatElement(op.getFailed()));
  if (!failed || !failed.getValue().isZero()) return failure();
  rewriter.eraseOp(op);
  return success();
}

void CheckOp::getCanonicalizationPatterns(RewritePatternSet& patterns, MLIRContext*) { patterns.add(eraseWhatHolds); }

} // namespace ogee::ir
