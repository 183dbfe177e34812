// The suites `training`, training steps on the GPU against the CPU, and `cpu`, what can be shown without a GPU.
#include "tools/gpu_check/functions.h"
#include "tools/gpu_check/patterns.h"
#include "tools/gpu_check/suites.h"
#include "tools/gpu_check/tests.h"
#include "tools/gpu_check/training_runs.h"

#include <algorithm>

namespace ogee::gpu_check {
namespace {

constexpr double kTolerance = 2e-4; ///< of losses: sums and products are rounded in other orders

void compare_ways(Findings& findings, const std::vector<Way>& ways, int steps) {
  for (const TrainingRun& run : training_runs()) {
    const std::vector<double> expected = run.losses({"cpu", false}, steps);
    const double least = *std::min_element(expected.begin() + steps / 2, expected.end());
    findings.check(least < expected.front(), std::string(run.name) + ": the CPU learns nothing");
    for (const Way& way : ways) {
      const std::string differs = loss_difference(run.losses(way, steps), expected, kTolerance);
      findings.check(differs.empty(), std::string(run.name) + " on " + way.text() + ", against the CPU: " + differs);
    }
  }
}

/// The same program gives the same bits in each run.
void compare_repeated(Findings& findings, const Way& way, int steps) {
  for (const TrainingRun& run : training_runs())
    findings.check(run.losses(way, steps) == run.losses(way, steps),
                   std::string(run.name) + " on " + way.text() + ": two runs differ");
}

void compare_compiled_functions(Findings& findings) {
  const Operands operands = patterns(f32, 1 << 12);
  for (const Function& function : functions_of_f32()) {
    const auto compiled = compile([run = function.run](const Tensor& x, const Tensor& y) { return run(x, y); });
    const Difference found = difference(compiled(operands.x, operands.y), function.run(operands.x, operands.y));
    findings.check(found.count == 0, function.name + ", compiled: other bits than eagerly on the CPU");
  }
}

} // namespace

void run_training(Findings& findings) {
  const int steps = findings.settings().quick ? 8 : 60;
  compare_ways(findings, {{"cuda", false}, {"cuda", true}}, steps);
  compare_repeated(findings, {"cuda", true}, steps);
}

void run_cpu(Findings& findings) {
  compare_ways(findings, {{"cpu", true}}, findings.settings().quick ? 8 : 60);
  compare_compiled_functions(findings);
  run_tests(findings, {rows_run("cpu", 0, findings.settings().quick ? 600 : 40)});
}

} // namespace ogee::gpu_check
