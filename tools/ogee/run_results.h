// What becomes of a run's results, and the options that say so: of `ogee run` and `ogee-run`.
#pragma once

#include "tools/ogee/commands.h"

#include <utility>

namespace CLI {
class App;
}

namespace ogee::tools {

using NamedResults = std::vector<std::pair<std::string, HostArray>>;

/// Those of RunOptions that a program has, too.
void addRunOptions(CLI::App& app, RunOptions& options);

/// Writes results to a file, compares them with those of another one, and lists them. Raises an Error for the first
/// that is not as expected.
void deliver(const NamedResults& results, const RunOptions& options);

} // namespace ogee::tools
