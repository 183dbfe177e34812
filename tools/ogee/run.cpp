// `ogee run`: a function of a file on arrays of a file, compiled or interpreted, or a program; compares what comes out.
#include "runtime/error.h"
#include "runtime/runtime.h"
#include "tools/ogee/commands.h"
#include "tools/ogee/function.h"
#include "tools/ogee/inputs.h"
#include "tools/ogee/program.h"

#include <iostream>

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
    Call call(executable, function.op(), arguments);
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

void save(const std::string& path, const NamedResults& results) {
  std::vector<std::pair<std::string, runtime::HostView>> views;
  for (const auto& [name, array] : results) views.push_back({name, {array.dtype, array.shape, array.storage->data()}});
  runtime::save_npz(path, views);
}

void compare(const NamedResults& results, const RunOptions& options) {
  const runtime::NamedArrays expected = runtime::load_npz(options.expect);
  for (const auto& [name, result] : results) {
    const HostArray* array = find(expected, name);
    if (!array) runtime::raise(runtime::ErrorCode::invalid_argument, options.expect, ": no array ", name);
    const std::string text = difference(result, *array, options.tolerance);
    if (!text.empty()) runtime::raise(runtime::ErrorCode::invalid_argument, name, ": ", text);
  }
}

} // namespace

void run(const RunOptions& options) {
  const NamedResults results = runtime::Program::is_program_file(options.file)
                                   ? computeProgram(options)
                                   : compute(Function(options.file, options.entry), options);
  if (!options.outputs.empty()) save(options.outputs, results);
  if (!options.expect.empty()) compare(results, options);
  for (const auto& [name, array] : results) std::cout << name << ": " << describe(array) << "\n";
}

} // namespace ogee::tools
