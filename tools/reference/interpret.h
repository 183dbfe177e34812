// The oracle: runs a function of the dialect one op and one element at a time, as the op descriptions in ir/ops/ say.
#pragma once

#include "tools/reference/array.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <span>
#include <vector>

namespace ogee::reference {

/// The results of a verified function whose ops are those of the dialect and of arith on `index`. Index arguments are
/// rank-0 arrays of i64. Arguments that do not fit and sizes that do not agree are diagnostics at the op they concern.
///
/// Integers are exact. Float + - * / and sqrt round correctly; other functions, sums and products are computed in
/// double for f32 and in long double for f64, and rounded once.
mlir::FailureOr<std::vector<Array>> interpret(mlir::func::FuncOp function, std::span<const Array> arguments);

} // namespace ogee::reference
