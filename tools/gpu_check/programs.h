// Programs in files, with arguments and what the interpreter gives for them.
#pragma once

#include <filesystem>
#include <string>

namespace ogee::gpu_check {

/// Writes graphs as IR text and arguments for them: <name>.mlir and <name>.inputs.npz each.
void write_graphs(const std::filesystem::path& folder);

/// Makes programs of them for a target ("cuda:sm_90"), with results: <name>.ogee, <name>.inputs.npz,
/// <name>.results.npz. No GPU is needed. An Error where one cannot be made.
void make_programs(const std::filesystem::path& folder, const std::string& target);

} // namespace ogee::gpu_check
