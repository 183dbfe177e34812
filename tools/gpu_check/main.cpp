// gpu-check: proves ogee on the GPU of this machine, suite by suite, and says how fast it is there.
#include "runtime/error.h"
#include "tools/gpu_check/driver.h"
#include "tools/gpu_check/programs.h"
#include "tools/gpu_check/suites.h"

#include <CLI/CLI.hpp>

#include <iostream>

namespace {

using namespace ogee::gpu_check;

struct Arguments {
  DriverOptions driver;
  bool list = false;
  std::string run, findings; ///< of the processes that it starts
  std::string programs;      ///< a folder for what the suite `programs` runs
};

void add_options(CLI::App& app, Arguments& arguments) {
  app.add_option("--suite", arguments.driver.suites, "run these alone: names of --list, or what stands before a dot")
      ->delimiter(',');
  app.add_flag("--quick", arguments.driver.settings.quick, "few and small checks; says nothing about speed");
  app.add_option("--report", arguments.driver.report, "where the report goes")->capture_default_str();
  app.add_option("--limit", arguments.driver.limit, "seconds after which a suite is ended (default: its own)");
  app.add_flag("--list", arguments.list, "name the suites");
  app.add_option("--run", arguments.run, "run one suite in this process")->group("");
  app.add_option("--findings", arguments.findings, "where its findings go")->group("");
  app.add_option("--make-programs", arguments.programs, "make the programs that tools/gpu-pack puts there")->group("");
}

void list_suites() {
  for (const Suite& suite : suites()) std::printf("%-20s %s\n", suite.name, suite.what);
}

int run(const Arguments& arguments) {
  if (arguments.list) return list_suites(), 0;
  if (!arguments.programs.empty()) return make_programs(arguments.programs, "cuda:sm_90"), 0;
  if (!arguments.run.empty()) return run_here(arguments.run, arguments.driver.settings, arguments.findings);
  return drive(arguments.driver);
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app("gpu-check: runs ogee on this machine's GPU, compares it with the CPU, and measures it");
  Arguments arguments;
  add_options(app, arguments);
  try {
    app.parse(argc, argv);
    return run(arguments);
  } catch (const CLI::Success& success) { return app.exit(success); } catch (const std::exception& error) {
    std::cerr << "gpu-check: " << error.what() << "\n";
  }
  return 2;
}
