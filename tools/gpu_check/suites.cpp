#include "tools/gpu_check/suites.h"

namespace ogee::gpu_check {
namespace {

constexpr Suite kSuites[] = {
    {"device", "the GPU, the driver and CUDA's libraries are there", 60, false, run_device},
    {"cpu", "eager and compiled code agree on the CPU", 120, false, run_cpu},
    {"rows", "every operation and its gradients, on the GPU", 400, true, run_rows},
    {"frontend", "the front end's tests, on the GPU", 400, true, run_frontend},
    {"runtime", "the runtime's tests of CUDA", 120, true, run_runtime},
    {"programs", "programs of files, by the runtime alone", 200, true, run_programs},
    {"training", "training steps on the GPU, against the CPU", 200, true, run_training},
    {"examples", "the examples and the tutorials' programs, on the GPU", 200, true, run_examples},
    {"bits", "functions, conversions and draws have the CPU's bits", 300, true, run_bits},
    {"sanitizer.memcheck", "compute-sanitizer: accesses out of bounds", 300, true, run_memcheck},
    {"sanitizer.racecheck", "compute-sanitizer: races in shared memory", 300, true, run_racecheck},
    {"sanitizer.initcheck", "compute-sanitizer: reads of what nobody wrote", 300, true, run_initcheck},
    {"facts", "what cuBLASLt does where no document says it", 120, true, run_facts},
    {"bench.memory", "element-wise kernels and rows, against a copy", 120, true, run_bench_memory},
    {"bench.products", "products with epilogues, against cuBLASLt's best", 200, true, run_bench_products},
    {"bench.step", "a training step, eager, compiled and replayed", 200, true, run_bench_step},
};

/// What suites start in processes of their own.
constexpr Suite kFurther[] = {
    {"step-times", "the times of a training step", 100, true, run_step_times},
    {"first-calls", "the times of first calls", 100, true, run_first_calls},
};

} // namespace

std::span<const Suite> suites() { return kSuites; }

const Suite* find_suite(const std::string& name) {
  for (const Suite& suite : kSuites)
    if (name == suite.name) return &suite;
  for (const Suite& suite : kFurther)
    if (name == suite.name) return &suite;
  return nullptr;
}

} // namespace ogee::gpu_check
