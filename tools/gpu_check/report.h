// What is told of the suites: a line of each, the tables, and gpu-report.json.
#pragma once

#include "tools/gpu_check/findings.h"

#include <filesystem>
#include <string>

namespace ogee::gpu_check {

enum class Result { pass, fail, skipped };

class Report {
public:
  explicit Report(bool quick);

  /// A suite has ended: `reason` says why it failed as a whole or was skipped, `output` is the end of what it said.
  /// Prints its line.
  void add(const std::string& suite, Result result, double seconds, const std::string& reason, const Json& findings,
           const std::string& output);
  /// Prints the bench table, the goals and the last line.
  void print_summary() const;
  /// Error where the file cannot be written.
  void save(const std::filesystem::path& file) const;
  bool failed() const { return counts_[1] > 0; }

private:
  /// Measurements, goals and facts of a suite.
  void take(const Json& findings);

  Json content_;
  int counts_[3] = {};
};

} // namespace ogee::gpu_check
