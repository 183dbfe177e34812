// Where the arguments of a function come from: a file, or random data for its signature.
#pragma once

#include "tools/ogee/function.h"

#include <map>

namespace ogee::tools {

/// One array of a .npz file for each argument, by name. Raises an Error for those that are missing, or that no argument
/// has the name of; `path` may be "" for a function without arguments.
std::vector<HostArray> readInputs(const Function& function, const std::string& path);

/// Random arrays of the argument types; `sizes` gives the sizes that have names (`ogee.dims`) and the index arguments.
/// Raises an Error for a size that is missing, or that nothing has the name of.
std::vector<HostArray> randomInputs(const Function& function, const std::map<std::string, int64_t>& sizes);

} // namespace ogee::tools
