// `ogee run`: a function of a file on arrays of a file, compiled or interpreted, or a program; compares what comes out.
#include "runtime/error.h"
#include "runtime/runtime.h"
#include "tools/ogee/commands.h"
#include "tools/ogee/function.h"
#include "tools/ogee/inputs.h"
#include "tools/ogee/program.h"
#include "tools/ogee/run_results.h"

namespace ogee::tools {

namespace {

NamedResults compute(const Function& function, const RunOptions& options) {
  const std::vector<HostArray> arguments = readInputs(function, options.inputs);
  std::vector<HostArray> results;
  if (options.reference) {
    results = function.interpret(arguments);
  } else {
    const bool checkNumbers = options.checkNumbers || runtime::Runtime::get().detects_anomalies();
    const runtime::Device device = options.device.empty() ? runtime::Device() : runtime::Device(options.device);
    const codegen::TargetInfo target = targetOf(device);
    codegen::CompileOptions how{.checkNumbers = checkNumbers};
    if (device.is_cuda()) how.target = &target;
    const runtime::Executable executable(function.compile(how), {}, device);
    Call call = callOf(executable, function.op(), arguments);
    call.run();
    results = call.results();
  }
  NamedResults named;
  for (size_t i = 0; i < results.size(); ++i) named.emplace_back(function.resultName(i), std::move(results[i]));
  return named;
}

NamedResults computeProgram(const RunOptions& options) {
  if (options.reference || options.checkNumbers)
    runtime::raise(runtime::ErrorCode::invalid_argument, options.file,
                   ": is a program, compiled already: --reference and --check-numbers need IR text");
  return runProgram(options.file, options.entry, options.inputs, options.device);
}

} // namespace

void run(const RunOptions& options) {
  const NamedResults results = runtime::Program::is_program_file(options.file)
                                   ? computeProgram(options)
                                   : compute(Function(options.file, options.entry), options);
  deliver(results, options);
}

} // namespace ogee::tools
