// Texts about sizes that a call completes.
#pragma once

#include "ir/dims.h"
#include "runtime/size_table.h"

#include <string>

namespace ogee::codegen {

/// A message about sizes with their values: in place of names that no user gave, behind it for the others.
std::string withValues(const std::string& message, const ir::DimAnalysis& dims, runtime::SizeTable& sizes);

} // namespace ogee::codegen
