// Checks of what ops make.
#pragma once

#include "llvm/ADT/StringRef.h"

namespace ogee::passes {

/// On an op: it computes the condition of a check. Fusion puts such ops together even where it merges nothing else.
inline constexpr llvm::StringLiteral kCheckPartAttr = "ogee.check_part";

} // namespace ogee::passes
