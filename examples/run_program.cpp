// Runs a saved program with ogee's runtime and nothing else: no compiler, no tensors. Says what the program takes and
// gives, runs it on zeros, and how long that takes from the file to the first results, and then.
//   run_program FILE [--quick]
#include <ogee/runtime/session.h>
#include <ogee/runtime/shape.h>
#include <ogee/runtime/storage.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

using namespace ogee::runtime;

namespace {

/// Zeros for every argument; a size that has a name gets the least value of its range.
class Zeros {
public:
  explicit Zeros(const Session& session) : shapes_(session.given()) {
    const Program& program = session.program();
    for (size_t i = 0; i < session.given(); ++i) {
      const ArgSpec& arg = program.args[i];
      for (const Slot slot : arg.dims) shapes_[i].push_back(size(program, slot));
      const auto bytes = static_cast<size_t>(checked_bytes(shapes_[i], arg.dtype).take());
      memory_.push_back(Storage::allocate(bytes));
      if (bytes > 0) std::memset(memory_.back()->data(), 0, bytes);
      const auto rank = static_cast<uint32_t>(shapes_[i].size());
      args_.push_back({memory_.back()->data(), shapes_[i].data(), nullptr, rank, arg.dtype});
      std::cout << "argument " << arg.name << ": " << name(arg.dtype) << " " << to_string(shapes_[i]) << "\n";
    }
  }

  std::span<const TensorArg> args() const { return args_; }

private:
  static int64_t size(const Program& program, Slot slot) {
    for (const Symbol& symbol : program.values.symbols)
      if (symbol.slot == slot) return symbol.lo;
    return program.values.initial[slot];
  }

  std::vector<std::vector<int64_t>> shapes_;
  std::vector<StorageRef> memory_;
  std::vector<TensorArg> args_;
};

/// Memory for the results.
class Results final : public ResultSink {
public:
  void* memory(uint32_t result, std::span<const int64_t> dims, int64_t bytes) override {
    if (results.size() <= result) results.resize(result + 1);
    shapes.resize(results.size());
    shapes[result] = to_string(dims);
    results[result] = Storage::allocate(static_cast<size_t>(bytes));
    return results[result]->data();
  }

  std::vector<StorageRef> results;
  std::vector<std::string> shapes;
};

double milliseconds(const auto& start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

void run(const std::string& path, int calls) {
  const auto start = std::chrono::steady_clock::now();
  Session session(Program::load_file(path));
  const Zeros zeros(session);
  Results first;
  session.run({zeros.args()}, first);
  std::printf("from the file to the first results: %.2f ms\n", milliseconds(start));
  for (size_t i = 0; i < first.shapes.size(); ++i) std::printf("result %zu: %s\n", i, first.shapes[i].c_str());

  std::vector<double> times;
  for (int i = 0; i < calls; ++i) {
    Results results;
    const auto begin = std::chrono::steady_clock::now();
    session.run({zeros.args()}, results);
    times.push_back(milliseconds(begin));
  }
  std::ranges::sort(times);
  std::printf("a call: %.4f ms (median of %d), %.4f ms (99 %%)\n", times[times.size() / 2], calls,
              times[times.size() * 99 / 100]);
}

} // namespace

int main(int argc, char** argv) try {
  if (argc < 2 || (argc == 3 && std::strcmp(argv[2], "--quick") != 0) || argc > 3) {
    std::cerr << "usage: run_program FILE [--quick]\n";
    return 2;
  }
  run(argv[1], argc == 3 ? 10 : 1000);
  return 0;
} catch (const Error& error) {
  std::cerr << "run_program: " << error.what() << "\n";
  return 1;
}
