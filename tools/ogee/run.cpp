// `ogee run`: a function of a file on arrays of a file, compiled or interpreted; compares what comes out.
#include "runtime/error.h"
#include "runtime/runtime.h"
#include "tools/ogee/commands.h"
#include "tools/ogee/function.h"
#include "tools/ogee/inputs.h"

#include <iostream>

namespace ogee::tools {

namespace {

std::vector<HostArray> compute(const Function& function, const std::vector<HostArray>& arguments,
                               const RunOptions& options) {
  if (options.reference) return function.interpret(arguments);
  const bool checkNumbers = options.checkNumbers || runtime::Runtime::get().detects_anomalies();
  const runtime::Executable executable(function.compile({.checkNumbers = checkNumbers}));
  Call call(executable, function.op(), arguments);
  call.run();
  return call.results();
}

void save(const std::string& path, const Function& function, const std::vector<HostArray>& results) {
  std::vector<std::pair<std::string, runtime::HostView>> views;
  for (size_t i = 0; i < results.size(); ++i)
    views.push_back({function.resultName(i), {results[i].dtype, results[i].shape, results[i].storage->data()}});
  runtime::save_npz(path, views);
}

void compare(const Function& function, const std::vector<HostArray>& results, const RunOptions& options) {
  const runtime::NamedArrays expected = runtime::load_npz(options.expect);
  for (size_t i = 0; i < results.size(); ++i) {
    const std::string name = function.resultName(i);
    const HostArray* array = find(expected, name);
    if (!array) runtime::raise(runtime::ErrorCode::invalid_argument, options.expect, ": no array ", name);
    const std::string text = difference(results[i], *array, options.tolerance);
    if (!text.empty()) runtime::raise(runtime::ErrorCode::invalid_argument, name, ": ", text);
  }
}

} // namespace

void run(const RunOptions& options) {
  const Function function(options.file, options.entry);
  const std::vector<HostArray> results = compute(function, readInputs(function, options.inputs), options);
  if (!options.outputs.empty()) save(options.outputs, function, results);
  if (!options.expect.empty()) compare(function, results, options);
  for (size_t i = 0; i < results.size(); ++i)
    std::cout << function.resultName(i) << ": " << describe(results[i]) << "\n";
}

} // namespace ogee::tools
