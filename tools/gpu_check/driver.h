// Runs suites, each in a process of its own, and collects what they find.
#pragma once

#include "tools/gpu_check/findings.h"

#include <filesystem>
#include <string>
#include <vector>

namespace ogee::gpu_check {

struct DriverOptions {
  std::vector<std::string> suites; ///< names or what stands before their dots; none: all
  Settings settings;
  double limit = 0; ///< seconds for each suite; 0: its own
  std::filesystem::path report = "gpu-report.json";
};

/// The exit status: 1 where a suite failed. Error for a name that no suite has, and where the report cannot be written.
int drive(const DriverOptions& options);

/// The same for one suite, here: writes its findings to a file. The exit status: 1 where it failed.
int run_here(const std::string& suite, Settings settings, const std::filesystem::path& findings);

/// Runs a suite in a process of its own, with more environment; its findings go to a file in `folder`.
struct SuiteRun {
  Json findings; ///< null where there are none
  bool well = false;
  std::string ended; ///< how, where it did not end well
  std::string output;
  double seconds = 0;
};
SuiteRun run_apart(const std::string& suite, Settings settings, const std::filesystem::path& folder, double limit,
                   const std::map<std::string, std::string>& environment = {});

} // namespace ogee::gpu_check
