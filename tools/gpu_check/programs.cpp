// The suite `programs`: programs that were compiled before, perhaps on another machine, run by the runtime alone.
#include "tools/gpu_check/programs.h"

#include "runtime/error.h"
#include "tools/gpu_check/process.h"
#include "tools/gpu_check/suites.h"
#include <ogee/ogee.h>

#include <algorithm>
#include <vector>

namespace ogee::gpu_check {
namespace {

using runtime::concat;
namespace fs = std::filesystem;

/// The files of a folder that end so, without their ends, in the order of their names.
std::vector<fs::path> stems(const fs::path& folder, const char* extension) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == extension) found.push_back(folder / entry.path().stem());
  std::ranges::sort(found);
  return found;
}

std::string file(const fs::path& stem, const char* extension) { return stem.string() + extension; }

void run_tool(std::vector<std::string> words, const fs::path& output) {
  words[0] = own_folder() / words[0];
  const Ended ended = run({words, {}, output});
  if (!ended.well()) runtime::raise(runtime::ErrorCode::state, words[0], " ", ended.text(), ": ", tail(output, 400));
}

} // namespace

void make_programs(const fs::path& folder, const std::string& target) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) runtime::raise(runtime::ErrorCode::io, "cannot make ", folder.string(), ": ", error.message());
  write_graphs(folder);
  for (const fs::path& stem : stems(folder, ".mlir")) {
    const std::string text = file(stem, ".mlir");
    run_tool({"ogee", "run", text, "--reference", "--inputs", file(stem, ".inputs.npz"), "--outputs",
              file(stem, ".results.npz")},
             file(stem, ".log"));
    run_tool({"ogee", "compile", text, "--target", target, "-o", file(stem, ".ogee")}, file(stem, ".log"));
    fs::remove(text);
    fs::remove(file(stem, ".log"));
  }
}

void run_programs(Findings& findings) {
  fs::path folder = own_folder().parent_path() / "share/programs";
  const bool are_there = !stems(folder, ".ogee").empty() && device_properties().major == 9; // packed for sm_90
  if (!are_there) make_programs(folder = findings.folder() / "programs", "cuda");
  for (const fs::path& stem : stems(folder, ".ogee")) {
    const Command command{{own_folder() / "ogee-run", file(stem, ".ogee"), "--inputs", file(stem, ".inputs.npz"),
                           "--expect", file(stem, ".results.npz")},
                          {},
                          findings.folder() / stem.filename()};
    const Ended ended = run(command);
    findings.check(ended.well(),
                   concat(stem.filename().string(), ".ogee: ", ended.text(), ": ", tail(command.output, 400)));
  }
}

} // namespace ogee::gpu_check
