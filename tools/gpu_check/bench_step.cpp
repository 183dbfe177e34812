// The suite `bench.step`: a training step of a network, eager, compiled and replayed; what first calls cost. Each way
// has processes of its own, since the environment decides over replay and over the cache; they take turns.
#include "runtime/error.h"
#include "tools/gpu_check/driver.h"
#include "tools/gpu_check/suites.h"
#include "tools/gpu_check/timing.h"
#include <ogee/ogee.h>

#include <cmath>

namespace ogee::gpu_check {
namespace {

using runtime::concat;

/// Three layers, and an optimizer with momentum.
struct Network {
  Network(int64_t inputs, int64_t hidden)
      : w1(layer(inputs, hidden)), w2(layer(hidden, hidden)), w3(layer(hidden, 10)), b1(bias(hidden)), b2(bias(hidden)),
        b3(bias(10)), sgd({w1, w2, w3, b1, b2, b3}, {.lr = 0.05, .momentum = 0.9}) {}

  static Tensor layer(int64_t inputs, int64_t outputs) {
    return (randn({inputs, outputs}, cuda()) / std::sqrt(static_cast<double>(inputs))).requires_grad_();
  }
  static Tensor bias(int64_t outputs) { return zeros({outputs}, cuda()).requires_grad_(); }

  Tensor step(const Tensor& x, const Tensor& labels) {
    sgd.zero_grad();
    const Tensor hidden = relu(matmul(relu(matmul(x, w1) + b1), w2) + b2);
    const Tensor loss = cross_entropy(matmul(hidden, w3) + b3, labels);
    loss.backward();
    sgd.step();
    return loss.detach();
  }

  Tensor w1, w2, w3, b1, b2, b3;
  optim::SGD sgd;
};

struct StepBench {
  explicit StepBench(bool quick)
      : inputs(quick ? 12 : 784), hidden(quick ? 16 : 1024), batch(quick ? 8 : 128), x(randn({batch, inputs}, cuda())),
        labels(randint(10, {batch}, cuda())) {}

  int64_t inputs, hidden, batch;
  Tensor x, labels;
};

/// The facts `name` of several runs, as their median.
double median_of(const std::vector<Json>& runs, const char* name) {
  std::vector<double> values;
  for (const Json& run : runs) values.push_back(run[name]);
  return median(values);
}

class Runs {
public:
  explicit Runs(Findings& findings) : findings_(findings) {}

  /// What a further process finds.
  Json run(const std::string& suite, const std::map<std::string, std::string>& environment) {
    const SuiteRun run = run_apart(suite, findings_.settings(), findings_.folder(), /*limit=*/0, environment);
    if (!run.well) {
      const std::string failure = run.findings.is_null() || run.findings["failures"].empty()
                                      ? run.ended + ": " + run.output
                                      : run.findings["failures"][0].get<std::string>();
      runtime::raise(runtime::ErrorCode::state, suite, ": ", failure);
    }
    findings_.add_checks(run.findings["checks"], 0);
    return run.findings["facts"]["times"];
  }

private:
  Findings& findings_;
};

} // namespace

void run_step_times(Findings& findings) {
  const bool quick = findings.settings().quick;
  manual_seed(1);
  const StepBench bench(quick);
  Network eager(bench.inputs, bench.hidden), other(bench.inputs, bench.hidden);
  for (size_t i = 0; i < eager.sgd.parameters().size(); ++i) {
    const NoGradGuard off;
    Tensor(other.sgd.parameters()[i]).copy_(eager.sgd.parameters()[i]);
  }
  const auto compiled = compile([&](const Tensor& x, const Tensor& labels) { return other.step(x, labels); });
  for (int i = 0; i < 5; ++i) {
    const double a = eager.step(bench.x, bench.labels).item(), b = compiled(bench.x, bench.labels).item();
    findings.check(std::abs(a - b) <= 1e-3, concat("step ", i, ": the losses differ: ", Scalar(a).to_string(),
                                                   " eager, ", Scalar(b).to_string(), " compiled"));
  }
  const auto eager_call = [&] { eager.step(bench.x, bench.labels); };
  const auto compiled_call = [&] { compiled(bench.x, bench.labels); };
  const int rounds = quick ? 2 : 15;
  const std::vector<double> until_done = milliseconds_until_done({eager_call, compiled_call}, rounds, quick ? 2 : 20);
  reset_stats();
  compiled_call();
  findings.fact("times", {{"graph launches", stats().graph_launches},
                          {"eager ms", until_done[0]},
                          {"compiled ms", until_done[1]},
                          {"eager host us", host_microseconds(eager_call, rounds)},
                          {"compiled host us", host_microseconds(compiled_call, rounds)}});
}

void run_first_calls(Findings& findings) {
  const StepBench bench(findings.settings().quick);
  Network eager(bench.inputs, bench.hidden), other(bench.inputs, bench.hidden);
  const auto compiled = compile([&](const Tensor& x, const Tensor& labels) { return other.step(x, labels); });
  const double eager_time = milliseconds_of_one([&] { eager.step(bench.x, bench.labels); });
  const uint64_t before = stats().kernels_compiled;
  const double compiled_time = milliseconds_of_one([&] { compiled(bench.x, bench.labels); });
  findings.check(std::isfinite(compiled(bench.x, bench.labels).item()), "the loss of a step is no number");
  findings.fact("times", {{"eager ms", eager_time},
                          {"compiled ms", compiled_time},
                          {"compiled kernels", stats().kernels_compiled - before}});
}

void run_bench_step(Findings& findings) {
  Runs runs(findings);
  const std::string cache = findings.folder() / "cache";
  const std::map<std::string, std::string> cached = {{"OGEE_CACHE_DIR", cache}};
  const Json cold = runs.run("first-calls", cached), warm = runs.run("first-calls", cached);
  findings.measure({"first eager step, nothing cached", cold["eager ms"], "ms"});
  findings.measure({"first compiled step, nothing cached", cold["compiled ms"], "ms"});
  findings.measure({"first eager step, kernels from disk", warm["eager ms"], "ms"});
  findings.measure({"first compiled step, kernels from disk", warm["compiled ms"], "ms"});
  std::vector<Json> plain, replayed;
  for (int turn = 0; turn < (findings.settings().quick ? 1 : 3); ++turn) {
    plain.push_back(runs.run("step-times", {{"OGEE_CACHE_DIR", cache}, {"OGEE_CUDA_GRAPH", "0"}}));
    replayed.push_back(runs.run("step-times", {{"OGEE_CACHE_DIR", cache}, {"OGEE_CUDA_GRAPH", "1"}}));
    findings.check(plain.back()["graph launches"] == 0, "a step is replayed with OGEE_CUDA_GRAPH=0");
    findings.check(replayed.back()["graph launches"] == 1, "a compiled step is not one launch of a graph");
  }
  const double eager = median_of(plain, "eager ms"), compiled = median_of(plain, "compiled ms"),
               replay = median_of(replayed, "compiled ms"), host = median_of(replayed, "compiled host us");
  findings.measure({"training step, eager", eager, "ms"});
  findings.measure({"training step, compiled", compiled, "ms", compiled / eager, "eager"});
  findings.measure({"training step, replayed", replay, "ms", replay / eager, "eager"});
  findings.measure({"host time of an eager step", median_of(plain, "eager host us"), "us"});
  findings.measure({"host time of a compiled step", median_of(plain, "compiled host us"), "us"});
  findings.measure({"host time of a replayed step", host, "us"});
  findings.goal("host time of a replayed step, us", host, 10, /*at_least=*/false);
}

} // namespace ogee::gpu_check
