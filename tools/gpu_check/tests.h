// Programs of tests that suites run.
#pragma once

#include "tools/gpu_check/findings.h"

#include <map>
#include <string>
#include <vector>

namespace ogee::gpu_check {

/// Runs a program of Catch2 that lies beside this one, and takes over its checks and what it says of those that failed.
void run_tests(Findings& findings, const std::string& program, const std::vector<std::string>& arguments,
               const std::map<std::string, std::string>& environment);

/// The same from its report in XML ("junit").
void take_report(Findings& findings, const std::string& program, const std::string& xml);

} // namespace ogee::gpu_check
