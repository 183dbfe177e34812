// Programs of tests that suites run.
#pragma once

#include "tools/gpu_check/findings.h"

#include <map>
#include <string>
#include <vector>

namespace ogee::gpu_check {

struct TestRun {
  std::string program; ///< of Catch2; it lies beside this one
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;
};
/// Runs them side by side, and takes over their checks and what they say of those that failed.
void run_tests(Findings& findings, const std::vector<TestRun>& runs);
/// A part of the rows of ops as one run (tests/ops/shard.h).
TestRun rows_run(const std::string& device, unsigned part, unsigned parts);

/// The same from its report in XML ("junit").
void take_report(Findings& findings, const std::string& program, const std::string& xml);

} // namespace ogee::gpu_check
