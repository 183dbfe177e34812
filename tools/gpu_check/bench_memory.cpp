// The suite `bench.memory`: what moves memory, against what a copy on the device moves.
#include "tools/gpu_check/suites.h"
#include "tools/gpu_check/timing.h"
#include <ogee/ogee.h>

#include <algorithm>
#include <bit>

namespace ogee::gpu_check {
namespace {

/// A fused function, and how many of its tensors are read and written.
struct Kernel {
  const char* name;
  int tensors;
  Tensor (*run)(const Tensor& x, const Tensor& y);
};

Tensor layer_norm(const Tensor& x, const Tensor&) {
  const Tensor centered = x - x.mean({-1}, true);
  return centered * rsqrt(centered.square().mean({-1}, true) + 1e-5);
}

constexpr Kernel kElementWise[] = {
    {"x + y", 3, [](const Tensor& x, const Tensor& y) { return x + y; }},
    {"relu(2 x + y)", 3, [](const Tensor& x, const Tensor& y) { return relu(2 * x + y); }},
    {"gelu(x)", 2, [](const Tensor& x, const Tensor&) { return gelu(x); }},
    {"tanh(x) sigmoid(y)", 3, [](const Tensor& x, const Tensor& y) { return tanh(x) * sigmoid(y); }},
};
constexpr Kernel kRows[] = {
    {"softmax(x)", 2, [](const Tensor& x, const Tensor&) { return softmax(x, -1); }},
    {"layer norm of x", 2, layer_norm},
};

class MemoryBench {
public:
  MemoryBench(Findings& findings, int64_t elements) : findings_(findings), elements_(elements) {
    x_ = randn({elements}, cuda());
    y_ = randn({elements}, cuda());
    to_ = empty({elements}, cuda());
  }

  /// The least part of a copy's speed that one of the kernels has, on rows of so many columns.
  double measure(std::span<const Kernel> kernels, int64_t columns, const std::string& suffix) {
    const Tensor x = x_.view({elements_ / columns, columns}), y = y_.view({elements_ / columns, columns});
    std::vector<std::function<void()>> contestants = {[&] { to_.copy_(x_); }};
    for (const Kernel& kernel : kernels) {
      const auto compiled = compile([run = kernel.run](const Tensor& a, const Tensor& b) { return run(a, b); });
      check(kernel, suffix, compiled(x, y), x, y);
      contestants.push_back([compiled, x, y] { compiled(x, y); });
    }
    const std::vector<double> times =
        device_milliseconds(contestants, findings_.settings().quick ? 3 : 15, /*repeats=*/10);
    const double copy = speed(2, times[0]);
    findings_.measure({"copy" + (suffix.empty() ? "" : " beside" + suffix), copy, "TB/s"});
    double least = 1e9;
    for (size_t i = 0; i < kernels.size(); ++i) {
      const double reached = speed(kernels[i].tensors, times[i + 1]);
      findings_.measure({kernels[i].name + suffix, reached, "TB/s", reached / copy, "copy"});
      least = std::min(least, reached / copy);
    }
    return least;
  }

private:
  double speed(int tensors, double milliseconds) const {
    return static_cast<double>(tensors * elements_ * 4) / milliseconds * 1e-9;
  }
  /// The first rows, against the CPU.
  void check(const Kernel& kernel, const std::string& suffix, const Tensor& found, const Tensor& x, const Tensor& y) {
    const Tensor expected = kernel.run(x.slice(0, 0, 2).cpu(), y.slice(0, 0, 2).cpu());
    findings_.check(allclose(found.slice(0, 0, 2).cpu(), expected, 1e-5, 1e-6),
                    kernel.name + suffix + ": wrong on the GPU");
  }

  Findings& findings_;
  int64_t elements_;
  Tensor x_, y_, to_;
};

} // namespace

void run_bench_memory(Findings& findings) {
  const bool quick = findings.settings().quick;
  // 1 GiB for each tensor where there is memory enough: far more than L2 holds.
  const int64_t most = device_properties().memory_bytes / 64, elements = std::min<int64_t>(1 << 28, most);
  MemoryBench bench(findings, quick ? 1 << 14 : static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(elements))));
  findings.goal("element-wise, of a copy's speed", bench.measure(kElementWise, quick ? 64 : 1024, ""), 0.88, true);
  double rows = 1e9;
  for (const int64_t columns : {256, 1024, 4096, 16384})
    if (!quick || columns <= 1024)
      rows = std::min(rows, bench.measure(kRows, columns, ", " + std::to_string(columns) + " columns"));
  findings.goal("rows, of a copy's speed", rows, 0.7, true);
}

} // namespace ogee::gpu_check
