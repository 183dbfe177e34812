// The suites `sanitizer.…`: a few tests and trainings once more, under CUDA's compute-sanitizer where it is installed.
#include "runtime/error.h"
#include "tools/gpu_check/process.h"
#include "tools/gpu_check/suites.h"

namespace ogee::gpu_check {
namespace {

namespace fs = std::filesystem;
using runtime::concat;

constexpr int kFoundErrors = 86; ///< the status that it is told to end with

fs::path find_sanitizer() {
  const fs::path named = variable("OGEE_CUDA_PATH"), toolkit = "/usr/local/cuda";
  return find_program("compute-sanitizer", {named, named / "bin", named / "compute-sanitizer", toolkit / "bin",
                                            toolkit / "compute-sanitizer"});
}

void run_under(Findings& findings, const std::string& tool) {
  const fs::path sanitizer = find_sanitizer();
  if (sanitizer.empty()) return findings.skip("no compute-sanitizer on PATH or in CUDA's folders");
  const fs::path tests = own_folder() / "frontend_cuda_tests", self = own_folder() / "gpu-check";
  const std::string filter = findings.settings().quick ? "on_gpu: in place" : "on_gpu*";
  const std::vector<std::vector<std::string>> programs = {
      {tests, filter}, {self, "--run", "training", "--quick", "--findings", findings.folder() / "training.json"}};
  for (const std::vector<std::string>& program : programs) {
    Command command{{sanitizer, "--tool", tool, "--error-exitcode", std::to_string(kFoundErrors)}};
    command.words.insert(command.words.end(), program.begin(), program.end());
    const std::string name = fs::path(program[0]).filename();
    command.output = findings.folder() / (name + ".log");
    command.folder = findings.folder();
    const Ended ended = run(command);
    findings.check(ended.well(),
                   concat(tool, ": ", name, " ", ended.status == kFoundErrors ? "has errors" : ended.text(), ": ",
                          tail(command.output, 1500)));
  }
}

} // namespace

void run_memcheck(Findings& findings) { run_under(findings, "memcheck"); }
void run_racecheck(Findings& findings) { run_under(findings, "racecheck"); }
void run_initcheck(Findings& findings) { run_under(findings, "initcheck"); }

} // namespace ogee::gpu_check
