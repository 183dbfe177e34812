// Saves, compares and lists results.
#include "tools/ogee/run_results.h"

#include "runtime/error.h"

#include <CLI/CLI.hpp>

#include <iostream>

namespace ogee::tools {

namespace {

std::string deviceError(const std::string& name) {
  const bool isCuda = name == "cuda" || (name.starts_with("cuda:") && name.size() > 5 && name.size() < 8 &&
                                         name.find_first_not_of("0123456789", 5) == name.npos);
  return name == "cpu" || isCuda ? "" : "expected cpu, cuda or cuda:1, got " + name;
}

void save(const std::string& path, const NamedResults& results) {
  std::vector<std::pair<std::string, runtime::HostView>> views;
  for (const auto& [name, array] : results) views.push_back({name, {array.dtype, array.shape, array.storage->data()}});
  runtime::save_npz(path, views);
}

void compare(const NamedResults& results, const RunOptions& options) {
  const runtime::NamedArrays expected = runtime::load_npz(options.expect);
  for (const auto& [name, result] : results) {
    const HostArray* array = find(expected, name);
    if (!array) runtime::raise(runtime::ErrorCode::invalid_argument, options.expect, ": no array ", name);
    const std::string text = difference(result, *array, options.tolerance);
    if (!text.empty()) runtime::raise(runtime::ErrorCode::invalid_argument, name, ": ", text);
  }
}

} // namespace

void addRunOptions(CLI::App& app, RunOptions& options) {
  app.add_option("--inputs", options.inputs, "an array for each argument, by name (.npz)");
  app.add_option("--outputs", options.outputs, "where the results go (.npz)");
  app.add_option("--expect", options.expect, "what the results are compared with (.npz)");
  app.add_option("--rtol", options.tolerance.relative, "allowed difference, as a part of what is expected")
      ->capture_default_str();
  app.add_option("--atol", options.tolerance.absolute, "allowed difference")->capture_default_str();
  app.add_option("--device", options.device, "cpu, cuda or cuda:1 (default: cpu, or what the program is for)")
      ->check(deviceError);
}

void deliver(const NamedResults& results, const RunOptions& options) {
  if (!options.outputs.empty()) save(options.outputs, results);
  if (!options.expect.empty()) compare(results, options);
  for (const auto& [name, array] : results) std::cout << name << ": " << describe(array) << "\n";
}

} // namespace ogee::tools
