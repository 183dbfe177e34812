// The suites, in the order in which they run; each is a function that runs in a process of its own.
#pragma once

#include "tools/gpu_check/findings.h"

#include <span>
#include <string>

namespace ogee::gpu_check {

struct Suite {
  const char* name; ///< those with a dot belong together: `--suite bench` is all bench.…
  const char* what;
  int limit;   ///< seconds
  bool on_gpu; ///< skipped where there is none
  void (*run)(Findings& findings);
};

std::span<const Suite> suites();
/// Null for none. Knows also what suites start in further processes.
const Suite* find_suite(const std::string& name);

void run_device(Findings& findings);
void run_cpu(Findings& findings);
void run_rows(Findings& findings);
void run_frontend(Findings& findings);
void run_runtime(Findings& findings);
void run_programs(Findings& findings);
void run_training(Findings& findings);
void run_examples(Findings& findings);
void run_bits(Findings& findings);
void run_memcheck(Findings& findings);
void run_racecheck(Findings& findings);
void run_initcheck(Findings& findings);
void run_facts(Findings& findings);
void run_bench_memory(Findings& findings);
void run_bench_products(Findings& findings);
void run_bench_step(Findings& findings);
/// What bench.step starts: the times of a training step under the environment that it is given.
void run_step_times(Findings& findings);
void run_first_calls(Findings& findings);

} // namespace ogee::gpu_check
