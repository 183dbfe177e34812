// What a call of a program costs beside its kernels; nothing is asserted. Run build/release/bin/runtime_bench.
#include "runtime/runtime.h"
#include "runtime/storage.h"
#include "tests/runtime/programs.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

using namespace ogee::runtime;
using namespace ogee::runtime::testing;

namespace {

int32_t empty_kernel(void* const*, const int64_t*, int64_t, int64_t, void*) { return 0; }

/// The best of several runs, in nanoseconds per call.
template <class Action>
double nanoseconds(Action action) {
  double best = 1e30;
  for (int round = 0; round < 20; ++round) {
    constexpr int kCalls = 20000;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kCalls; ++i) action();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / kCalls);
  }
  return best;
}

/// As eager code keys x + y: run-time size and strides, checked by the caller.
Program eager_add(KernelFn kernel) {
  Builder b;
  const Dim n = Dim::symbol("n");
  const uint32_t x = b.arg("x", {n}), y = b.arg("y", {n}), z = b.result("z", {n});
  Shape strides;
  for (uint32_t i = 0; i < 2; ++i) {
    const Dim stride = Dim::symbol("s" + std::to_string(i));
    b.sizes.bind(*stride.as_symbol(), {SymbolSource::Kind::stride, i, 0});
    b.program.args[i].strides = b.slots({stride});
    strides.push_back(stride);
  }
  KernelLaunch launch = b.launch(kernel, {x, y, z}, n, {n, strides[0], strides[1]});
  launch.unit_cost = b.sizes.slot(12);
  b.program.launches.push_back({launch});
  b.program.trusted = true;
  return b.finish();
}

/// As compiled code: `kernels` launches on static sizes through an arena, `captured` arguments that guards watch.
Program compiled(int kernels, int captured) {
  Builder b;
  uint32_t last = b.arg("x", {64});
  const uint32_t out = b.result("z", {64});
  for (int i = 0; i < captured; ++i) b.arg("w" + std::to_string(i), {128, 128});
  for (int i = 0; i < kernels; ++i) {
    const auto position = static_cast<uint32_t>(i);
    const uint32_t next = i + 1 == kernels ? out : b.arena(256, position, position + 1);
    KernelLaunch launch = b.launch(empty_kernel, {last, next}, 64, {64});
    launch.unit_cost = b.sizes.slot(8);
    b.program.launches.push_back({launch});
    last = next;
  }
  return b.finish();
}

double call(const Program& program) {
  std::vector<float> x(64), y(64), z(64);
  const std::vector<int64_t> sizes = {64}, weights = {128, 128};
  const int64_t stride[] = {1};
  std::vector<TensorArg> args;
  for (const ArgSpec& arg : program.args) {
    const bool strided = !arg.strides.empty();
    args.push_back(tensor(x, arg.dims.size() == 1 ? sizes : weights, DType::f32, strided ? stride : nullptr));
  }
  void* const results[] = {z.data()};
  const size_t given = program.trusted ? args.size() : 1; // the others are captured
  const Executable executable(program, std::span(args).subspan(given));
  const Inputs inputs{std::span(args).first(given)};
  return nanoseconds([&] { executable.run(inputs, results); });
}

double bare_kernel(KernelFn kernel) {
  std::vector<float> x(64), y(64), z(64);
  void* buffers[] = {x.data(), y.data(), z.data()};
  int64_t sizes[] = {64, 1, 1};
  KernelFn volatile function = kernel;
  return nanoseconds([&] { function(buffers, sizes, 0, 64, nullptr); });
}

/// A parallel loop of empty chunks: what splitting costs.
double split(unsigned threads) {
  ThreadPool pool(threads);
  const ThreadPool::KeepAwake awake(pool);
  const ChunkFn nothing = [](void*, int64_t, int64_t, unsigned) { return 0; };
  return nanoseconds([&] { pool.run(2 * threads, 1, threads, nothing, nullptr); });
}

} // namespace

int main() {
  std::printf("%-58s %8s\n", "", "ns");
  const auto line = [](const char* what, double value) { std::printf("%-58s %8.1f\n", what, value); };
  line("add kernel on 64 elements, alone", bare_kernel(add_kernel));
  line("the same as an eager program", call(eager_add(add_kernel)));
  line("an eager program with an empty kernel", call(eager_add(empty_kernel)));
  line("compiled: 1 kernel, no arena", call(compiled(1, 0)));
  line("compiled: 4 kernels through an arena", call(compiled(4, 0)));
  line("compiled: 4 kernels, 150 captured tensors", call(compiled(4, 150)));
  line("compiled: 50 kernels", call(compiled(50, 0)));
  line("allocate and free 256 bytes", nanoseconds([] { Storage::allocate(256); }));
  line("allocate and free 4 MB", nanoseconds([] { Storage::allocate(4 << 20); }));
  line("a parallel loop of empty chunks, 2 threads", split(2));
}
