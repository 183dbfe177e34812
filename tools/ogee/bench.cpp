// `ogee bench`: times a function with one kernel per op, as eager code runs it, and compiled as a whole, in turns, and
// sets what it does per second against what the machine can do.
#include "codegen/cost.h"
#include "runtime/error.h"
#include "runtime/runtime.h"
#include "tools/ogee/commands.h"
#include "tools/ogee/function.h"
#include "tools/ogee/inputs.h"
#include "tools/ogee/limits.h"

#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <chrono>
#include <iostream>

namespace ogee::tools {

namespace {

using Clock = std::chrono::steady_clock;

/// Graphs above this are not interpreted: it takes too long.
constexpr double kInterpretable = 1e8;

double secondsOf(Call& call, int times) {
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < times; ++i) call.run();
  return std::chrono::duration<double>(Clock::now() - start).count() / times;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + values.size() / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// One way to run the function.
struct Contender {
  const char* name;
  runtime::Executable executable;
  Call call;
  double bytes; ///< that its kernels have to move
  std::vector<double> seconds;

  Contender(const char* name, const Function& function, const std::vector<HostArray>& inputs, bool fuse, double bytes)
      : name(name), executable(function.compile({.fuse = fuse})), call(callOf(executable, function.op(), inputs)),
        bytes(bytes) {}
};

/// Takes turns until the time is up, so that a slow second of the machine meets all alike.
void measure(std::initializer_list<Contender*> contenders, double seconds) {
  constexpr double kSample = 1e-3; // long against the clock's steps
  std::vector<int> times;
  for (Contender* contender : contenders) {
    secondsOf(contender->call, 3); // fills caches, finds the arena
    times.push_back(std::max(1, int(kSample / secondsOf(contender->call, 3))));
  }
  const Clock::time_point start = Clock::now();
  do {
    for (size_t i = 0; Contender * contender : contenders)
      contender->seconds.push_back(secondsOf(contender->call, times[i++]));
  } while (std::chrono::duration<double>(Clock::now() - start).count() < seconds);
}

std::string timeText(double seconds) {
  if (seconds < 1e-6) return llvm::formatv("{0:f1} ns", seconds * 1e9);
  if (seconds < 1e-3) return llvm::formatv("{0:f2} us", seconds * 1e6);
  return llvm::formatv("{0:f2} ms", seconds * 1e3);
}

std::string percentText(double part, double whole) { return llvm::formatv("{0:f1} %", 100 * part / whole); }

void printRow(const std::vector<std::string>& cells) {
  for (size_t i = 0; i < cells.size(); ++i)
    std::cout << (i ? llvm::formatv(" {0,12}", cells[i]) : llvm::formatv("{0,-9}", cells[i])).str();
  std::cout << "\n";
}

void printTable(std::initializer_list<Contender*> contenders, const codegen::Cost& cost, const Limits& limits) {
  printRow({"", "time", "GFLOP/s", "of peak", "GB moved/s", "of copy"});
  for (const Contender* contender : contenders) {
    const double seconds = median(contender->seconds), flops = cost.flop / seconds, bytes = contender->bytes / seconds;
    printRow({contender->name, timeText(seconds), llvm::formatv("{0:f2}", flops / 1e9),
              percentText(flops, limits.flops), llvm::formatv("{0:f2}", bytes / 1e9),
              percentText(bytes, limits.bytes)});
  }
}

/// Compares both ways to run with the interpreter; raises an Error when one is wrong.
void check(const Function& function, const std::vector<HostArray>& inputs,
           std::initializer_list<Contender*> contenders) {
  const std::vector<HostArray> expected = function.interpret(inputs);
  for (Contender* contender : contenders) {
    const std::vector<HostArray> results = contender->call.results();
    for (size_t i = 0; i < expected.size(); ++i) {
      const std::string text = difference(results[i], expected[i], {.relative = 1e-3, .absolute = 1e-4});
      if (!text.empty())
        runtime::raise(runtime::ErrorCode::state, contender->name, ": ", function.resultName(i), ": ", text,
                       " (the interpreter says)");
    }
  }
}

codegen::Cost costFor(const Function& function, const std::vector<HostArray>& inputs) {
  std::vector<std::vector<int64_t>> shapes;
  for (auto [type, input] : llvm::zip_equal(mlir::func::FuncOp(function.op()).getArgumentTypes(), inputs))
    if (mlir::isa<mlir::IndexType>(type))
      shapes.push_back({*reinterpret_cast<const int64_t*>(input.storage->data())});
    else
      shapes.push_back(input.shape);
  auto cost = codegen::costOf(function.op(), shapes);
  if (mlir::failed(cost)) throw Reported();
  return *cost;
}

} // namespace

void bench(const BenchOptions& options) {
  const Function function(options.file, options.entry);
  const std::vector<HostArray> inputs =
      options.inputs.empty() ? randomInputs(function, options.dims) : readInputs(function, options.inputs);
  const codegen::Cost cost = costFor(function, inputs);
  Contender eager("eager", function, inputs, /*fuse=*/false, cost.unfusedBytes);
  Contender compiled("compiled", function, inputs, /*fuse=*/true, cost.bytes);
  eager.call.run();
  compiled.call.run();

  const bool checked = cost.flop < kInterpretable && cost.unfusedBytes < kInterpretable;
  if (checked) check(function, inputs, {&eager, &compiled});
  measure({&eager, &compiled}, options.seconds);

  const unsigned threads = runtime::Runtime::get().pool().threads();
  const Limits limits = measureLimits(threads);
  std::cout << llvm::formatv("{0}: {1:f3} MFLOP, {2:f3} MB read and written ({3:f3} op by op), {4}\n",
                             mlir::func::FuncOp(function.op()).getSymName(), cost.flop / 1e6, cost.bytes / 1e6,
                             cost.unfusedBytes / 1e6,
                             checked ? "results agree with the interpreter"
                                     : "too large to be checked by the interpreter")
                   .str();
  printTable({&eager, &compiled}, cost, limits);
  std::cout << llvm::formatv("compiled is {0:f2} times as fast; limits measured on {1} threads: {2:f1} GFLOP/s (f32), "
                             "{3:f1} GB/s copied\n",
                             median(eager.seconds) / median(compiled.seconds), threads, limits.flops / 1e9,
                             limits.bytes / 1e9)
                   .str();
}

} // namespace ogee::tools
