#include "tools/gpu_check/driver.h"

#include "runtime/error.h"
#include "tools/gpu_check/process.h"
#include "tools/gpu_check/report.h"
#include "tools/gpu_check/suites.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>

namespace ogee::gpu_check {
namespace {

namespace fs = std::filesystem;
using runtime::concat;
using runtime::ErrorCode;

constexpr size_t kToldOutput = 2000;

/// A folder for the files of a run, gone with it.
class RunFolder {
public:
  RunFolder() {
    std::string pattern = (fs::temp_directory_path() / "gpu-check.XXXXXX").string();
    if (!mkdtemp(pattern.data())) runtime::raise(ErrorCode::io, "cannot make the folder ", pattern);
    path_ = pattern;
  }
  ~RunFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

private:
  fs::path path_;
};

bool is_chosen(const Suite& suite, const std::vector<std::string>& names) {
  const std::string name = suite.name;
  return names.empty() || std::ranges::any_of(names, [&](const std::string& chosen) {
           return name == chosen || name.starts_with(chosen + ".");
         });
}

void check_names(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (std::ranges::none_of(suites(), [&](const Suite& suite) { return is_chosen(suite, {name}); }))
      runtime::raise(ErrorCode::invalid_argument, "--suite ", name, ": there is no such suite; --list names them");
}

/// Runs the suites in order; the first, the device, decides over those that need a GPU.
class Drive {
public:
  explicit Drive(const DriverOptions& options) : options_(options), report_(options.settings.quick) {}

  int run() {
    if (!std::getenv("OGEE_CACHE_DIR")) // the suites share what they compile, and leave nothing
      setenv("OGEE_CACHE_DIR", (folder_.path() / "cache").c_str(), 1);
    for (const char* name : {"OGEE_CACHE_DIR", "OGEE_CUDA_PATH"}) // programs work in folders of their own
      if (const std::string path = variable(name); !path.empty()) setenv(name, fs::absolute(path).c_str(), 1);
    report_.save(options_.report); // after each suite, too: who is ended has what there was
    for (const Suite& suite : suites()) {
      if (&suite != &suites().front() && !is_chosen(suite, options_.suites)) continue;
      run(suite);
      report_.save(options_.report);
    }
    report_.print_summary();
    std::cout << "the report: " << options_.report.string() << "\n";
    return report_.failed() ? 1 : 0;
  }

private:
  void run(const Suite& suite) {
    if (suite.on_gpu && !no_gpu_.empty()) {
      report_.add(suite.name, Result::skipped, 0, no_gpu_, Json::object(), "");
      return;
    }
    const fs::path folder = folder_.path() / suite.name;
    fs::create_directory(folder);
    const double limit = options_.limit > 0 ? options_.limit : suite.limit;
    const SuiteRun run = run_apart(suite.name, options_.settings, folder, limit);
    const std::string skipped = run.findings.is_null() ? "" : run.findings["skipped"].get<std::string>();
    const Result result = !run.well ? Result::fail : skipped.empty() ? Result::pass : Result::skipped;
    const Json findings = run.findings.is_null() ? Json::object() : run.findings;
    report_.add(suite.name, result, run.seconds, run.well ? skipped : run.ended, findings, run.output);
    if (&suite == &suites().front() && result != Result::pass)
      no_gpu_ = result == Result::skipped ? "no GPU" : "the device is not fit for use";
  }

  const DriverOptions& options_;
  RunFolder folder_;
  Report report_;
  std::string no_gpu_; ///< why suites on the GPU are skipped
};

Json read_findings(const fs::path& file) {
  std::ifstream stream(file);
  return stream ? Json::parse(stream, nullptr, /*allow_exceptions=*/false) : Json();
}

} // namespace

int drive(const DriverOptions& options) {
  check_names(options.suites);
  return Drive(options).run();
}

SuiteRun run_apart(const std::string& suite, Settings settings, const fs::path& folder, double limit,
                   const std::map<std::string, std::string>& environment) {
  const fs::path findings = folder / (suite + ".json"), output = folder / (suite + ".log");
  Command command{
      {own_folder() / "gpu-check", "--run", suite, "--findings", findings}, environment, output, ".", limit};
  if (settings.quick) command.words.push_back("--quick");
  // Programs of tests take the fake machine where nothing is said.
  command.environment.emplace("OGEE_CUDA_PATH", variable("OGEE_CUDA_PATH"));
  const Ended ended = gpu_check::run(command);
  SuiteRun run{.findings = read_findings(findings), .seconds = ended.seconds};
  if (run.findings.is_discarded()) run.findings = nullptr;
  run.well = ended.well() && !run.findings.is_null() && run.findings["done"];
  const bool told = !run.findings.is_null() && run.findings["done"] && ended.status == 1; // by its failures
  if (!run.well && !told) run.ended = ended.text(limit);
  run.output = tail(output, kToldOutput);
  return run;
}

int run_here(const std::string& name, Settings settings, const fs::path& file) {
  const Suite* const suite = find_suite(name);
  if (!suite) runtime::raise(ErrorCode::invalid_argument, "--run ", name, ": there is no such suite");
  Findings findings(file, settings);
  try {
    suite->run(findings);
  } catch (const std::exception& error) { findings.fail(error.what()); }
  findings.save(/*done=*/true);
  return findings.failed() ? 1 : 0;
}

} // namespace ogee::gpu_check
