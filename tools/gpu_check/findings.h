// What a suite finds: checks that held or failed, facts, measurements, goals. Written to a file while the suite runs,
// so that the process that started it knows all of it whatever happens.
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace ogee::gpu_check {

using Json = nlohmann::ordered_json;

/// How suites are run.
struct Settings {
  bool quick = false; ///< few and small: for the fake machine of the tests
};

/// A line of the bench table.
struct Measurement {
  std::string name;
  double value = 0;
  std::string unit;     ///< "TB/s", "ms"
  double ratio = 0;     ///< to what it is measured against; 0: to nothing
  std::string ratio_to; ///< "copy"
};

class Findings {
public:
  Findings(std::filesystem::path file, Settings settings);

  const Settings& settings() const { return settings_; }
  /// A folder of this suite's own for files.
  std::filesystem::path folder() const { return file_.parent_path(); }

  /// Counts a check; one that failed is told as `what`. Returns whether it held.
  bool check(bool held, const std::string& what);
  /// Many checks at once.
  void add_checks(uint64_t held, uint64_t failed);
  /// A check that failed.
  void fail(const std::string& what) { check(false, what); }
  /// The suite cannot run here.
  void skip(const std::string& reason);

  void fact(const std::string& name, Json value);
  void measure(const Measurement& measurement);
  /// A number to be reached; `wanted`: at least, or at most.
  void goal(const std::string& name, double value, double wanted, bool at_least);
  /// Takes over what another process found.
  void merge(const Json& other);

  bool failed() const { return content_["failed"] > 0; }
  const Json& content() const { return content_; }
  /// Writes the file; `done`: the suite has come to its end.
  void save(bool done = false);

private:
  std::filesystem::path file_;
  Settings settings_;
  Json content_;
};

} // namespace ogee::gpu_check
